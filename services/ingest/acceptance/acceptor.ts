import { performance } from "node:perf_hooks";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { MessageTraces } from "../../../pipeline/traces/message-traces.ts";
import type { Log } from "../../../platform/log/log.ts";
import type { Account } from "../access/api-keys.ts";
import type { AcceptOutcome } from "./accept-outcome.ts";
import type { AcceptanceMetrics } from "./acceptance-metrics.ts";
import type { DeadlineWriter, WriteOutcome } from "./deadline-writer.ts";
import { keyOfBatch } from "./idempotency/key-name.ts";
import type { RequestKeys } from "./idempotency/request-keys.ts";
import type { Intake, Offer, PreparedMessage, RejectedMessage } from "./intake.ts";
import type { MessageRate } from "./message-rate.ts";
import type { Moment } from "./moment.ts";
import type { RecentAcceptances } from "./recent-acceptances.ts";
import { Work } from "./work.ts";

/** Nothing was accepted and nothing will come of it: Kafka takes no more, or has confirmed nothing for too long. */
export interface Closed {
  readonly outcome: "closed";
}

/** Nothing was accepted: the account has used up its rate. */
export interface Throttled {
  readonly outcome: "throttled";
  /** Messages a second that the account may hand in. */
  readonly maxPerSecond: number;
  /** Whole seconds, at least 1, after which it is in credit again. */
  readonly waitSeconds: number;
}

export interface Admitted {
  readonly outcome: "admitted";
}

/** The key of a batch, and what it stands for, in base64. */
export interface BatchKey {
  readonly key: string;
  readonly fingerprint: string;
}

export interface AcceptorOptions {
  readonly rate: MessageRate;
  readonly intake: Intake;
  /** The intake's own. */
  readonly keys: RequestKeys;
  /** Which of these messages analytics has. Rejects when it cannot be asked. */
  readonly known: (ids: readonly string[]) => Promise<ReadonlySet<string>>;
  readonly writer: DeadlineWriter;
  readonly recent: RecentAcceptances;
  readonly metrics: AcceptanceMetrics;
  readonly log: Log;
  /** Epoch ms by the brokers' clock: when a message is accepted, whatever this host believes. */
  readonly now: () => number;
  readonly traces?: Pick<MessageTraces, "accepted"> | undefined;
}

/** Messages prepared in one go, about 10 ms: between two slices other requests get their turn. */
const SLICE_MESSAGES = 500;

/** Problems named for the messages of one request; behind these each has its first: there is room for 200,000 in a body of one megabyte. */
const MOST_PROBLEMS = 10_000;

const ADMITTED: Admitted = { outcome: "admitted" };
const CLOSED: Closed = { outcome: "closed" };

/** Accepts messages, whatever the door they came in at: the door reads requests and tells its client what came of them. */
export class Acceptor {
  readonly #options: AcceptorOptions;

  constructor(options: AcceptorOptions) {
    this.#options = options;
  }

  /** Asked before a request is read: whether anything could be written now, and then as {@link charge}. */
  admit(account: Account, messages: number): Admitted | Closed | Throttled {
    return this.#options.writer.open(performance.now()) ? this.charge(account, messages) : CLOSED;
  }

  /** Charges messages to the account's rate; 0 only looks, where the number is not known yet. */
  charge({ id, maxPerSecond }: Account, messages: number): Admitted | Throttled {
    if (maxPerSecond === undefined) return ADMITTED;
    const { rate, metrics } = this.#options;
    const waitSeconds = rate.charge(id, maxPerSecond, messages, performance.now());
    if (waitSeconds === 0) return ADMITTED;
    metrics.throttled.add();
    return { outcome: "throttled", maxPerSecond, waitSeconds };
  }

