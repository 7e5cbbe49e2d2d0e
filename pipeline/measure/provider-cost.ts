import type { Counter, MetricRegistry } from "../../platform/telemetry/metric-registry.ts";

const MICROS = 1e6;

/** Adds what a provider takes, in micro-units of the currency. */
export type AddCost = (provider: string, currency: string, micros: number) => void;

/**
 * What providers take, counted when it is known: on submission by the sender, and on delivery, where that is what is charged, by the
 * correlator. Both count under one name, so that their sum over the services is the cost. For alerts and curves; bills are made from ClickHouse.
 */
export function providerCost(registry: MetricRegistry): AddCost {
  const family = registry.counter("provider_cost_total", {
    help: "What providers take, in whole units of the currency, by provider and currency",
  });
  const known = new Map<string, Map<string, Counter>>();
  return (provider, currency, micros) => {
    let ofProvider = known.get(provider);
    if (ofProvider === undefined) {
      ofProvider = new Map();
      known.set(provider, ofProvider);
    }
    let counter = ofProvider.get(currency);
    if (counter === undefined) {
      counter = family.with({ provider, currency });
      ofProvider.set(currency, counter);
    }
    counter.add(micros / MICROS);
  };
}
