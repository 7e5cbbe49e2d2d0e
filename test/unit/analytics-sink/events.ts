import { BLANK_EVENT } from "../../../pipeline/records/event-record.ts";
import type { Event, MessageFacts } from "../../../schemas/generated/types.ts";

export const ACCEPTED_AT = Date.UTC(2026, 4, 6, 7, 8, 9, 123);

export function facts(change: Partial<MessageFacts> = {}): MessageFacts {
  return {
    messageId: "0190e0f1-aaaa-7bbb-8ccc-0123456789ab",
    accountId: "acme",
    lane: "otp",
    to: "491701234567",
    from: "Sluice",
    country: "DE",
    network: "26201",
    encoding: "gsm7",
    segments: 2,
    reference: "order 7",
    callbackUrl: null,
    metadata: {},
    acceptedAt: ACCEPTED_AT,
    expiresAt: ACCEPTED_AT + 3_600_000,
    networkSource: null,
    sentAs: null,
    segmentsSaved: 0,
    receiptTo: null,
    ...change,
  };
}

/** An event with nothing said beyond its type. */
export function event(change: Partial<Event> = {}): Event {
  return {
    ...BLANK_EVENT,
    type: "routed",
    at: ACCEPTED_AT + 10,
    facts: facts(),
    attempt: 1,
    ...change,
  };
}
