import type {
  Attempt,
  Dispatch,
  Event,
  MessageFacts,
  Receipt,
  ReceiptTo,
  Retry,
} from "../../schemas/generated/types.ts";

/**
 * Avro says which types a record has, and anything can be written to a topic. What follows says what the records between
 * our own services can hold, so that a stray one is put aside where it is read: a text of 1 MB would otherwise grow beyond
 * what a topic takes when it is written on, a message of 2^31 segments would stop a provider's rate for good.
 * Each function names the first field that cannot be, with no word of its content; undefined when there is none.
 */

const EARLIEST = 0;
const LATEST = Date.UTC(2100, 0, 1);
/** Far above what a request may hold (domain/message/validation.ts), far below what a record may. */
const MAX_TEXT = 10_000;
const MAX_NAME = 256;
const MAX_LABELS = 64;
const MAX_COUNTED = 256;
/** Attempts of a message; the router ends it with the last one. */
export const MAX_ATTEMPT = 10_000;
const MAX_TRIED = 256;
const MAX_SEGMENTS = 255;
/** Of one segment, millionths: a million units of any currency. */
const MAX_PRICE = 1e12;
/** Of a message, in the currency of a budget. */
const MAX_COST = MAX_PRICE * MAX_SEGMENTS;
/** Parts of an SMPP message, and characters of an id or address of its client. */
const MAX_SMPP_PARTS = 255;
const MAX_SMPP_ID = 64;
const MESSAGE_ID = /^[\w-]{1,64}$/;
/** E.164 without the plus; none in what is said of a request without a usable number. */
const DIGITS = /^\d{0,15}$/;

export function implausibleRetry(retry: Retry): string | undefined {
  const { facts, text, attempt, tried, inDoubt } = retry;
  if (text.length > MAX_TEXT) return "text: too long";
  if (!isName(inDoubt)) return "inDoubt: too long";
  const charged = implausibleCharge(retry);
  if (charged !== undefined) return charged;
  const spend = implausibleSpend(retry);
  if (spend !== undefined) return spend;
  return implausibleFacts(facts) ?? implausibleAttempts(attempt, tried);
}

export function implausibleDispatch(dispatch: Dispatch): string | undefined {
  const { provider, route, price, currency, tariff } = dispatch;
  if (!isName(provider)) return "provider: too long";
  if (!isName(route)) return "route: too long";
  if (!isName(currency)) return "currency: too long";
  if (price !== null && !(Math.abs(price) <= MAX_PRICE)) return "price: out of range";
  if (tariff !== null && !(tariff >= 0 && tariff <= MAX_PRICE)) return "tariff: out of range";
  return implausibleRetry(dispatch);
}

export function implausibleEvent(event: Event): string | undefined {
  const { provider, route, reason, currency, resubmitted, errorClass, errorCode, providerMessageIds } = event;
  const names = { provider, route, currency, resubmitted, errorClass, errorCode, source: event.source };
  for (const [field, value] of Object.entries(names)) if (!isName(value)) return `${field}: too long`;
  if (reason !== null && reason.length > MAX_TEXT) return "reason: too long";
  if (event.rules !== null && event.rules.length > MAX_TEXT) return "rules: too long";
  if (event.verdicts !== null && event.verdicts.length > MAX_TEXT) return "verdicts: too long";
  if (providerMessageIds.length > MAX_SEGMENTS || !providerMessageIds.every(isName))
    return "providerMessageIds: too many, or too long";
  if (event.counted.length > MAX_COUNTED || event.counted.some((one) => one.length > MAX_TEXT))
    return "counted: too many, or too long";
  const { at, submittedAt, doneAt, receiptAt, due } = event;
  const times = { at, submittedAt, doneAt, receiptAt, due };
  for (const [field, value] of Object.entries(times))
    if (value !== null && !isTime(value)) return `${field}: out of range`;
  const spend = implausibleSpend(event) ?? implausibleCharge(event);
  if (spend !== undefined) return spend;
  if (event.part !== null && !isCount(event.part, MAX_SEGMENTS)) return "part: out of range";
  return implausibleFacts(event.facts) ?? implausibleAttempts(event.attempt, []);
}

