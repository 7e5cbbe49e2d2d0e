import { NEAR_END_SHARE } from "../../../domain/catalog/budget.ts";
import type { AlertRule } from "../expression.ts";
import { increase, MINUTE, reading, when } from "./terms.ts";

const LEVELS = [
  { level: "critical", severity: "page" },
  { level: "warning", severity: "ticket" },
] as const;

/** What goes wrong in the traffic itself: sms.abnormal, the accounts' budgets and guards. */
export const TRAFFIC_RULES: readonly AlertRule[] = [
  ...LEVELS.map(
    ({ level, severity }): AlertRule => ({
      name: "AbnormalTraffic",
      severity,
      when: [when(reading("sum", "abnormal_open", ["kind"], { level }), ">", 0)],
      forSeconds: 0,
      labels: { level },
      summary: `traffic is abnormal, ${level}: {kind} ({value} at this moment)`,
    }),
  ),
  {
    name: "BudgetNearEnd",
    severity: "ticket",
    when: [when(reading("max", "router_budget_used_ratio", ["account", "period"]), ">", NEAR_END_SHARE)],
    forSeconds: 0,
    summary: "{value} of the budget of {account} for the {period} is used",
  },
  {
    name: "GuardActs",
    severity: "ticket",
    when: [when(increase("router_guarded_total", ["code", "action"], 5 * MINUTE, { kind: "guard" }), ">", 0)],
    forSeconds: 0,
    summary: "traffic looks pumped, {code}: {value} messages within five minutes were {action}",
  },
  {
    name: "AbnormalTrafficUnwatched",
    severity: "ticket",
    when: [when(reading("max", "abnormal_behind_seconds", []), ">", 15 * MINUTE)],
    forSeconds: 15 * MINUTE,
    summary: "traffic of the last {value} s has not been watched for what is abnormal",
  },
];
