import type { MetricRegistry } from "../../platform/telemetry/metric-registry.ts";
import type { CorrelationCounters } from "./correlator/correlation-counters.ts";
import type { Correlator } from "./correlator/correlator.ts";
import type { PlacingCounters, ReceiptPlacing } from "./placing/receipt-placing.ts";

/** Shows what the correlators of this process hold and have done. `live`: one for each partition owned. */
export function observeCorrelators(
  metrics: MetricRegistry,
  counters: CorrelationCounters,
  live: ReadonlySet<Correlator>,
): void {
  const sum = (size: (correlator: Correlator) => number) => () => {
    let total = 0;
    for (const correlator of live) total += size(correlator);
    return total;
  };
  const size = (correlator: Correlator) => correlator.correlation.size;
  metrics.observe(
    "correlator_open_messages",
    "gauge",
    "Messages with a provider and without a terminal state",
    sum((one) => size(one).open),
  );
  metrics.observe(
    "correlator_kept_messages",
    "gauge",
    "Open messages that are kept in sms.correlation",
    sum((one) => size(one).kept),
  );
  metrics.observe(
    "correlator_early_receipts",
    "gauge",
    "Receipts that wait for their submission",
    sum((one) => size(one).early),
  );
  metrics.observe(
    "correlator_quality_cells",
    "gauge",
    "Ways of a provider into a network, by lane and partition, that are watched for sms.quality",
    sum((one) => one.watched),
  );
  const receipts =
    "Receipts by what became of them; an early one is counted again when it is joined in doubt or given up";
  metrics.observe("correlator_receipts_total", "counter", receipts, () =>
    (["joined", "early", "joinedInDoubt", "orphans", "lookAlikes", "enroute", "afterFinal"] as const).map((name) => ({
      value: counters[name],
      labels: { outcome: name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) },
    })),
  );
  metrics.observe("correlator_finals_total", "counter", "Messages ended, by terminal state", () =>
    Object.entries(counters.finals).map(([state, value]) => ({ value, labels: { state } })),
  );
  metrics.observe("correlator_copies_total", "counter", "Copies of messages in doubt, by what became of them", () => [
    { value: counters.copiesReleased, labels: { outcome: "released" } },
    { value: counters.copiesDropped, labels: { outcome: "dropped" } },
  ]);
  metrics.observe("correlator_rerouted_total", "counter", "Messages sent on to another provider, by why", () => [
    { value: counters.rerouted.failed, labels: { cause: "failed" } },
    { value: counters.rerouted.missing, labels: { cause: "missing" } },
  ]);
  metrics.observe(
    "correlator_texts_missing_total",
    "counter",
    "Messages that were not sent on, since their request was not in the log any more",
    () => counters.textsMissing,
  );
  metrics.observe(
    "correlator_networks_learned_total",
    "counter",
    "Receipts that named another network than their message was routed by",
    () => counters.learned,
  );
  metrics.observe("correlator_repeats_total", "counter", "Events that said nothing new", () => counters.repeats);
  metrics.observe("correlator_undecodable_total", "counter", "Records put aside unread", () => counters.undecodable);
}

/** Shows how receipts that came without their number are placed. `live`: one for each partition owned. */
export function observePlacing(
  metrics: MetricRegistry,
  counters: PlacingCounters,
  live: ReadonlySet<ReceiptPlacing>,
): void {
  const sum = (size: (placing: ReceiptPlacing) => number) => () => {
    let total = 0;
    for (const placing of live) total += size(placing);
    return total;
  };
  metrics.observe("receipt_placing_total", "counter", "Receipts that came without their number, by outcome", () =>
    (["placed", "unclaimed"] as const).map((outcome) => ({ value: counters[outcome], labels: { outcome } })),
  );
  metrics.observe(
    "receipt_placing_waiting",
    "gauge",
    "Receipts without their number whose id has not been told yet",
    sum((one) => one.size.waiting),
  );
  metrics.observe(
    "receipt_placing_known_ids",
    "gauge",
    "Ids whose number is known here",
    sum((one) => one.size.known),
  );
}
