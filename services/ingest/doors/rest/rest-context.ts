import type { Snapshot } from "../../../../domain/catalog/snapshot.ts";
import type { Lane } from "../../../../domain/message/lane.ts";
import type { Ported } from "../../../../domain/portability/known-networks.ts";
import type { DeliveryView } from "../../../../domain/routing/delivery-view.ts";
import type { ExplainedHealth } from "../../../../domain/routing/explain.ts";
import type { StatusSource } from "../../../../pipeline/read-model/message-status.ts";
import type { BodyBudget } from "../../../../platform/http/body-budget.ts";
import type { Log } from "../../../../platform/log/log.ts";
import type { Tracing } from "../../../../platform/telemetry/tracing.ts";
import type { Acceptor } from "../../acceptance/acceptor.ts";
import type { ApiKeys } from "../../acceptance/api-keys.ts";
import type { Conversions } from "../../conversions/conversions.ts";
import type { RestMetrics } from "./rest-metrics.ts";

/** What routing looks at, as this process knows it. */
export interface RoutingView {
  /** Undefined when this process has the accounts only. */
  readonly snapshot: () => Snapshot | undefined;
  readonly health: (provider: string, lane: Lane) => ExplainedHealth | undefined;
  /** Where a number is known to be ported to. */
  readonly ported: (number: string) => Ported | undefined;
  /** What receipts and applications say of the providers. */
  readonly delivery: Pick<DeliveryView, "of" | "converts">;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
}

/** Everything the routes work with. */
export interface RestContext {
  readonly keys: Pick<ApiKeys, "accountOf">;
  readonly acceptor: Acceptor;
  readonly status: StatusSource;
  readonly conversions: Pick<Conversions, "admit" | "tell">;
  readonly routing: RoutingView;
  readonly bodies: BodyBudget;
  readonly metrics: RestMetrics;
  readonly tracing: Tracing;
  readonly log: Log;
}
