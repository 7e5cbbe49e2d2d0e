import { messageIdFromKey } from "../../domain/message/message-id.ts";
import { CONSENT_UNKNOWN_CLASS, QUIET_HOURS_CLASS } from "../../domain/message/tries.ts";
import { headerText, type InRecord } from "../../platform/kafka/record.ts";
import {
  extractTrace,
  formatTraceparent,
  parseTraceparent,
  type TraceContext,
} from "../../platform/telemetry/trace-context.ts";
import type { Event, Lane } from "../../schemas/generated/types.ts";
import { OBJECTIVES } from "../alerts/rules/lane-rules.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;
const ZERO_SPAN = "0".repeat(16);

/**
 * The trace of a message that brings none of its own: its id without dashes is the trace's, and the second half of it the first span's. So
 * whoever knows a message finds its trace, and nothing has to be carried of a message that is not traced.
 */
export function traceOfMessage(messageId: string): TraceContext {
  const traceId = messageId.replaceAll("-", "");
  return { traceId, spanId: rootSpanOf(messageId), sampled: true };
}

/** The first span of a message, whoever's trace it stands in. */
export function rootSpanOf(messageId: string): string {
  const half = messageId.replaceAll("-", "").slice(16);
  // No UUID of a program that has a random source, and no valid id of a span.
  return half === ZERO_SPAN ? `${half.slice(1)}1` : half;
}

/**
 * The trace of the message that a record is about: the one it carries; else that of the message its `id` names; else one of its place
 * (topic, partition, offset).
 */
export function traceOfRecord(record: Pick<InRecord, "topic" | "partition" | "offset" | "headers">): TraceContext {
  const carried = extractTrace(record.headers);
  if (carried !== undefined) return carried;
  const named = UUID.exec(headerText(record as InRecord, "id") ?? "")?.[0];
  return traceOfMessage(named ?? messageIdFromKey("", `${record.topic}/${record.partition}/${record.offset}`));
}

/** For log lines about one record: the trace that its message is in, or would be. */
export function traceField(record: Pick<InRecord, "topic" | "partition" | "offset" | "headers">): { trace_id: string } {
  return { trace_id: traceOfRecord(record).traceId };
}

/** For log lines about one message. */
export function traceIdOf({ facts }: Pick<Event, "facts">, traceparent: string | undefined): string {
  return (sampledTrace(traceparent) ?? traceOfMessage(facts.messageId)).traceId;
}

/** The trace that a `traceparent` says to record. */
export function sampledTrace(traceparent: string | undefined): TraceContext | undefined {
  const context = traceparent === undefined ? undefined : parseTraceparent(traceparent);
  return context?.sampled ? context : undefined;
}

/** A record's headers with its trace in them. */
export function traceHeaders(context: TraceContext | undefined): Record<string, string> {
  return context === undefined ? {} : { traceparent: formatTraceparent(context) };
}

/**
 * Whether an event is a failure of its message, and so traced whatever the share. What a provider never had (`unsubmitted`: its circuit
 * was open, too many waited for the number), or was not to be sent at this hour, is none: the message takes another way or waits, and the attempt is named
 * where that leads.
 */
export function isFailure({ type, errorClass, state }: Event): boolean {
  switch (type) {
    case "closed":
    case "in_doubt":
    case "rerouted":
      return true;
    case "returned":
      return errorClass !== "unsubmitted" && errorClass !== QUIET_HOURS_CLASS && errorClass !== CONSENT_UNKNOWN_CLASS;
    case "final":
      return state !== "delivered";
    default:
      return false;
  }
}

const OBJECTIVE_MS = new Map<string, number>(OBJECTIVES.map(({ lane, seconds }) => [lane, seconds * 1_000]));

/** How long a message of this lane may take from its acceptance to the provider's yes, ms. */
export function objectiveMs(lane: Lane): number {
  return OBJECTIVE_MS.get(lane)!;
}

/** Whether a message was submitted later than its lane's objective allows. */
export function isLate({ type, at, facts }: Event): boolean {
  return type === "submitted" && at - facts.acceptedAt > objectiveMs(facts.lane);
}
