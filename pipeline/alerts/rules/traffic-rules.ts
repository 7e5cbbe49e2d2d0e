import type { AlertRule } from "../expression.ts";
import { MINUTE, reading, when } from "./terms.ts";

const LEVELS = [
  { level: "critical", severity: "page" },
  { level: "warning", severity: "ticket" },
] as const;

/** What goes wrong in the traffic itself: sms.abnormal. */
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
    name: "AbnormalTrafficUnwatched",
    severity: "ticket",
    when: [when(reading("max", "abnormal_behind_seconds", []), ">", 15 * MINUTE)],
    forSeconds: 15 * MINUTE,
    summary: "traffic of the last {value} s has not been watched for what is abnormal",
  },
];
