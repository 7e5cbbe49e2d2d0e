import type { ConsentState } from "../../../domain/consent/consent-word.ts";
import type { Counter, MetricRegistry } from "../../../platform/telemetry/metric-registry.ts";

export interface OptOutMetrics {
  /** Messages from handsets that end or renew consent. */
  words(state: ConsentState): Counter;
  readonly unreadable: Counter;
}

export function optOutMetrics(registry: MetricRegistry): OptOutMetrics {
  const words = registry.counter("consent_keywords_total", {
    help: "Messages from handsets that end or renew consent, by what they do; one that is read again counts again",
  });
  const byState = { opted_out: words.with({ state: "opted_out" }), opted_in: words.with({ state: "opted_in" }) };
  return {
    words: (state) => byState[state],
    unreadable: registry
      .counter("consent_unreadable_inbound_total", { help: "Records of sms.inbound that cannot be read" })
      .with(),
  };
}