export function implausibleReceipt(receipt: Receipt): string | undefined {
  const { provider, providerMessageId, to, messageId, errorCode, doneAt, receivedAt } = receipt;
  for (const [field, value] of Object.entries({ provider, providerMessageId, to, messageId, errorCode }))
    if (!isName(value)) return `${field}: too long`;
  if (doneAt !== null && !isTime(doneAt)) return "doneAt: out of range";
  if (receipt.parts !== null && !isCount(receipt.parts, MAX_SEGMENTS)) return "parts: out of range";
  if (receipt.inbound !== null && receipt.inbound.text.length > MAX_TEXT) return "inbound.text: too long";
  return isTime(receivedAt) ? undefined : "receivedAt: out of range";
}

function implausibleFacts(facts: MessageFacts): string | undefined {
  if (!MESSAGE_ID.test(facts.messageId)) return "facts.messageId: not an id";
  if (!DIGITS.test(facts.to)) return "facts.to: not a number";
  const { accountId, from, country, network, reference, sentAs } = facts;
  for (const [field, value] of Object.entries({ accountId, from, country, network, reference, sentAs }))
    if (!isName(value)) return `facts.${field}: too long`;
  if (facts.callbackUrl !== null && facts.callbackUrl.length > MAX_TEXT) return "facts.callbackUrl: too long";
  if (!isCount(facts.segments, MAX_SEGMENTS)) return "facts.segments: out of range";
  if (!isCount(facts.segmentsSaved, MAX_SEGMENTS)) return "facts.segmentsSaved: out of range";
  if (!isPlausibleReceiptTo(facts.receiptTo)) return "facts.receiptTo: too many ids, or a text too long";
  if (!isTime(facts.acceptedAt)) return "facts.acceptedAt: out of range";
  if (!isTime(facts.expiresAt)) return "facts.expiresAt: out of range";
  let labels = 0;
  for (const label in facts.metadata) {
    if (++labels > MAX_LABELS) return "facts.metadata: too many labels";
    if (!isName(label) || facts.metadata[label]!.length > MAX_TEXT) return "facts.metadata: a label too long";
  }
  return undefined;
}

/** Whether receipts can go there: the ids and addresses are no longer than SMPP carries. */
export function isPlausibleReceiptTo(to: ReceiptTo | null): boolean {
  if (to === null) return true;
  return to.ids.length <= MAX_SMPP_PARTS && [...to.ids, to.source, to.dest].every((text) => text.length <= MAX_SMPP_ID);
}

function implausibleSpend({
  spendLeft,
  spendCurrency,
}: Pick<Event, "spendLeft" | "spendCurrency">): string | undefined {
  if (!isName(spendCurrency)) return "spendCurrency: too long";
  return spendLeft !== null && !(Math.abs(spendLeft) <= MAX_PRICE) ? "spendLeft: out of range" : undefined;
}

function implausibleCharge({ charge }: Pick<Retry, "charge">): string | undefined {
  if (charge === null) return undefined;
  const { currency, added, held, until, addedToMonth, monthUntil } = charge;
  if (!isName(currency)) return "charge.currency: too long";
  if (!(Math.abs(added) <= MAX_COST && held >= 0 && held <= MAX_COST)) return "charge: out of range";
  if (!(Math.abs(addedToMonth ?? 0) <= MAX_COST)) return "charge.addedToMonth: out of range";
  if (!isTime(until)) return "charge.until: out of range";
  return isTime(monthUntil ?? until) ? undefined : "charge.monthUntil: out of range";
}

function implausibleAttempts(attempt: number, tried: readonly Attempt[]): string | undefined {
  if (!isCount(attempt, MAX_ATTEMPT)) return "attempt: out of range";
  if (tried.length > MAX_TRIED) return "tried: too many";
  for (const { provider, errorClass, errorCode } of tried)
    if (!isName(provider) || !isName(errorClass) || !isName(errorCode)) return "tried: a name too long";
  return undefined;
}

function isName(value: string | null): boolean {
  return value === null || value.length <= MAX_NAME;
}

function isCount(value: number, most: number): boolean {
  return value >= 0 && value <= most;
}

function isTime(value: number): boolean {
  return value >= EARLIEST && value < LATEST;
}
