import { BLANK_EVENT } from "../../../pipeline/records/event-record.ts";
import type { Event, EventType, MessageFacts, MessageState, Receipt } from "../../../schemas/generated/types.ts";

/** Values for tests; what a test is about is given, the rest is plausible. */

/** The number that messages and receipts are of unless told otherwise. */
export const TO = "491701234567";

export function facts(messageId: string, over: Partial<MessageFacts> = {}): MessageFacts {
  return {
    messageId,
    accountId: "acme",
    lane: "transactional",
    to: TO,
    from: null,
    country: "DE",
    network: null,
    encoding: "gsm7",
    segments: 1,
    reference: null,
    callbackUrl: null,
    metadata: {},
    acceptedAt: 1_000,
    expiresAt: 86_400_000,
    networkSource: null,
    sentAs: null,
    segmentsSaved: 0,
    receiptTo: null,
    ...over,
  };
}

export function event(type: EventType, messageId: string, over: Partial<Event> = {}): Event {
  return {
    ...BLANK_EVENT,
    type,
    at: 2_000,
    facts: facts(messageId),
    attempt: 1,
    provider: "smsc-a",
    route: "default",
    price: 7_500,
    currency: "EUR",
    ...over,
  };
}

export function submitted(messageId: string, ids: string[], over: Partial<Event> = {}): Event {
  return event("submitted", messageId, { submittedAt: 2_000, providerMessageIds: ids, cost: 7_500, ...over });
}

export function receipt(providerMessageId: string, state: MessageState, over: Partial<Receipt> = {}): Receipt {
  return {
    provider: "smsc-a",
    providerMessageId,
    to: TO,
    messageId: null,
    state,
    errorCode: null,
    doneAt: 3_000,
    receivedAt: 3_100,
    inbound: null,
    parts: null,
    network: null,
    ...over,
  };
}
