import { type Lane, lanes } from "../../domain/message/lane.ts";
import type { Counter, Histogram, MetricRegistry } from "../../platform/telemetry/metric-registry.ts";

/** What ingest counts. The series are looked up once, so that counting costs an addition. */
export interface IngestMetrics {
  /** Messages acknowledged by all in-sync replicas. */
  readonly accepted: Readonly<Record<Lane, Counter>>;
  /** Messages refused because of what they are. */
  readonly rejected: Counter;
  /** Messages of valid requests that were refused because Kafka did not take more. */
  readonly refused: Counter;
  /** Messages for which Kafka's answer did not come in time. */
  readonly unknown: Counter;
  /** Requests refused for their rate. */
  readonly throttled: Counter;
  /** Requests without a valid key. */
  readonly unauthorized: Counter;
  /** From the write to Kafka's acknowledgement, seconds. */
  readonly acknowledgement: Histogram;
  /** Counts an answer and the time it took, seconds. */
  answered(route: Route, status: number, seconds: number): void;
}

export type Route = "message" | "batch" | "status" | "other";

export function ingestMetrics(registry: MetricRegistry): IngestMetrics {
  const messages = registry.counter("ingest_messages_total", { help: "Messages by lane and what became of them" });
  const refusals = registry.counter("ingest_refused_requests_total", { help: "Requests refused before their body" });
  const answers = registry.counter("ingest_answers_total", { help: "HTTP answers by route and status" });
  const seconds = registry.histogram("ingest_request_seconds", {
    help: "From a request's headers to the end of its answer, in seconds",
  });
  const times = new Map<Route, Histogram>();
  const counts = new Map<string, Counter>();
  const accepted = Object.fromEntries(
    lanes.map((lane) => [lane, messages.with({ lane, outcome: "accepted" })]),
  ) as Record<Lane, Counter>;
  return {
    accepted,
    rejected: messages.with({ lane: "any", outcome: "rejected" }),
    refused: messages.with({ lane: "any", outcome: "refused" }),
    unknown: messages.with({ lane: "any", outcome: "unknown" }),
    throttled: refusals.with({ reason: "rate" }),
    unauthorized: refusals.with({ reason: "unauthorized" }),
    acknowledgement: registry
      .histogram("ingest_acknowledgement_seconds", {
        help: "From the write to the acknowledgement by all in-sync replicas, in seconds",
      })
      .with(),
    answered(route, status, duration) {
      const name = `${route} ${status}`;
      const count = counts.get(name) ?? answers.with({ route, status: String(status) });
      const time = times.get(route) ?? seconds.with({ route });
      counts.set(name, count);
      times.set(route, time);
      count.add();
      time.record(duration);
    },
  };
}
