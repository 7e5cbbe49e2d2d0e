import type { Counter, MetricRegistry } from "../../../platform/telemetry/metric-registry.ts";

export interface ConsentWebhookMetrics {
  /** Events that accounts' addresses have taken. */
  readonly told: Counter;
  /** Requests that failed, and are made again. */
  readonly failed: Counter;
  /** Events given up after three days. */
  readonly lost: Counter;
}

export function consentWebhookMetrics(registry: MetricRegistry): ConsentWebhookMetrics {
  const counter = (name: string, help: string) => registry.counter(name, { help }).with();
  return {
    told: counter("consent_webhook_events_total", "Changes of suppressions that accounts' consentWebhook has taken"),
    failed: counter(
      "consent_webhook_failures_total",
      "Requests to accounts' consentWebhook that were not taken; they are made again",
    ),
    lost: counter(
      "consent_webhook_lost_total",
      "Changes of suppressions given up, since an account's consentWebhook has not taken them for three days",
    ),
  };
}
