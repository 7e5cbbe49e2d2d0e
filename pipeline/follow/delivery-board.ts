import type { Lane } from "../../domain/message/lane.ts";
import { DeliveryEstimates } from "../../domain/quality/delivery-estimates.ts";
import type { DeliveryEstimate } from "../../domain/quality/delivery-node.ts";
import type { QualitySummary } from "../../domain/quality/quality-cell.ts";
import type { DeliveryView } from "../../domain/routing/delivery-view.ts";
import { ExplorationBudget } from "../../domain/routing/exploration-budget.ts";
import type { Log } from "../../platform/log/log.ts";
import { NotedWays } from "./noted-ways.ts";

/** Between two times that the estimates are worked out anew, ms. */
const REFRESH_MS = 500;

export interface DeliveryBoardOptions {
  /** What part of the routes' money for exploring is this process's, in [0, 1]. */
  readonly share: () => number;
  /** Ids of the routes that there are. */
  readonly routes: () => Iterable<string>;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
  readonly log: Log;
}

/** What a process knows of the providers' deliveries, and may spend to learn more: from sms.quality, anew twice a second. */
export class DeliveryBoard implements DeliveryView {
  readonly estimates = new DeliveryEstimates();
  private readonly options: DeliveryBoardOptions;
  private readonly budget: ExplorationBudget;
  /** Ways that were left since their receipts collapsed. */
  private readonly left: NotedWays;
  private timer: NodeJS.Timeout | undefined;

  constructor(options: DeliveryBoardOptions) {
    this.options = options;
    this.budget = new ExplorationBudget(options.share);
    const { log } = options;
    this.left = new NotedWays(
      (way) =>
        log.warn(way, "receipts have collapsed: routes by delivery leave this provider here, and try it now and then"),
      (way) => log.info(way, "receipts come again: this provider has all of its traffic here"),
    );
  }

  fold(summary: QualitySummary): void {
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
    this.estimates.refresh(this.options.now());
    this.budget.keep(new Set(this.options.routes()));
    const left = this.estimates.cells().filter(({ guard }) => guard.share < 1);
    this.left.note(left.map(({ cell }) => cell));
  }

  /** Ways of providers into networks that something is known of. */
  get size(): number {
    return this.estimates.cells().length;
  }

  /** Of these, those that were left. */
  get leftCount(): number {
    return this.left.size;
  }

  of(provider: string, country: string, network: string | undefined, lane: Lane): DeliveryEstimate {
    return this.estimates.of(provider, country, network, lane);
  }

  spend(route: string, cost: number, perHour: number, at: number): boolean {
    return this.budget.spend(route, cost, perHour, at);
  }
}
