import { DeliveryEstimates } from "../../domain/quality/delivery-estimates.ts";
import type { DeliveryView } from "../../domain/routing/delivery-view.ts";
import { ExplorationBudget } from "../../domain/routing/exploration-budget.ts";
import { ReceiptPath } from "./receipt-path.ts";
import { EPOCH } from "./route-of-lab.ts";

/** What the router does with sms.quality. */
export class Learner {
  readonly estimates = new DeliveryEstimates();
  readonly path: ReceiptPath;
  readonly view: DeliveryView;
  private heardAt = 0;

  private readonly stepMs: number;

  /** `stepMs`: how often what is counted is told, and what was told is worked out. */
  constructor(stepMs = 500) {
    this.stepMs = stepMs;
    this.path = new ReceiptPath(EPOCH, stepMs);
    const budget = new ExplorationBudget();
    this.view = {
      of: (provider, country, network, lane) => this.estimates.of(provider, country, network, lane),
      spend: (route, cost, perHour, at) => budget.spend(route, cost, perHour, at),
    };
  }

  advanceTo(at: number): void {
    while (this.heardAt + this.stepMs <= at) {
      this.heardAt += this.stepMs;
      for (const summary of this.path.advance()) this.estimates.fold(summary);
      this.estimates.refresh(EPOCH + this.heardAt);
    }
  }
}
