import { rendezvous } from "../../../../../domain/routing/rendezvous.ts";
import { followTopic } from "../../../../../pipeline/follow/follow-topic.ts";
import type { SluiceCodecs } from "../../../../../pipeline/records/codecs.ts";
import type { InRecord, OutRecord } from "../../../../../platform/kafka/record.ts";
import type { TopicReader } from "../../../../../platform/kafka/topic-reader.ts";
import type { Log } from "../../../../../platform/log/log.ts";
import { SMPP_BINDS_TOPIC } from "../../../../../schemas/topics.ts";

/** What an instance says is renewed so often, ms … */
export const RENEW_MS = 5_000;
/** … and one that has not been heard of for so long is gone. */
const GONE_MS = 15_000;
/** Others have read what an instance has said after so long, ms: before, it leaves to them what they can deliver. */
const SETTLED_MS = 1_000;

export interface BindBoardOptions {
  readonly instance: string;
  readonly codecs: Pick<SluiceCodecs, "smppBinds" | "loadSchema" | "knowsSchema">;
  readonly write: (records: readonly OutRecord[]) => Promise<void>;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
  readonly onUnreadable: () => void;
  readonly log: Log;
}

interface Heard {
  readonly accounts: ReadonlySet<string>;
  readonly at: number;
}

/**
 * Which instances can deliver an account's receipts: each says so itself, and reads what the others say. Among those that can, a receipt is that one's whose
 * name and the receipt's key score highest. While two see it differently, both or neither deliver it for a moment: a receipt goes only when it has been
 * acknowledged, so that none is lost by it.
 */
export class BindBoard {
  private readonly options: BindBoardOptions;
  private readonly others = new Map<string, Heard>();
  /** When each account was said first, since when it is said all the time, epoch ms. */
  private readonly saidOf = new Map<string, number>();
  private said = "";
  private saidAt = Number.NEGATIVE_INFINITY;
  private writing = false;

  constructor(options: BindBoardOptions) {
    this.options = options;
  }

  /** Resolves when what stands in the topic has been read. */
  follow(reader: Pick<TopicReader, "follow">, signal: AbortSignal): Promise<void> {
    const { codecs, log, onUnreadable } = this.options;
    const following = { reader, schemas: codecs, log, onUnreadable, signal };
    return followTopic(SMPP_BINDS_TOPIC, following, (record) => this.hear(record));
  }

  /** False for a record that cannot be understood. */
  hear({ key, value }: Pick<InRecord, "key" | "value">): boolean {
    const instance = key?.toString();
    if (instance === undefined) return false;
    if (instance === this.options.instance) return true;
    if (value === null) {
      this.others.delete(instance);
      return true;
    }
    const decoded = this.options.codecs.smppBinds.decode(value);
    if (!decoded.ok) return false;
    const { accounts, at } = decoded.value;
    this.others.set(instance, { accounts: new Set(accounts), at });
    return true;
  }

  /** Whether the receipt is this instance's, which has a bind that may have it. */
  mine(accountId: string, key: string): boolean {
    const own = rendezvous(this.options.instance, key);
    const now = this.options.now();
    const settled = now - (this.saidOf.get(accountId) ?? now) >= SETTLED_MS;
    for (const [name, { accounts, at }] of this.others) {
      if (at < now - GONE_MS || !accounts.has(accountId)) continue;
      // They do not know of this one yet, and deliver all.
      if (!settled) return false;
      const score = rendezvous(name, key);
      if (score > own || (score === own && name > this.options.instance)) return false;
    }
    return true;
  }

  /** Says which accounts can be delivered to here, if that is new or was said long ago. */
  say(accounts: readonly string[]): void {
    const sorted = [...accounts].sort();
    const text = sorted.join(" ");
    const now = this.options.now();
    if (this.writing || (text === this.said && (text === "" || now - this.saidAt < RENEW_MS))) return;
    this.writing = true;
    this.write(sorted, now).then(
      () => {
        this.said = text;
        this.saidAt = now;
        this.writing = false;
        for (const account of this.saidOf.keys()) if (!sorted.includes(account)) this.saidOf.delete(account);
        for (const account of sorted) if (!this.saidOf.has(account)) this.saidOf.set(account, this.options.now());
      },
      () => {
        this.writing = false;
      },
    );
  }

  private write(accounts: readonly string[], at: number): Promise<void> {
    const { instance, codecs, write } = this.options;
    const value = accounts.length === 0 ? null : codecs.smppBinds.encode({ instance, accounts, at });
    return write([{ topic: SMPP_BINDS_TOPIC, partition: 0, key: instance, value }]);
  }
}
