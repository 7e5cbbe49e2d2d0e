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
  /** Messages with an Idempotency-Key or id, by what that came to. */
  readonly keyed: Readonly<Record<KeyedOutcome, Counter>>;
  /** From the write to Kafka's acknowledgement, seconds. */
  readonly acknowledgement: Histogram;
}

/**
 * - `first`: the key was new;
 * - `repeated`: the first one's answer was given again, and nothing was written;
 * - `again`: it was not known whether the first had been stored, and it was written once more under its id;
 * - `in_progress`: the first may still have been under way;
 * - `conflict`: the key stood for something else;
 * - `unknowable`: it could not be told what the key stood for, and nothing was accepted.
 */
const keyedOutcomes = ["first", "repeated", "again", "in_progress", "conflict", "unknowable"] as const;
type KeyedOutcome = (typeof keyedOutcomes)[number];

export function acceptanceMetrics(registry: MetricRegistry): AcceptanceMetrics {
  const messages = registry.counter("ingest_messages_total", { help: "Messages by lane and what became of them" });
  const accepted = Object.fromEntries(
    lanes.map((lane) => [lane, messages.with({ lane, outcome: "accepted" })]),
  ) as Record<Lane, Counter>;
  const withKeys = registry.counter("ingest_keyed_messages_total", {
    help: "Messages with an Idempotency-Key or an id, by what that came to: first, repeated, again, in_progress, conflict, unknowable",
  });
  const keyed = Object.fromEntries(
    keyedOutcomes.map((outcome) => [outcome, withKeys.with({ outcome })]),
  ) as AcceptanceMetrics["keyed"];
  return {
    accepted,
    keyed,
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
