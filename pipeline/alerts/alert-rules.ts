import type { AlertRule } from "./expression.ts";
import { LANE_RULES } from "./rules/lane-rules.ts";
import { PROVIDER_RULES } from "./rules/provider-rules.ts";
import { SYSTEM_RULES } from "./rules/system-rules.ts";
import { TRAFFIC_RULES } from "./rules/traffic-rules.ts";

/** The alert rules by group: the one source of infra/prometheus/rules and of what evaluates them without Prometheus. */
export const ALERT_GROUPS: Readonly<Record<string, readonly AlertRule[]>> = {
  providers: PROVIDER_RULES,
  lanes: LANE_RULES,
  system: SYSTEM_RULES,
  traffic: TRAFFIC_RULES,
};

export const ALERT_RULES: readonly AlertRule[] = Object.values(ALERT_GROUPS).flat();