  /** Whether {@link admit} would take a message now; it charges and counts nothing, so that a door may ask as often as it likes. */
  wouldAdmit({ id, maxPerSecond }: Account): "yes" | "closed" | "throttled" {
    const now = performance.now();
    if (!this.#options.writer.open(now)) return "closed";
    return this.#options.rate.charge(id, maxPerSecond, 0, now) === 0 ? "yes" : "throttled";
  }

  /** What {@link accept} would say of a message without a key, of which nothing is written. */
  judge(account: Account, { message, door }: Pick<Offer, "message" | "door">): PreparedMessage | RejectedMessage {
    const { intake, now } = this.#options;
    const judged = intake.prepare({ message, door }, account, { wall: now(), monotonic: performance.now() });
    if (judged.status === "unknowable") throw new Error("a message without a key does not depend on one");
    return judged;
  }

  /** What an account with a rate may hand in now: whole messages, and the seconds after which there is another one. */
  left({ id }: Account, maxPerSecond: number): { readonly messages: number; readonly seconds: number } {
    return this.#options.rate.left(id, maxPerSecond, performance.now());
  }

  /**
   * Judges each message and writes the valid ones in one go. They have been charged before.
   * @param offers taken one by one, each when it is its turn to be prepared.
   * @param batch the key that stands for all offers that are a `part` of the request.
   */
  async accept(account: Account, offers: Iterable<Offer>, batch?: BatchKey): Promise<AcceptOutcome> {
    const moment = { wall: this.#options.now(), monotonic: performance.now() };
    const work = new Work({ ...this.#options, moment });
    try {
      const end =
        (batch && work.begin(keyOfBatch(account.id, batch.key), batch.fingerprint)) ??
        (await this.#prepareAll(account, offers, moment, work));
      if (end !== undefined) return end;
    } catch (error) {
      work.giveBack();
      throw error;
    }
    const { results } = work;
    this.#options.metrics.rejected.add(results.filter(({ status }) => status === "rejected").length);
    const written = work.messages.length === 0 ? "stored" : await this.#write(account, work, moment);
    if (written === "refused") return { outcome: written };
    if (written === "unknown") return { outcome: written, results };
    return { outcome: "accepted", acceptedAt: work.acceptedAt, results };
  }

  /** @returns what the request as a whole is answered, where nothing of it is to be written. */
  async #prepareAll(
    account: Account,
    offers: Iterable<Offer>,
    moment: Moment,
    work: Work,
  ): Promise<AcceptOutcome | undefined> {
    let problemsLeft = MOST_PROBLEMS;
    for (const offer of offers) {
      let prepared: ReturnType<Intake["prepare"]> = this.#options.intake.prepare(offer, account, moment, work.earlier);
      if (prepared.status === "rejected") {
        const problems = prepared.problems.slice(0, Math.max(1, problemsLeft));
        problemsLeft -= problems.length;
        prepared = { ...prepared, problems };
      }
      const end = work.add(prepared);
      if (end !== undefined) return end;
      if (work.results.length % SLICE_MESSAGES === 0) await nextTurn();
    }
    return (await work.lookUp()) ? undefined : { outcome: "refused" };
  }

  /** Writes what was prepared, with its keys, and books what came of it. */
  async #write(account: Account, { messages, taken }: Work, moment: Moment): Promise<WriteOutcome> {
    const { writer, metrics, keys, log } = this.#options;
    const records = messages.map((message) => message.record);
    if (taken.length > 0) records.push(...keys.records(taken));
    const outcome = await writer.write(records, moment.monotonic);
    this.#trace(messages, moment, outcome);
    keys.settle(taken, outcome === "unknown" ? "late" : outcome, moment);
    if (outcome === "stored") this.#book(account, messages, moment);
    else if (outcome === "refused") metrics.refused.add(messages.length);
    else {
      metrics.unknown.add(messages.length);
      log
        .every("acknowledgement-late", 5_000)
        .warn({ messages: messages.length }, "waiting for kafka: it did not answer in time");
    }
    return outcome;
  }

  #trace(messages: readonly PreparedMessage[], { wall, monotonic }: Moment, outcome: WriteOutcome): void {
    const { traces } = this.#options;
    if (traces === undefined) return;
    const end = wall + performance.now() - monotonic;
    for (const { trace } of messages)
      if (trace !== undefined)
        traces.accepted(trace.own, trace.client, wall, end, outcome === "stored" ? undefined : outcome);
  }

  #book(account: Account, messages: readonly PreparedMessage[], moment: Moment): void {
    this.#options.metrics.acknowledgement.record((performance.now() - moment.monotonic) / 1_000);
    for (const message of messages) this.handedIn(account, message, moment.wall);
  }

  /** Counts a message as accepted, and knows of it until analytics does. A door calls it for what it has written by itself. */
  handedIn({ id: accountId }: Account, { answer, record, from }: PreparedMessage, acceptedAt: number): void {
    const { metrics, recent } = this.#options;
    const { lane, encoding, segments, reference, sendAt } = answer;
    metrics.accepted[lane].add();
    const destination = record.key as string;
    const about = { accountId, destination, from, lane, encoding, segments, reference, acceptedAt, sendAt };
    recent.add(answer.id, about, performance.now());
  }
}
