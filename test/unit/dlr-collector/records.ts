import type { Event, EventType, MessageFacts, MessageState, Receipt } from "../../../schemas/generated/types.ts";

/** Values for tests; what a test is about is given, the rest is plausible. */

export function facts(messageId: string, over: Partial<MessageFacts> = {}): MessageFacts {
  return {
    messageId,
    accountId: "acme",
    lane: "transactional",
    to: "491701234567",
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
    ...over,
  };
}

export function event(type: EventType, messageId: string, over: Partial<Event> = {}): Event {
  return {
    type,
    at: 2_000,
    facts: facts(messageId),
    attempt: 1,
    provider: "smsc-a",
    route: "default",
    reason: null,
    price: 7_500,
    cost: null,
    currency: "EUR",
    submittedAt: null,
    providerMessageIds: [],
    resubmitted: null,
    errorClass: null,
    errorCode: null,
    part: null,
    state: null,
    doneAt: null,
    receiptAt: null,
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
    to: "491701234567",
    messageId: null,
    state,
    errorCode: null,
    doneAt: 3_000,
    receivedAt: 3_100,
    ...over,
  };
}
