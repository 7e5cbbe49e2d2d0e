import type { QualityCell } from "../../../domain/quality/quality-cell.ts";
import type { Codec } from "../../../platform/codec/codec.ts";
import type { OutRecord } from "../../../platform/kafka/record.ts";
import type { ConversionCounts } from "../../../schemas/generated/types.ts";
import { conversionKey, type ToldConversion } from "./conversion-block.ts";
import { WayCounts } from "./conversion-counts.ts";

/** Messages that wait at the most, about 200 bytes each; beyond that those that come do not count, good and bad alike. */
const WAITING = 20_000;
/** Messages that are looked up at one time. */
const LOOKED_UP = 500;
/** A message that is not there yet is looked up again after so long, ms, */
const AGAIN_MS = 5_000;
/** and given up after so long: rows of events are some seconds behind. */
const GIVEN_UP_MS = 300_000;
/** Messages that were counted last, whose words may still come: those of a block or two. */
const REMEMBERED = 10_000;

/** A message of which something was told, as analytics has it: the way that it took, where it was submitted. */
export interface FoundMessage {
  readonly messageId: string;
  readonly accountId: string;
  readonly way: QualityCell | undefined;
  /** Epoch ms. */
  readonly acceptedAt: number;
}

/** Conversions by what became of them. */
export type SettledAs = "counted" | "late" | "begun-before" | "unmatched" | "ambiguous" | "crowded-out";

export interface SettlingOptions {
  readonly codec: Codec<ConversionCounts>;
  /** Of sms.conversions. */
  readonly partition: number;
  /** When this process took the partition over, epoch ms: of older messages it has not heard all. */
  readonly since: number;
  /** A message is counted when it is so old, ms. */
  readonly waitMs: number;
  /** The messages with one of these ids, of whatever account and to whatever destination. */
  readonly find: (ids: readonly string[]) => Promise<readonly FoundMessage[]>;
  readonly count: (as: SettledAs) => void;
}

interface Waiting {
  readonly messageId: string;
  readonly accountId: string;
  /** When it was told for the first time, epoch ms. */
  readonly toldAt: number;
  converted: boolean;
  /** Epoch ms. */
  dueAt: number;
}

/**
 * Finds the way of the messages of which something was told, and counts for each way how many, and how many of them converted.
 *
 * All messages are counted at the same age. That a code was typed in is told within seconds, that it was not, after minutes: counted as
 * they come, the words on a way whose traffic grows would be too good, and on one that has no traffic any more, all bad. For the
 * same reason messages from before `since` do not count. What waits here ends with the process: for estimates that is a matter of
 * degree, and the words themselves stand in ClickHouse.
 */
export class ConversionSettling {
  private readonly options: SettlingOptions;
  private readonly counts: WayCounts;
  /** By message and account, the oldest first. */
  private readonly waiting = new Map<string, Waiting>();
  private readonly counted = new Set<string>();
  /** Everything that was told before has been added, epoch ms. */
  private heardUpTo = Number.NEGATIVE_INFINITY;

  constructor(options: SettlingOptions) {
    this.options = options;
    this.counts = new WayCounts(options.codec, options.partition);
  }

  get size(): number {
    return this.waiting.size;
  }

  /** What a block has told, each message as often as may be. */
  add(words: Iterable<ToldConversion>): void {
    for (const { messageId, accountId, converted, toldAt } of words) {
      const key = conversionKey(messageId, accountId);
      this.heardUpTo = Math.max(this.heardUpTo, toldAt);
      const waiting = this.waiting.get(key);
      if (waiting !== undefined) waiting.converted ||= converted;
      else if (this.counted.has(key)) continue;
      else if (this.waiting.size >= WAITING) this.options.count("crowded-out");
      else this.waiting.set(key, { messageId, accountId, toldAt, converted, dueAt: toldAt });
    }
  }

  /**
   * Looks up what is due, and says what follows for the ways. Rejects when it cannot be looked up now: nothing is lost.
   *
   * @param now epoch ms
   * @param readUpTo epoch ms: all that was told before has been added. Less is no harm: what was added tells as well
   */
  async settle(now: number, readUpTo: number): Promise<OutRecord[]> {
    const due: [string, Waiting][] = [];
    for (const entry of this.waiting) {
      if (due.length === LOOKED_UP) break;
      if (entry[1].dueAt <= now) due.push(entry);
    }
    if (due.length > 0) {
      const found = await this.options.find([...new Set(due.map(([, { messageId }]) => messageId))]);
      const byKey = Map.groupBy(found, (one) => conversionKey(one.messageId, one.accountId));
      const heard = Math.max(readUpTo, this.heardUpTo);
      for (const [key, waiting] of due) this.conclude(key, waiting, byKey.get(key) ?? [], now, heard);
    }
    return this.counts.records(now);
  }

  private conclude(key: string, waiting: Waiting, found: readonly FoundMessage[], now: number, readUpTo: number): void {
    const { since, waitMs } = this.options;
    const [message, another] = found;
    if (another !== undefined) this.done(key, "ambiguous");
    else if (message !== undefined && message.acceptedAt < since) this.done(key, "begun-before");
    else if (message !== undefined && waiting.toldAt > message.acceptedAt + waitMs) this.done(key, "late");
    else if (message?.way === undefined) {
      waiting.dueAt = now + AGAIN_MS;
      if (now - waiting.toldAt >= GIVEN_UP_MS) this.done(key, "unmatched");
    } else if (readUpTo < message.acceptedAt + waitMs) waiting.dueAt = now + message.acceptedAt + waitMs - readUpTo;
    else {
      this.counts.add(message.way, 1, waiting.converted ? 1 : 0, now);
      this.remember(key);
      this.done(key, "counted");
    }
  }

  private done(key: string, as: SettledAs): void {
    this.waiting.delete(key);
    this.options.count(as);
  }

  private remember(key: string): void {
    this.counted.add(key);
    if (this.counted.size <= REMEMBERED) return;
    const [oldest] = this.counted;
    this.counted.delete(oldest!);
  }
}
