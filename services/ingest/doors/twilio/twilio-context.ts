import type { BodyBudget } from "../../../../platform/http/body-budget.ts";
import type { Log } from "../../../../platform/log/log.ts";
import type { Acceptor } from "../../acceptance/acceptor.ts";
import type { KeyGate } from "../../access/key-gate.ts";
import type { AnswerMetrics } from "../../answer-metrics.ts";
import type { Cancels } from "../../cancels/cancels.ts";
import type { Suppressions } from "../../consent/suppressions.ts";
import type { MessageList } from "../../status/message-list.ts";

/** Everything that the door of Twilio's form works with. */
export interface TwilioContext {
  readonly keys: Pick<KeyGate, "admit">;
  readonly acceptor: Pick<Acceptor, "admit" | "accept">;
  readonly messages: Pick<MessageList, "find" | "page">;
  readonly cancels: Pick<Cancels, "cancel">;
  readonly suppressions: Pick<Suppressions, "knownOptOut">;
  readonly bodies: BodyBudget;
  readonly metrics: AnswerMetrics;
  readonly log: Log;
}
