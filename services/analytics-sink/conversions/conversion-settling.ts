import type { QualityCell } from "../../../domain/quality/quality-cell.ts";
import type { Codec } from "../../../platform/codec/codec.ts";
import type { OutRecord } from "../../../platform/kafka/record.ts";
import type { ConversionCounts } from "../../../schemas/generated/types.ts";
import { conversionKey, type ToldConversion } from "./conversion-block.ts";
import { WayCounts } from "./conversion-counts.ts";

/** Conversions that wait for their message at the most; of more, the oldest is given up. */
const WAITING = 10_000;
/** Messages that are looked up at one time. */
const LOOKED_UP = 500;
/** A message that is not there yet is looked up again after so long, ms, */
const AGAIN_MS = 5_000;
/** and given up after so long: rows of events are some seconds behind. */
const GIVEN_UP_MS = 300_000;
/** What is told of an older message says nothing of how its way is now, ms. */
const OLD_MS = 86_400_000;

/** A message of which something was told, as analytics has it: the way that it took, where it was submitted. */
export interface FoundMessage {
  readonly messageId: string;
  readonly accountId: string;
  readonly way: QualityCell | undefined;
  /** Epoch ms. */
  readonly acceptedAt: number;
}

/** Conversions by what became of them. */
export type SettledAs = "counted" | "unmatched" | "ambiguous" | "old" | "crowded-out";

export interface SettlingOptions {
  readonly codec: Codec<ConversionCounts>;
  /** Of sms.conversions. */
  readonly partition: number;
  /** The messages with one of these ids, of whatever account and to whatever destination. */
  readonly find: (ids: readonly string[]) => Promise<readonly FoundMessage[]>;
  readonly count: (as: SettledAs) => void;
}

interface Waiting {
  readonly messageId: string;
  readonly accountId: string;
  readonly toldAt: number;
  /** 1 where it is new that something was told, and that it converted. */
  told: number;
  converted: number;
  /** Epoch ms. */
  dueAt: number;
}

/**
 * Finds the way of the messages of which something was told, and counts for each way what was told, each message once. What
 * waits here is lost with the process, and what was counted is begun anew: for estimates that is a matter of degree; the words themselves
 * stand in ClickHouse.
 */
export class ConversionSettling {
  private readonly options: SettlingOptions;
  private readonly counts: WayCounts;
  /** By message and account, the oldest first. */
  private readonly waiting = new Map<string, Waiting>();

  constructor(options: SettlingOptions) {
    this.options = options;
    this.counts = new WayCounts(options.codec, options.partition);
  }

  get size(): number {
    return this.waiting.size;
  }

  /** What a block has told. `before`: what had been told of each before, by its key: whether it had converted; absent: nothing. */
  add(words: Iterable<ToldConversion>, before: ReadonlyMap<string, boolean>): void {
    for (const { messageId, accountId, converted, toldAt } of words) {
      const key = conversionKey(messageId, accountId);
      const known = before.get(key);
      const told = known === undefined ? 1 : 0;
      const news = converted && known !== true ? 1 : 0;
      if (told + news === 0) continue;
      const waiting = this.waiting.get(key);
      if (waiting === undefined) this.wait(key, { messageId, accountId, toldAt, told, converted: news, dueAt: toldAt });
      else {
        waiting.told = Math.max(waiting.told, told);
        waiting.converted = Math.max(waiting.converted, news);
      }
    }
  }

  /** Looks up what is due, and says what follows for the ways. `now`: epoch ms. Rejects when it cannot be looked up now: nothing is lost. */
  async settle(now: number): Promise<OutRecord[]> {
    const due: [string, Waiting][] = [];
    for (const entry of this.waiting) {
      if (due.length === LOOKED_UP) break;
      if (entry[1].dueAt <= now) due.push(entry);
    }
    if (due.length > 0) {
      const found = await this.options.find([...new Set(due.map(([, { messageId }]) => messageId))]);
      const byKey = Map.groupBy(found, (one) => conversionKey(one.messageId, one.accountId));
      for (const [key, waiting] of due) this.conclude(key, waiting, byKey.get(key) ?? [], now);
    }
    return this.counts.records(now);
  }

  private conclude(key: string, waiting: Waiting, found: readonly FoundMessage[], now: number): void {
    const [message, another] = found;
    if (another !== undefined) this.done(key, "ambiguous");
    else if (message?.way === undefined) {
      waiting.dueAt = now + AGAIN_MS;
      if (now - waiting.toldAt >= GIVEN_UP_MS) this.done(key, "unmatched");
    } else if (waiting.toldAt - message.acceptedAt > OLD_MS) this.done(key, "old");
    else {
      this.counts.add(message.way, waiting.told, waiting.converted, now);
      this.done(key, "counted");
    }
  }

  private done(key: string, as: SettledAs): void {
    this.waiting.delete(key);
    this.options.count(as);
  }

  private wait(key: string, waiting: Waiting): void {
    this.waiting.set(key, waiting);
    if (this.waiting.size <= WAITING) return;
    const [oldest] = this.waiting.keys();
    this.done(oldest!, "crowded-out");
  }
}
