import type { AlertRule } from "../expression.ts";
import { DAY, divided, HOUR, increase, MINUTE, reading, times, when } from "./terms.ts";

const WAY = ["provider", "network"];
const PROVIDER = ["provider"];
/** Beside the last hour, which may be the one in which something broke. */
const BEFORE = HOUR;

const delivered = (over: number, ago?: number) =>
  increase("correlator_outcomes_total", WAY, over, { outcome: "delivered" }, ago);
const ended = (over: number, ago?: number) => increase("correlator_outcomes_total", WAY, over, {}, ago);
/** Messages that ended by a receipt, and not at their deadline for want of one. */
const receipted = (over: number) =>
  increase("correlator_ended_total", PROVIDER, over, { outcome: { of: ["delivered", "not_delivered"] } });
const accepted = (over: number, ago: number) =>
  increase("sender_messages_total", PROVIDER, over, { result: "accepted" }, ago);
const cost = (over: number, ago?: number) => increase("provider_cost_total", ["provider", "currency"], over, {}, ago);
const deliveredBy = (over: number, ago?: number) =>
  increase("correlator_ended_total", PROVIDER, over, { outcome: "delivered" }, ago);

const down = (cause: readonly string[]) =>
  reading("max", "sender_provider_down", ["provider", "cause"], { cause: { of: cause } });

/** What goes wrong at a provider, or on its way into a network. */
export const PROVIDER_RULES: readonly AlertRule[] = [
  {
    name: "DeliveryRateFalling",
    severity: "page",
    when: [
      when(
        divided(delivered(30 * MINUTE), ended(30 * MINUTE)),
        "<",
        times(divided(delivered(DAY, BEFORE), ended(DAY, BEFORE)), 0.8),
      ),
      when(ended(30 * MINUTE), ">=", 50),
      when(ended(DAY, BEFORE), ">=", 500),
    ],
    forSeconds: 5 * MINUTE,
    summary:
      "{provider} delivers only {value} of what it takes for network {network}, less than four fifths of its own day before",
  },
  {
    name: "ReceiptsMissing",
    severity: "ticket",
    when: [
      when(
        divided(receipted(30 * MINUTE), accepted(30 * MINUTE, 10 * MINUTE)),
        "<",
        times(divided(receipted(DAY), accepted(DAY, 10 * MINUTE)), 0.6),
      ),
      when(accepted(30 * MINUTE, 10 * MINUTE), ">=", 100),
    ],
    forSeconds: 10 * MINUTE,
    summary: "of what {provider} took, only {value} has a receipt a little later: far less than in its own day before",
  },
  {
    name: "ProviderDark",
    severity: "page",
    when: [when(down(["link", "silent", "failing"]), ">=", 1)],
    forSeconds: MINUTE,
    summary: "nothing can be sent to {provider}: {cause}",
  },
  {
    name: "ProviderRefusesAccount",
    severity: "page",
    when: [when(down(["account", "bind-refused", "certificate"]), ">=", 1)],
    forSeconds: MINUTE,
    summary: "{provider} refuses our account ({cause}): credit, password, rights or a certificate",
  },
  {
    name: "ProviderQuotaReached",
    severity: "ticket",
    when: [when(down(["quota"]), ">=", 1)],
    forSeconds: MINUTE,
    summary: "the quota of {provider} is used up: nothing goes there until its day or month is over",
  },
  {
    name: "ProviderQuotaNearEnd",
    severity: "ticket",
    when: [when(reading("max", "sender_quota_used_ratio", ["provider", "period"]), ">", 0.9)],
    forSeconds: 5 * MINUTE,
    summary: "{value} of the quota of {provider} for the {period} is used",
  },
  {
    name: "ProviderThrottled",
    severity: "ticket",
    when: [
      when(
        divided(
          reading("sum", "sender_rate_segments", PROVIDER),
          reading("sum", "sender_configured_rate_segments", PROVIDER),
        ),
        "<",
        0.7,
      ),
      when(increase("sender_throttles_total", PROVIDER, 10 * MINUTE), ">", 0),
    ],
    forSeconds: 10 * MINUTE,
    summary: "{provider} takes only {value} of the rate that the catalog says",
  },
  {
    name: "CostPerDeliveredJumps",
    severity: "ticket",
    when: [
      when(
        divided(cost(HOUR), deliveredBy(HOUR)),
        ">",
        times(divided(cost(DAY, BEFORE), deliveredBy(DAY, BEFORE)), 1.5),
      ),
      when(deliveredBy(DAY, BEFORE), ">=", 500),
      when(increase("correlator_ended_total", PROVIDER, HOUR), ">=", 50),
    ],
    forSeconds: 15 * MINUTE,
    summary:
      "a delivered message costs {value} {currency} over {provider}, more than one and a half times its own day before",
  },
  {
    name: "LookupBudgetSpent",
    severity: "ticket",
    when: [when(increase("router_lookups_refused_total", ["lookup"], 15 * MINUTE, { reason: "budget" }), ">", 0)],
    forSeconds: 0,
    summary: "the budget of the look-up {lookup} is spent: numbers' networks are taken from their prefixes",
  },
];
