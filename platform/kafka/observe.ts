import type { LifecycleScope } from "../lifecycle/lifecycle.ts";
import type { Labels, MetricRegistry } from "../telemetry/metric-registry.ts";
import type { RecordProducer } from "./producer.ts";
import type { TaskGroup } from "./task-group.ts";

/** A write that has been failing for so long makes a service not ready. */
const FAILING_MS = 5_000;
/** Fetches come at least every `maxWaitMs`; a group that has had none for so long is stuck. */
const FETCH_MS = 5_000;

/** Readiness and metrics of a service's producer and consumer group. @returns a function that removes the group's again */
export function observeKafka(
  scope: Pick<LifecycleScope, "readiness"> & { readonly metrics: MetricRegistry },
  parts: { readonly producer?: RecordProducer; readonly group?: TaskGroup; readonly name?: string },
): () => void {
  const { producer, group } = parts;
  const label = parts.name === undefined ? "" : ` ${parts.name}`;
  if (producer !== undefined) observeProducer(scope, producer);
  if (group === undefined) return () => {};
  const unregister = scope.readiness.register(`consumer${label}`, () => {
    const status = group.status;
    if (!status.joined)
      return {
        ok: false,
        why: status.trouble === undefined ? "joining the consumer group" : `waiting for kafka: ${status.trouble}`,
      };
    if (!status.leaseValid)
      return { ok: false, why: "waiting for kafka: the group coordinator has not answered a heartbeat for too long" };
    if (status.running < status.assigned.length)
      return { ok: false, why: `${status.running} of ${status.assigned.length} partitions are running` };
    if (status.assigned.length > 0 && status.fetchAgeMs > FETCH_MS)
      return { ok: false, why: `no fetch for ${Math.round(status.fetchAgeMs)} ms` };
    return { ok: true };
  });
  const labels: Labels = parts.name === undefined ? {} : { group: parts.name };
  const { metrics } = scope;
  const forget = observeFailures(metrics, group, labels);
  if (parts.name === undefined) {
    metrics.observe("consumer_records_total", "counter", "Records read by the consumer group", () => [
      { value: group.counters.records, labels },
    ]);
    metrics.observe("consumer_joins_total", "counter", "Times this instance joined its group", () => [
      { value: group.counters.joins, labels },
    ]);
    metrics.observe("consumer_lapses_total", "counter", "Times heartbeats went unanswered for half a session", () => [
      { value: group.counters.lapses, labels },
    ]);
    metrics.observe("consumer_lag_records", "gauge", "Records in the log that have not been taken", () => [
      {
        value: group.tasks.reduce((sum, task) => sum + task.inputs.reduce((n, input) => n + input.backlog, 0), 0),
        labels,
      },
    ]);
    metrics.observe("consumer_partitions", "gauge", "Partitions owned", () => [
      { value: group.status.assigned.length, labels },
    ]);
  }
  return () => {
    unregister();
    forget();
  };
}

/** A process may have several groups; the registry reads a metric from one place. */
const observed = new WeakMap<MetricRegistry, { readonly group: TaskGroup; readonly labels: Labels }[]>();

function observeFailures(metrics: MetricRegistry, group: TaskGroup, labels: Labels): () => void {
  const groups = observed.get(metrics) ?? [];
  observed.set(metrics, groups);
  const entry = { group, labels };
  groups.push(entry);
  metrics.observe("consumer_task_failures_total", "counter", "Tasks that failed and began again", () =>
    groups.map((one) => ({ value: one.group.counters.taskFailures, labels: one.labels })),
  );
  return () => void groups.splice(groups.indexOf(entry), 1);
}

function observeProducer(
  scope: Pick<LifecycleScope, "readiness"> & { readonly metrics: MetricRegistry },
  producer: RecordProducer,
): void {
  scope.readiness.register("producer", () => {
    const failing = producer.unconfirmedSince === 0 ? 0 : performance.now() - producer.unconfirmedSince;
    return failing > FAILING_MS
      ? { ok: false, why: `waiting for kafka: it has not confirmed a write for ${Math.round(failing)} ms` }
      : { ok: true };
  });
  const { metrics } = scope;
  metrics.observe(
    "producer_acknowledged_total",
    "counter",
    "Records that all in-sync replicas have",
    () => producer.counters.acknowledged,
  );
  metrics.observe("producer_requests_total", "counter", "Requests to write records", () => producer.counters.requests);
  metrics.observe(
    "producer_repeated_total",
    "counter",
    "Records sent again because the first attempt was not confirmed",
    () => producer.counters.repeated,
  );
  metrics.observe("producer_queued_bytes", "gauge", "Bytes waiting to be written", () => producer.queued.bytes);
}
