import type { Watermarks } from "../../../platform/kafka/topic-reader.ts";

/** Samples that wait for their records to be stored; while there are so many, no further one is taken. */
const SAMPLES = 64;

interface Sample {
  readonly at: number;
  /** One above the last offset of each partition. */
  readonly ends: readonly number[];
}

/** Up to when all that was written to a topic stands in ClickHouse: its sink commits what it has stored. */
export class StoredMark {
  private readonly samples: Sample[] = [];
  /** Epoch ms; all that was written before is stored. Minus infinity while that is not known of any time. */
  until = Number.NEGATIVE_INFINITY;

  /**
   * @param at epoch ms, not later than the question for the ends
   * @param marks by partition
   * @param committed by partition, asked for after the ends; -1 where nothing is
   */
  sample(at: number, marks: readonly Watermarks[], committed: readonly number[]): void {
    // Of an empty partition nothing is ever committed.
    const ends = marks.map(({ low, high }) => (high > low ? high : 0));
    if (this.samples.length < SAMPLES) this.samples.push({ at, ends });
    while (this.samples.length > 0 && isStored(this.samples[0]!, committed)) this.until = this.samples.shift()!.at;
  }
}

function isStored({ ends }: Sample, committed: readonly number[]): boolean {
  return ends.every((end, partition) => end <= Math.max(0, committed[partition] ?? -1));
}
