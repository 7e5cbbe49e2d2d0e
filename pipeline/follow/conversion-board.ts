import { ConversionEstimates, type ConversionSummary } from "../../domain/quality/conversion-estimates.ts";
import type { QualityCell } from "../../domain/quality/quality-cell.ts";
import type { DeliveryView } from "../../domain/routing/delivery-view.ts";
import type { Log } from "../../platform/log/log.ts";

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
  /** Ways whose receipts are not believed, by what they are called in the log. */
  private suspect = new Map<string, QualityCell>();
  private timer: NodeJS.Timeout | undefined;

  constructor(options: ConversionBoardOptions) {
    this.options = options;
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
    this.tell();
  }

  /** Ways of which applications have told something. */
  get size(): number {
    return this.estimates.cells().length;
  }

  /** Of these, those whose receipts are not believed. */
  get suspectCount(): number {
    return this.suspect.size;
  }

  private tell(): void {
    const { log } = this.options;
    const suspect = new Map<string, QualityCell>();
    for (const one of this.estimates.cells()) if (one.suspect) suspect.set(nameOf(one.cell), one.cell);
    for (const [name, cell] of suspect)
      if (!this.suspect.has(name))
        log.warn(
          { ...cell },
          "receipts say that this provider delivers here, and far fewer messages convert than of the others: its receipts may be false",
        );
    for (const [name, cell] of this.suspect)
      if (!suspect.has(name))
        log.info({ ...cell }, "this provider's messages convert as the others' do, or little is told of them");
    this.suspect = suspect;
  }
}

/** The probability that a way delivers, as receipts say. */
export function deliversBy(delivery: Pick<DeliveryView, "of">): (cell: QualityCell) => number {
  return ({ provider, country, network, lane }) => delivery.of(provider, country, network ?? undefined, lane).delivery;
}

function nameOf({ provider, country, network, lane }: QualityCell): string {
  return `${provider}/${country}/${network ?? ""}/${lane}`;
}
