import { hash } from "node:crypto";
import type { Callback, Event, MessageFacts } from "../../schemas/generated/types.ts";

/** What a customer's address is told of a message: the field `data` (docs/callbacks.md). */
export interface StatusData {
  readonly id: string;
  readonly status: string;
  /** Whether nothing comes after it. */
  readonly final: boolean;
  readonly account: string;
  /** E.164 with its plus. */
  readonly to: string;
  readonly from: string | null;
  readonly lane: string;
  readonly country: string;
  readonly network: string | null;
  readonly segments: number;
  readonly reference: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly attempt: number;
  readonly acceptedAt: string;
  readonly submittedAt: string | null;
  readonly doneAt: string | null;
  readonly errorClass: string | null;
  readonly errorCode: string | null;
}

/** Message and destination. */
export function chainOf({ messageId, to }: Pick<MessageFacts, "messageId" | "to">): string {
  return `${messageId}/${to}`;
}

/** The status that an event is told as; undefined for what stays inside. `queued` is told in the form of Twilio alone. */
export function toldStatus({ type, attempt, state }: Pick<Event, "type" | "attempt" | "state">): string | undefined {
  if (type === "submitted") return "sent";
  if (type === "final") return state === null || state === "enroute" ? undefined : state;
  return type === "routed" && attempt === 1 ? "queued" : undefined;
}

/** What is told of an event; undefined when it says nothing outside. */
export function statusData(event: Event): StatusData | undefined {
  const status = toldStatus(event);
  if (status === undefined) return undefined;
  const { facts } = event;
  return {
    id: facts.messageId,
    status,
    final: event.type === "final",
    account: facts.accountId,
    to: `+${facts.to}`,
    from: facts.sentAs ?? facts.from,
    lane: facts.lane,
    country: facts.country,
    network: facts.network,
    segments: facts.segments,
    reference: facts.reference,
    metadata: facts.metadata,
    attempt: event.attempt,
    acceptedAt: timeText(facts.acceptedAt)!,
    submittedAt: timeText(event.submittedAt),
    doneAt: timeText(event.doneAt),
    errorClass: event.errorClass,
    errorCode: event.errorCode,
  };
}

/** Names what is told of an event: the same however often. `eventId`: the header of its record. */
export function toldId(eventId: string, to: string): string {
  return `msg_${hash("sha256", `${eventId}\n${to}`, "hex").slice(0, 32)}`;
}

/** What is to be told of an event; undefined when there is nothing, or nobody. `eventId`: the header of its record; `now`: epoch ms. */
export function statusCallback(event: Event, eventId: string, now: number): Callback | undefined {
  const { facts } = event;
  const data = statusData(event);
  if (data === undefined || facts.callbackUrl === null || facts.callbackUrl === "") return undefined;
  return {
    id: toldId(eventId, facts.to),
    type: `message.${data.status}`,
    at: event.at,
    accountId: facts.accountId,
    messageId: facts.messageId,
    lane: facts.lane,
    url: facts.callbackUrl,
    data: JSON.stringify(data),
    since: now,
    attempts: 0,
    failure: null,
  };
}

/** RFC 3339 in UTC. */
export function timeText(at: number | null): string | null {
  return at === null || !(Math.abs(at) < 8.64e15) ? null : new Date(at).toISOString();
}
