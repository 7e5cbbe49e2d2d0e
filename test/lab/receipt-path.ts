import type { QualityCell, QualitySummary } from "../../domain/quality/quality-cell.ts";
import { QualityCollector } from "../../domain/quality/quality-collector.ts";
import type { Fate } from "./world.ts";

/** Partitions of sms.events: each sees its own destinations, and what it says is added up. */
const PARTITIONS = 4;
/**
 * What is worked out lags behind what is written by about so much, ms: a quarter of a second in which writes may be under way, as long on
 * average until the router works out anew, and the way there and back over Kafka.
 */
const LAG_MS = 650;

interface Happening {
  readonly at: number;
  readonly partition: number;
  readonly cell: QualityCell;
  readonly submittedAt: number;
  /** Undefined: it is taken by the provider. */
  readonly delivered: boolean | undefined;
}

/**
 * The way of submissions and receipts to those who learn from them, as it is over Kafka: in partitions, with what each says
 * half a second at a time. The collectors are the real ones.
 */
export class ReceiptPath {
  private readonly collectors: readonly QualityCollector[];
  private readonly stepMs: number;
  /** What happens, by the step in which it does. */
  private readonly steps = new Map<number, Happening[]>();
  private next = 0;
  private step: number;

  /** Times are ms; `startMs`: a multiple of `stepMs`, the time from one word of the collectors to the next. */
  constructor(startMs: number, stepMs = 500) {
    this.stepMs = stepMs;
    this.step = startMs / stepMs;
    this.collectors = Array.from({ length: PARTITIONS }, (_, partition) => new QualityCollector(partition, startMs));
  }

  /** A message was given to a provider. */
  submit(cell: QualityCell, at: number, { acceptedMs, delivered, receiptMs }: Fate): void {
    const partition = this.next++ % PARTITIONS;
    const submittedAt = at + acceptedMs;
    this.plan({ at: submittedAt, partition, cell, submittedAt, delivered: undefined });
    if (receiptMs !== undefined) this.plan({ at: submittedAt + receiptMs, partition, cell, submittedAt, delivered });
  }

  /** Everything until the end of the next step happens. @returns what is said of it */
  advance(): QualitySummary[] {
    for (const { at, partition, cell, submittedAt, delivered } of this.steps.get(this.step) ?? []) {
      const collector = this.collectors[partition]!;
      if (delivered === undefined) collector.submitted(cell, submittedAt);
      else collector.ended(cell, delivered ? "delivered" : "undelivered", submittedAt, at);
    }
    this.steps.delete(this.step++);
    return this.collectors.flatMap((collector) => collector.tick(this.step * this.stepMs - LAG_MS));
  }

  /** Takes away receipts that are on their way: those that `lost` says. */
  lose(lost: (cell: QualityCell) => boolean): void {
    for (const [step, happenings] of this.steps)
      this.steps.set(
        step,
        happenings.filter(({ cell, delivered }) => delivered === undefined || !lost(cell)),
      );
  }

  private plan(happening: Happening): void {
    const step = Math.max(this.step, Math.floor(happening.at / this.stepMs));
    const planned = this.steps.get(step);
    if (planned === undefined) this.steps.set(step, [happening]);
    else planned.push(happening);
  }
}
