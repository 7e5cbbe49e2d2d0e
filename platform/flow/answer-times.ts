/** Buckets of answer times, each a tenth wider than the one before, from 10 ms to more than two minutes. */
const FIRST_MS = 10;
const GROWTH = Math.log(1.1);
const BUCKETS = 101;
/** Fewer answers say nothing of what one in a thousand takes. */
const ENOUGH = 1_000;
/** With so many all counts are halved, so that those of late weigh most. */
const MOST = 20_000;

/** How long a provider takes to answer a submission: what 99.9 of 100 of its answers of late took at the most. */
export class AnswerTimes {
  private readonly counts = new Array<number>(BUCKETS).fill(0);
  private total = 0;

  add(tookMs: number): void {
    const bucket = tookMs < FIRST_MS ? 0 : Math.floor(Math.log(tookMs / FIRST_MS) / GROWTH) + 1;
    this.counts[Math.min(BUCKETS - 1, bucket)]!++;
    if (++this.total < MOST) return;
    this.total = 0;
    for (let n = 0; n < BUCKETS; n++) this.total += this.counts[n] = this.counts[n]! / 2;
  }

  /** Milliseconds, up to a tenth more than it is; undefined while there were too few answers. */
  get p999Ms(): number | undefined {
    if (this.total < ENOUGH) return undefined;
    let above = this.total / 1_000;
    let bucket = BUCKETS - 1;
    while (bucket > 0 && this.counts[bucket]! <= above) above -= this.counts[bucket--]!;
    return FIRST_MS * Math.exp(GROWTH * bucket);
  }
}
