import type { TerminalStatus } from "../message/status.ts";
import { Cohorts } from "./cohorts.ts";
import { DELAY_BUCKETS, delayBucket, delayQuantile } from "./delay-buckets.ts";
import type { QualityCell, QualitySummary } from "./quality-cell.ts";

/** After so long a delivery counts half in the delays that are told to people, ms. */
const HALF_LIFE_MS = 900_000;

/** What has been counted of one cell in one partition. */
export class CellCounts {
  readonly cell: QualityCell;
  /** Submissions made before are not counted, epoch ms. */
  readonly since: number;
  /** When it was last told of, epoch ms. */
  toldAt: number;
  /** When it was last looked through for what has changed by the passing of time, epoch ms. */
  lookedAt: number;
  /** Submissions and ends since it was told of. */
  news = 0;
  private readonly cohorts = new Cohorts();
  private readonly delays = new Array<number>(DELAY_BUCKETS).fill(0);
  private used = false;
  private submissions = 0;
  private ends = 0;
  private failed = 0;
  private missing = 0;
  private late = 0;
  private contradictions = 0;

  constructor(cell: QualityCell, since: number) {
    const { provider, country, network, lane } = cell;
    this.cell = { provider, country, network, lane };
    this.since = since;
    this.toldAt = since;
    this.lookedAt = since;
  }

  /** Whether nothing can change any more but by a new submission: all have ended, and are as old as is looked at. */
  isIdle(now: number): boolean {
    return !this.used && this.ends >= this.submissions && this.cohorts.isIdle(now);
  }

  submit(at: number): void {
    this.submissions++;
    this.cohorts.submitted(at);
    this.used = true;
    this.news++;
  }

  end(outcome: TerminalStatus, submittedAt: number, at: number): void {
    this.ends++;
    if (outcome === "unknown") this.missing++;
    else if (outcome !== "delivered") this.failed++;
    else if (this.cohorts.wasDelivered(submittedAt, at - submittedAt))
      this.delays[delayBucket(Math.max(0, at - submittedAt))]!++;
    else this.late++;
    this.news++;
  }

  contradict(): void {
    this.contradictions++;
    this.news++;
  }

  /** Looks through it. @returns whether there is something to tell */
  look(now: number): boolean {
    this.lookedAt = now;
    return this.cohorts.count(now) || this.news > 0;
  }

  /** Whether anything was submitted since this was last asked. */
  wasUsed(): boolean {
    const { used } = this;
    this.used = false;
    return used;
  }

  summary(partition: number, now: number): QualitySummary {
    const kept = 2 ** ((this.toldAt - now) / HALF_LIFE_MS);
    for (let bucket = 0; bucket < DELAY_BUCKETS; bucket++) this.delays[bucket]! *= kept;
    this.cohorts.count(now);
    this.toldAt = now;
    this.lookedAt = now;
    this.news = 0;
    return {
      ...this.cell,
      partition,
      since: this.since,
      at: now,
      submitted: this.submissions,
      exposed: [...this.cohorts.exposed],
      delivered: [...this.cohorts.delivered],
      failed: this.failed,
      missing: this.missing,
      late: this.late,
      contradicted: this.contradictions,
      medianMillis: delayQuantile(this.delays, 0.5) ?? null,
      p95Millis: delayQuantile(this.delays, 0.95) ?? null,
    };
  }
}
