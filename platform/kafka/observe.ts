import type { LifecycleScope } from "../lifecycle/lifecycle.ts";
import type { Labels, MetricRegistry } from "../telemetry/metric-registry.ts";
import { leaderless } from "./leaderless.ts";
import type { RecordProducer } from "./producer.ts";
import type { TaskGroup } from "./task-group.ts";
import { topicLags } from "./topic-lag.ts";

/** A write that has been failing for so long makes a service not ready. */
const FAILING_MS = 5_000;
/** Fetches come at least every `maxWaitMs`; a group that has had none for so long is stuck. */
const FETCH_MS = 5_000;

/** Records of one request to write, at most about a thousand a partition. */
const REQUEST_BOUNDS = [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000];

type ObservedScope = Pick<LifecycleScope, "readiness"> & { readonly metrics: MetricRegistry };

/**
 * Readiness and metrics of a service's producer and consumer groups. `now`: epoch ms by the brokers' clock, by which lag is measured;
 * default the host's. @returns a function that removes the group's again
 */
export function observeKafka(
  scope: ObservedScope,
  parts: {
    readonly producer?: RecordProducer;
    readonly group?: TaskGroup;
    readonly name?: string;
    readonly now?: () => number;
  },
): () => void {
  const { producer, group, name } = parts;
  if (producer !== undefined) observeProducer(scope, producer);
  if (group === undefined) return () => {};
  const unregister = registerReadiness(scope, group, name === undefined ? "" : ` ${name}`);
  const now = parts.now ?? (producer === undefined ? Date.now : () => producer.clock.now());
  const forget = observeGroup(scope.metrics, { group, now, labels: { group: name ?? "main" } });
  return () => {
    unregister();
    forget();
  };
}

/** How many topics the note names. */
const NAMED_TOPICS = 10;

/** Shows which partitions have no leader, by a metric and beside the readiness checks: it keeps nobody from the work on the others. */
export function observeLeaders({ metrics, readiness }: ObservedScope): void {
  metrics.observe("kafka_leaderless_partitions", "gauge", "Partitions without a leader, of topics that have any", () =>
    leaderless.topics.map(({ topic, partitions }) => ({ value: partitions.length, labels: { topic } })),
  );
  readiness.note("partitions without a leader", () => {
    const { topics } = leaderless;
    if (topics.length === 0) return undefined;
    const named = topics.slice(0, NAMED_TOPICS).map(({ topic, partitions }) => `${topic} ${partitions.join(", ")}`);
    const more = topics.length > NAMED_TOPICS ? `; and of ${topics.length - NAMED_TOPICS} more topics` : "";
    return `waiting for kafka: no leader of ${named.join("; ")}${more}`;
  });
}

function registerReadiness(scope: ObservedScope, group: TaskGroup, label: string): () => void {
  const removeNote = scope.readiness.note(`consumer${label}`, () => {
    const { waiting } = group.status;
    if (waiting.length === 0) return undefined;
    return `waiting for kafka: partitions ${waiting.join(", ")} do not run, since one that they read from has no leader`;
  });
  const unregister = scope.readiness.register(`consumer${label}`, () => {
    const status = group.status;
    if (!status.joined)
      return {
        ok: false,
        why: status.trouble === undefined ? "joining the consumer group" : `waiting for kafka: ${status.trouble}`,
      };
    if (!status.leaseValid)
      return { ok: false, why: "waiting for kafka: the group coordinator has not answered a heartbeat for too long" };
    if (status.running + status.waiting.length < status.assigned.length)
      return { ok: false, why: `${status.running} of ${status.assigned.length} partitions are running` };
    if (status.assigned.length > 0 && status.fetchAgeMs > FETCH_MS)
      return { ok: false, why: `no fetch for ${Math.round(status.fetchAgeMs)} ms` };
    return { ok: true };
  });
  return () => {
    unregister();
    removeNote();
  };
}

interface ObservedGroup {
  readonly group: TaskGroup;
  readonly labels: Labels;
  readonly now: () => number;
}

/** A process may have several groups; the registry reads a metric from one place. */
const observed = new WeakMap<MetricRegistry, ObservedGroup[]>();

function observeGroup(metrics: MetricRegistry, entry: ObservedGroup): () => void {
  let groups = observed.get(metrics);
  if (groups === undefined) {
    groups = [];
    observed.set(metrics, groups);
    observeGroups(metrics, groups);
  }
  const all = groups;
  all.push(entry);
  return () => void all.splice(all.indexOf(entry), 1);
}

function observeGroups(metrics: MetricRegistry, groups: readonly ObservedGroup[]): void {
  const each = (name: string, kind: "counter" | "gauge", help: string, value: (group: TaskGroup) => number) =>
    metrics.observe(name, kind, help, () => groups.map(({ group, labels }) => ({ value: value(group), labels })));
  each("consumer_task_failures_total", "counter", "Tasks that failed and began again", (g) => g.counters.taskFailures);
  each("consumer_records_total", "counter", "Records read by the consumer group", (g) => g.counters.records);
  each("consumer_joins_total", "counter", "Times this instance joined its group", (g) => g.counters.joins);
  each(
    "consumer_lapses_total",
    "counter",
    "Times heartbeats went unanswered for half a session",
    (g) => g.counters.lapses,
  );
  each("consumer_partitions", "gauge", "Partitions owned", (g) => g.status.assigned.length);
  const lags = (value: (lag: { records: number; ms: number }) => number) => () =>
    groups.flatMap(({ group, labels, now }) =>
      [...topicLags(group.tasks, now())].map(([topic, lag]) => ({ value: value(lag), labels: { ...labels, topic } })),
    );
  metrics.observe(
    "consumer_lag_records",
    "gauge",
    "Records in the log that have not been taken, by topic",
    lags(({ records }) => records),
  );
  metrics.observe(
    "consumer_lag_seconds",
    "gauge",
    "Age of the oldest record that has been read and not taken, in seconds, by topic; what waits in a retry topic does so on purpose",
    lags(({ ms }) => ms / 1_000),
  );
}

function observeProducer(scope: ObservedScope, producer: RecordProducer): void {
  const silentMs = () => (producer.unconfirmedSince === 0 ? 0 : performance.now() - producer.unconfirmedSince);
  scope.readiness.register("producer", () => {
    const silent = silentMs();
    return silent > FAILING_MS
      ? { ok: false, why: `waiting for kafka: it has not confirmed a write for ${Math.round(silent)} ms` }
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
  metrics.observe(
    "producer_unconfirmed_seconds",
    "gauge",
    "For how long nothing has been confirmed of what is being written, in seconds; 0 while nothing is",
    () => silentMs() / 1_000,
  );
  metrics.observe(
    "kafka_clock_offset_seconds",
    "gauge",
    "The brokers' clock less this host's, in seconds",
    () => (producer.clock.now() - Date.now()) / 1_000,
  );
  const records = metrics
    .histogram("producer_request_records", { help: "Records of one request to write", bounds: REQUEST_BOUNDS })
    .with();
  producer.onRequest = (count) => records.record(count);
}
