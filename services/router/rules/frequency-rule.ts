import type { FrequencyCap } from "../../../domain/catalog/frequency-cap.ts";
import type { Snapshot } from "../../../domain/catalog/snapshot.ts";
import { joined, messageHash, reachedCap, type SentMessage } from "../../../domain/routing/recent-messages.ts";
import { type FrequencyCopy, frequencyKey, LONGEST_WINDOW_MS } from "../../../pipeline/follow/frequency-copy.ts";
import type { SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import type { OutRecord } from "../../../platform/kafka/record.ts";
import type { Task } from "../../../platform/kafka/task.ts";
import type { Outputs } from "../../../platform/kafka/transform.ts";
import type { MessageFacts } from "../../../schemas/generated/types.ts";
import { FREQUENCY_TOPIC } from "../../../schemas/topics.ts";
import { FREQUENCY_CAP, type GivenUp } from "../retry-policy.ts";
import type { Pending } from "../routing-records.ts";
import type { Assigned, MessageRule, RecoverDecision, Ruling } from "./message-rule.ts";
import { waitOfAttempt } from "./wait-of-attempt.ts";

export interface FrequencyRuleOptions {
  /** Of the process. */
  readonly copy: Pick<FrequencyCopy, "caughtUp" | "sent">;
  readonly codecs: Pick<SluiceCodecs, "frequency">;
}

const NONE: readonly FrequencyCap[] = [];
/** Of so many recipients an owner remembers what it has written itself, also where the copy has read it back. */
const OWN = 5_000;
/** Of what the copy has not read back so many: then messages under a cap wait. */
const MOST_UNREAD = 50_000;
const UNREAD_MS = 5_000;
/** So many are forgotten between two batches at the most. */
const AT_ONCE = 1_000;
const REFUSED: GivenUp = { state: "rejected", errorClass: FREQUENCY_CAP, code: FREQUENCY_CAP };

type Facts = Pick<MessageFacts, "accountId" | "to" | "lane" | "messageId">;

/**
 * How many messages of an account one recipient gets in a time. What has gone is written with the decision by which it goes, into sms.frequency; what stands there and what
 * this owner has written since are looked at together. A message counts once, however many providers are tried.
 */
export class FrequencyRule implements MessageRule {
  private readonly options: FrequencyRuleOptions;
  /** Own counts, the one written last at the end. */
  private readonly own = new Map<string, readonly SentMessage[]>();
  /** Recovered counts that no record says: to be written. */
  private readonly unwritten = new Map<string, { readonly cap: FrequencyCap; readonly facts: Facts }>();
  private snapshot: Snapshot | undefined;
  private hasCaps = false;
  /** When a message went last, epoch ms. */
  private sentAt = 0;
  private partition = 0;

  constructor(options: FrequencyRuleOptions) {
    this.options = options;
  }

  /** Until the copy has what the last owner has written. */
  async restore(task: Task, snapshot: Snapshot): Promise<void> {
    this.partition = task.partition;
    this.begin(snapshot);
    if (!this.hasCaps) return;
    const wanted = {
      get alive() {
        return task.alive && !task.draining;
      },
    };
    await this.options.copy.caughtUp(task.partition, wanted);
  }

  /** A decision whose count may not have been written any more. */
  recovery(): RecoverDecision | undefined {
    if (!this.hasCaps) return undefined;
    return ({ type, facts, at }) => {
      if (type !== "routed") return;
      for (const cap of this.capsOf(facts)) {
        const counts = this.count(cap, facts, at) !== undefined;
        if (counts) this.unwritten.set(frequencyKey(facts.accountId, cap.id, facts.to), { cap, facts });
      }
    };
  }

  begin(snapshot: Snapshot): void {
    if (snapshot === this.snapshot) return;
    this.snapshot = snapshot;
    this.hasCaps = snapshot.catalog.accounts.some(({ frequencyCaps }) => frequencyCaps !== undefined);
  }

  judge({ facts, attempt }: Pending, now: number): Ruling | undefined {
    const caps = this.capsOf(facts);
    if (caps.length === 0) return undefined;
    if (this.own.size >= MOST_UNREAD) {
      const due = Math.min(now + waitOfAttempt(attempt, UNREAD_MS), facts.expiresAt);
      return { verdict: "wait", due, code: FREQUENCY_CAP, detail: "what has gone to others is still being noted" };
    }
    const reached = reachedCap(caps, (cap) => this.others(cap, facts), now);
    if (reached === undefined) return undefined;
    const { cap, due } = reached;
    const detail = `${cap.id}: ${cap.most} in ${cap.hours} hours have gone to the recipient`;
    if (cap.whenReached === "refuse" || due >= facts.expiresAt) return { verdict: "refuse", end: REFUSED, detail };
    return {
      verdict: "wait",
      due,
      code: FREQUENCY_CAP,
      detail: `${detail}; there is room on ${new Date(due).toISOString()}`,
    };
  }

  assigned({ facts }: Pending, _choice: Assigned, now: number, out: Outputs): undefined {
    for (const cap of this.capsOf(facts)) {
      const sent = this.count(cap, facts, now);
      if (sent !== undefined) out.decide(this.record(cap, facts, sent));
    }
  }

  tick(out: Outputs): void {
    for (const [key, { cap, facts }] of this.unwritten) out.decide(this.record(cap, facts, this.own.get(key) ?? []));
    this.unwritten.clear();
    this.forgetRead();
  }

  private capsOf({ accountId, lane }: Facts): readonly FrequencyCap[] {
    if (!this.hasCaps) return NONE;
    const caps = this.snapshot?.accounts.get(accountId)?.frequencyCaps;
    return caps === undefined ? NONE : caps.filter(({ lanes }) => lanes.includes(lane));
  }

  private sent(cap: FrequencyCap, { accountId, to }: Facts): readonly SentMessage[] {
    const key = frequencyKey(accountId, cap.id, to);
    const told = this.options.copy.sent(this.partition, key);
    const own = this.own.get(key);
    return own === undefined ? told : joined(told, own, cap.most);
  }

  /** What counts against a message: nothing where it has gone to a provider before, and counts already. */
  private others(cap: FrequencyCap, facts: Facts): readonly SentMessage[] {
    const sent = this.sent(cap, facts);
    const message = messageHash(facts.messageId);
    return sent.some((one) => one.message === message) ? [] : sent;
  }

  /** @returns what counts with it; undefined where it counted before */
  private count(cap: FrequencyCap, facts: Facts, at: number): readonly SentMessage[] | undefined {
    const before = this.sent(cap, facts);
    const message = messageHash(facts.messageId);
    if (before.some((one) => one.message === message)) return undefined;
    const after = joined(before, [{ at, message }], cap.most);
    const key = frequencyKey(facts.accountId, cap.id, facts.to);
    this.sentAt = Math.max(this.sentAt, at);
    this.own.delete(key);
    this.own.set(key, after);
    this.unwritten.delete(key);
    return after;
  }

  /** The oldest of what the copy has as well, or has had and forgotten since it counts no more, up to what is remembered in any case. */
  private forgetRead(): void {
    let left = Math.min(this.own.size - OWN, AT_ONCE);
    for (const [key, own] of this.own) {
      if (left-- <= 0) return;
      const told = this.options.copy.sent(this.partition, key);
      const over = this.sentAt - LONGEST_WINDOW_MS;
      if (!own.every(({ message, at }) => at < over || told.some((one) => one.message === message))) return;
      this.own.delete(key);
    }
  }

  private record(cap: FrequencyCap, { accountId, to }: Facts, sent: readonly SentMessage[]): OutRecord {
    return {
      topic: FREQUENCY_TOPIC,
      partition: this.partition,
      key: frequencyKey(accountId, cap.id, to),
      value: this.options.codecs.frequency.encode({
        accountId,
        cap: cap.id,
        destination: to,
        times: sent.map(({ at }) => at),
        messages: sent.map(({ message }) => message),
      }),
    };
  }
}
