import { type Lane, lanes } from "../../../domain/message/lane.ts";
import type { Counter, Family, Histogram, MetricRegistry } from "../../../platform/telemetry/metric-registry.ts";

/** What is counted of acceptance, whatever the door. The series are looked up once, so that counting costs an addition. */
export interface AcceptanceMetrics {
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
  /** From the write to Kafka's acknowledgement, seconds. */
  readonly acknowledgement: Histogram;
}

export function acceptanceMetrics(registry: MetricRegistry): AcceptanceMetrics {
  const messages = registry.counter("ingest_messages_total", { help: "Messages by lane and what became of them" });
  const accepted = Object.fromEntries(
    lanes.map((lane) => [lane, messages.with({ lane, outcome: "accepted" })]),
  ) as Record<Lane, Counter>;
  return {
    accepted,
    rejected: messages.with({ lane: "any", outcome: "rejected" }),
    refused: messages.with({ lane: "any", outcome: "refused" }),
    unknown: messages.with({ lane: "any", outcome: "unknown" }),
    throttled: refusedRequests(registry).with({ reason: "rate" }),
    acknowledgement: registry
      .histogram("ingest_acknowledgement_seconds", {
        help: "From the write to the acknowledgement by all in-sync replicas, in seconds",
      })
      .with(),
  };
}

/** Requests by the reason for which they were refused unread; a door has reasons of its own. */
export function refusedRequests(registry: MetricRegistry): Family<Counter> {
  return registry.counter("ingest_refused_requests_total", { help: "Requests refused before their body" });
}
