import type { Snapshot, SnapshotSource } from "../../domain/catalog/snapshot.ts";
import { providerCost } from "../../pipeline/measure/provider-cost.ts";
import { stageSeconds } from "../../pipeline/measure/stage-seconds.ts";
import type { Counter, Family, Labels, MetricRegistry } from "../../platform/telemetry/metric-registry.ts";
import type { Event } from "../../schemas/generated/types.ts";

/** Providers times networks times outcomes; about 2,000 networks exist, and a provider seldom sees many of them. */
const MAX_SERIES = 9_000;

/** What became of messages that a provider took: `no_receipt` when none came by the deadline. */
type Outcome = "delivered" | "not_delivered" | "no_receipt";
type Cell = Readonly<Record<Outcome, Counter>>;

/** The catalog, and word of each later one. */
export type ChangingCatalog = SnapshotSource & { onChange(listener: (snapshot: Snapshot) => void): void };

/**
 * Counts how messages ended that a provider had, how long that took, and what only receipts made due. `correlator_ended_total` is there at 0
 * for every provider of the catalog: a provider none of whose receipts come since a start has sent 0, and not nothing that is known.
 */
export function concludedMetrics(registry: MetricRegistry, catalog: ChangingCatalog): (event: Event) => void {
  const ended = registry.counter("correlator_ended_total", {
    help: "Messages that a provider took and that have ended, by provider and outcome",
    maxSeries: MAX_SERIES,
  });
  const endedBy = kept((provider) => cellOf(ended, { provider }));
  const begin = ({ known }: Snapshot): void => {
    for (const provider of known.keys()) endedBy(provider);
  };
  begin(catalog.current);
  catalog.onChange(begin);
  const outcomes = registry.counter("correlator_outcomes_total", {
    help: "Messages that a provider took and that have ended, by provider, network (or country, where it is not known) and outcome",
    maxSeries: MAX_SERIES,
  });
  const receipts = registry.histogram("correlator_receipt_seconds", {
    help: "From submission to the deciding receipt, in seconds, by provider",
  });
  const seconds = kept((provider) => receipts.with({ provider }));
  const ofProvider = kept((provider) => kept((network) => cellOf(outcomes, { provider, network })));
  const [toReceipt, whole] = [stageSeconds(registry, "submitted_receipt"), stageSeconds(registry, "accepted_receipt")];
  const cost = providerCost(registry);
  return ({ type, facts, provider, state, cost: micros, currency, onDelivery, submittedAt, receiptAt }) => {
    if (provider === null) return;
    // Of a submission that was in doubt the sender has counted no cost; of one charged on delivery nobody has before its end.
    const due = type === "final" ? onDelivery : !onDelivery;
    if (due && micros !== null && currency !== null) cost(provider, currency, micros);
    if (type !== "final" || submittedAt === null) return;
    const outcome = state === "delivered" ? "delivered" : state === "unknown" ? "no_receipt" : "not_delivered";
    endedBy(provider)[outcome].add();
    ofProvider(provider)(facts.network ?? facts.country)[outcome].add();
    if (receiptAt === null) return;
    toReceipt(facts.lane, receiptAt - submittedAt);
    whole(facts.lane, receiptAt - facts.acceptedAt);
    seconds(provider).record(Math.max(0, receiptAt - submittedAt) / 1_000);
  };
}

/** All at once: a rate of failures needs the successes that have not come yet to be 0, not absent. */
function cellOf(outcomes: Family<Counter>, labels: Labels): Cell {
  const series = (outcome: Outcome) => outcomes.with({ ...labels, outcome });
  return {
    delivered: series("delivered"),
    not_delivered: series("not_delivered"),
    no_receipt: series("no_receipt"),
  };
}

/** Looks a series up once and keeps it, as far as there are series: what comes beyond is one series anyway. */
function kept<T>(make: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    let found = known.get(name);
    if (found === undefined) {
      found = make(name);
      if (known.size < MAX_SERIES) known.set(name, found);
    }
    return found;
  };
}
