import { ConversionEstimates, type ConversionSummary } from "../../domain/quality/conversion-estimates.ts";
import type { QualityCell } from "../../domain/quality/quality-cell.ts";
import type { DeliveryView } from "../../domain/routing/delivery-view.ts";
import type { Log } from "../../platform/log/log.ts";
import { NotedWays } from "./noted-ways.ts";

/** Between two times that the estimates are worked out anew, ms. */
const REFRESH_MS = 1_000;

export interface ConversionBoardOptions {
  /** What receipts say. */
  readonly delivery: Pick<DeliveryView, "of">;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
  readonly log: Log;
}

/** What a router knows of the conversions of providers' ways: from sms.conversion-counts, anew every second. */
export class ConversionBoard {
  readonly estimates = new ConversionEstimates();
  private readonly options: ConversionBoardOptions;
  /** Ways whose receipts are not believed. */
  private readonly suspect: NotedWays;
  private timer: NodeJS.Timeout | undefined;

  constructor(options: ConversionBoardOptions) {
    this.options = options;
    const { log } = options;
    this.suspect = new NotedWays(
      (way) =>
        log.warn(
          way,
          "receipts say that this provider delivers here, and far fewer messages convert than of the others: its receipts may be false",
        ),
      (way) => log.info(way, "this provider's messages convert as the others' do, or little is told of them"),
    );
  }

  fold(summary: ConversionSummary): void {
    this.estimates.fold(summary);
  }

  start(): void {
    this.refresh();
    this.timer = setInterval(() => this.refresh(), REFRESH_MS).unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  refresh(): void {
    const { delivery, now } = this.options;
    this.estimates.refresh(now(), deliversBy(delivery));
    const suspect = this.estimates.cells().filter((one) => one.suspect);
    this.suspect.note(suspect.map(({ cell }) => cell));
  }

  /** Ways of which applications have told something. */
  get size(): number {
    return this.estimates.cells().length;
  }

  /** Of these, those whose receipts are not believed. */
  get suspectCount(): number {
    return this.suspect.size;
  }
}

/** The probability that a way delivers, as receipts say. */
export function deliversBy(delivery: Pick<DeliveryView, "of">): (cell: QualityCell) => number {
  return ({ provider, country, network, lane }) => delivery.of(provider, country, network ?? undefined, lane).delivery;
}
