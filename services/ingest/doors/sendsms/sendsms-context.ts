import type { BodyBudget } from "../../../../platform/http/body-budget.ts";
import type { Log } from "../../../../platform/log/log.ts";
import type { Acceptor } from "../../acceptance/acceptor.ts";
import type { KeyGate } from "../../access/key-gate.ts";
import type { AnswerMetrics } from "../../answer-metrics.ts";
import type { Suppressions } from "../../consent/suppressions.ts";

/** Everything that the doors of gateways' forms work with. */
export interface SendSmsContext {
  readonly keys: Pick<KeyGate, "admit">;
  readonly acceptor: Pick<Acceptor, "admit" | "charge" | "accept">;
  /** For the time that deferred messages count from. */
  readonly suppressions: Pick<Suppressions, "now">;
  readonly bodies: BodyBudget;
  readonly metrics: AnswerMetrics;
  readonly log: Log;
}
