import type { AccountBudget } from "../../../../domain/budget/budget-use.ts";
import type { RoutingView } from "../../../../pipeline/explain/routing-view.ts";
import type { UsageOfDay } from "../../../../pipeline/read-model/account-usage.ts";
import type { InboundFilter, InboundPage } from "../../../../pipeline/read-model/list-inbound.ts";
import type { ListFilter, ListPlace, MessagePage } from "../../../../pipeline/read-model/list-messages.ts";
import type { StatusSource } from "../../../../pipeline/read-model/message-status.ts";
import type { BodyBudget } from "../../../../platform/http/body-budget.ts";
import type { Log } from "../../../../platform/log/log.ts";
import type { Acceptor } from "../../acceptance/acceptor.ts";
import type { KeyGate } from "../../access/key-gate.ts";
import type { AnswerMetrics } from "../../answer-metrics.ts";
import type { Cancels } from "../../cancels/cancels.ts";
import type { Suppressions } from "../../consent/suppressions.ts";
import type { WebhookSender } from "../../consent/webhook-senders.ts";
import type { Conversions } from "../../conversions/conversions.ts";
import type { Uploads } from "../../uploads/uploads.ts";

/** Everything the routes work with. */
export interface RestContext {
  readonly keys: Pick<KeyGate, "admit">;
  readonly acceptor: Acceptor;
  readonly status: StatusSource;
  /** As `listMessages` does. */
  readonly list: (filter: ListFilter, limit: number, after?: ListPlace) => Promise<MessagePage>;
  /** As `listInbound` does. */
  readonly inbound: (filter: InboundFilter, limit: number, after?: ListPlace) => Promise<InboundPage>;
  /** As `accountUsage` does. */
  readonly usage: (account: string, from: string, until: string) => Promise<readonly UsageOfDay[]>;
  /** Undefined: the account has none. */
  readonly budget: (account: string) => AccountBudget | undefined;
  readonly conversions: Pick<Conversions, "admit" | "tell">;
  readonly suppressions: Pick<Suppressions, "now" | "open" | "say" | "saidByRecipients" | "find" | "list">;
  /** Accounts whose CRM tells of suppressions. */
  readonly webhooks: { of(account: string): WebhookSender | undefined };
  readonly cancels: Pick<Cancels, "cancel">;
  readonly uploads: Pick<Uploads, "begin" | "idleMs" | "metrics">;
  readonly routing: RoutingView;
  readonly bodies: BodyBudget;
  readonly metrics: AnswerMetrics;
  readonly log: Log;
}
