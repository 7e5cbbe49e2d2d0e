import type { QualityCell } from "../../../domain/quality/quality-cell.ts";
import type { Codec } from "../../../platform/codec/codec.ts";
import type { OutRecord } from "../../../platform/kafka/record.ts";
import type { ConversionCounts } from "../../../schemas/generated/types.ts";
import { CONVERSION_COUNTS_TOPIC } from "../../../schemas/topics.ts";

/** Ways that a partition counts; of more, the one longest without a word is forgotten. */
const WAYS = 1_000;
/** Ways that are told of at one time; the others come with the next. */
const RECORDS = 64;

interface Counts {
  readonly way: QualityCell;
  /** Epoch ms. */
  readonly since: number;
  told: number;
  converted: number;
}

/** What applications say of each way, counted in one partition of sms.conversions since this process has it. */
export class WayCounts {
  private readonly codec: Codec<ConversionCounts>;
  private readonly partition: number;
  /** By key; the longest without a word first. */
  private readonly ways = new Map<string, Counts>();
  /** Those with something to tell. */
  private readonly untold = new Set<string>();

  constructor(codec: Codec<ConversionCounts>, partition: number) {
    this.codec = codec;
    this.partition = partition;
  }

  /** `told`: messages; `converted`: those of them that did. `now`: epoch ms. */
  add(way: QualityCell, told: number, converted: number, now: number): void {
    const key = `${way.provider}/${way.country}/${way.network ?? ""}/${way.lane}/${this.partition}`;
    const counts = this.ways.get(key) ?? { way, since: now, told: 0, converted: 0 };
    counts.told += told;
    counts.converted += converted;
    this.ways.delete(key);
    this.ways.set(key, counts);
    this.untold.add(key);
    if (this.ways.size <= WAYS) return;
    const [oldest] = this.ways.keys();
    this.ways.delete(oldest!);
    this.untold.delete(oldest!);
  }

  /** Records of what has changed since it was asked for the last time: a bounded number. */
  records(now: number): OutRecord[] {
    const records: OutRecord[] = [];
    for (const key of this.untold) {
      if (records.length === RECORDS) break;
      this.untold.delete(key);
      const { way, since, told, converted } = this.ways.get(key)!;
      const value = this.codec.encode({ ...way, partition: this.partition, since, at: now, told, converted });
      records.push({ topic: CONVERSION_COUNTS_TOPIC, partition: 0, key, value });
    }
    return records;
  }
}
