import type { Counter, MetricRegistry } from "../../../platform/telemetry/metric-registry.ts";

/** What came of a question. */
export type LookupResult = "answered" | "unknown" | "timed-out" | "throttled" | "unusable" | "failed";
/** Why none was asked. */
export type LookupRefusal = "budget" | "circuit-open" | "busy";

export interface LookupMetrics {
  asked(lookup: string): Counter;
  result(lookup: string, result: LookupResult): Counter;
  refused(lookup: string, reason: LookupRefusal): Counter;
  /** Micro-units of the look-up's currency: exact, as a counter of whole units is not. */
  spent(lookup: string, currency: string): Counter;
  /** Messages whose network was known without a question. */
  cached(source: string): Counter;
}

export function lookupMetrics(registry: MetricRegistry): LookupMetrics {
  const asked = registry.counter("router_lookups_total", { help: "Look-up services asked for a number's network" });
  const result = registry.counter("router_lookup_results_total", {
    help: "Questions to look-up services by what came of them",
  });
  const refused = registry.counter("router_lookups_refused_total", {
    help: "Numbers whose network was not asked for, by look-up and reason: the prefix counts",
  });
  const spent = registry.counter("router_lookup_spent_micros_total", {
    help: "Cost of the questions asked, in millionths of the currency",
  });
  const cached = registry.counter("router_networks_known_total", {
    help: "Messages whose network was remembered, by how it is known",
  });
  return {
    asked: (lookup) => asked.with({ lookup }),
    result: (lookup, kind) => result.with({ lookup, result: kind }),
    refused: (lookup, reason) => refused.with({ lookup, reason }),
    spent: (lookup, currency) => spent.with({ lookup, currency }),
    cached: (source) => cached.with({ source }),
  };
}
