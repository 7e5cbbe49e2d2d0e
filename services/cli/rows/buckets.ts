/**
 * A stretch of one partition's offsets, folded: how many events or rows, at which offsets, with what content. Two sides with the same
 * buckets are the same; two that differ are looked into offset by offset.
 */

/** Offsets of a bucket. Smaller ones are more to compare, larger ones more to look into. */
export const BUCKET = 8_192;

const WORD = 0x1_0000_0000;

export interface Bucket {
  /** Events, or rows. */
  readonly count: number;
  /** Sum of the offsets, each counted from the bucket's first. */
  readonly offsets: number;
  /** Sum of the 64-bit hashes of the contents, modulo 2^64. */
  readonly hash: bigint;
}

/** The buckets of one partition, by offset / {@link BUCKET}. */
export type Buckets = ReadonlyMap<number, Bucket>;

interface Sums {
  count: number;
  offsets: number;
  /** The lower and the upper half of the sum of hashes; BigInt for every event would cost more than its hash. */
  low: number;
  high: number;
}

/** Adds up what a log says. */
export class BucketFold {
  private readonly sums = new Map<number, Sums>();

  /** `hash`: its first eight octets are the content's. */
  add(offset: number, hash: Buffer): void {
    const key = Math.floor(offset / BUCKET);
    let sums = this.sums.get(key);
    if (sums === undefined) {
      sums = { count: 0, offsets: 0, low: 0, high: 0 };
      this.sums.set(key, sums);
    }
    sums.count++;
    sums.offsets += offset % BUCKET;
    const low = sums.low + hash.readUInt32BE(4);
    sums.low = low % WORD;
    sums.high = (sums.high + hash.readUInt32BE(0) + (low >= WORD ? 1 : 0)) % WORD;
  }

  buckets(): Buckets {
    return new Map(
      [...this.sums].map(([key, { count, offsets, low, high }]) => [
        key,
        { count, offsets, hash: BigInt(high) * BigInt(WORD) + BigInt(low) },
      ]),
    );
  }
}

/** Keys of the buckets that are not the same on both sides, ascending. */
export function differingBuckets(log: Buckets, rows: Buckets): number[] {
  const keys = new Set([...log.keys(), ...rows.keys()]);
  return [...keys].filter((key) => !same(log.get(key), rows.get(key))).sort((a, b) => a - b);
}

function same(a: Bucket | undefined, b: Bucket | undefined): boolean {
  return a !== undefined && b !== undefined && a.count === b.count && a.offsets === b.offsets && a.hash === b.hash;
}

/** A run of neighbouring buckets: offsets [from, to). */
export interface Run {
  readonly from: number;
  readonly to: number;
}

/** Neighbours together, at most `most` in a run: what lies before each run has to be read as well. */
export function runsOf(keys: readonly number[], most: number): Run[] {
  const runs: { from: number; to: number }[] = [];
  for (const key of keys) {
    const last = runs.at(-1);
    if (last !== undefined && last.to === key * BUCKET && last.to - last.from < most * BUCKET) last.to += BUCKET;
    else runs.push({ from: key * BUCKET, to: (key + 1) * BUCKET });
  }
  return runs;
}
