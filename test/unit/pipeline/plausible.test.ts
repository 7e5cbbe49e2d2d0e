import { expect, test } from "vitest";
import { BLANK_EVENT } from "../../../pipeline/records/event-record.ts";
import {
  implausibleDispatch,
  implausibleEvent,
  implausibleReceipt,
  implausibleRetry,
} from "../../../pipeline/records/plausible.ts";
import type { Dispatch, Event, MessageFacts, Receipt } from "../../../schemas/generated/types.ts";
import { facts } from "../analytics-sink/events.ts";

const LONG = "x".repeat(500_000);
const BEYOND = 8_640_000_000_000_001;
const dispatch: Dispatch = {
  facts: facts(),
  text: "hello",
  attempt: 1,
  provider: "a",
  route: "all",
  price: 70_000,
  currency: "EUR",
  tried: [{ provider: "b", errorClass: "transient", errorCode: "x" }],
  inDoubt: null,
  spendLeft: null,
  spendCurrency: null,
  charge: null,
  onDelivery: false,
  tariff: null,
};
const event: Event = { ...BLANK_EVENT, type: "submitted", at: 1, facts: facts(), attempt: 1 };
const receipt: Receipt = {
  provider: "a",
  providerMessageId: "1",
  to: "491701234567",
  messageId: null,
  state: "delivered",
  errorCode: null,
  doneAt: null,
  receivedAt: 1,
  inbound: null,
  parts: null,
  network: null,
};

const RECEIPT_TO = {
  ...{ ids: ["1"], asked: 1, sourceTon: 0, sourceNpi: 0, source: "1" },
  ...{ destTon: 1, destNpi: 1, dest: "2", reference: null },
};
const CHARGE = { currency: "EUR", added: 1, held: 1, until: 1, addedToMonth: null, monthUntil: null };

test("what our services write is plausible", () => {
  expect(implausibleRetry({ ...dispatch, charge: CHARGE })).toBeUndefined();
  expect(implausibleDispatch(dispatch)).toBeUndefined();
  expect(implausibleRetry(dispatch)).toBeUndefined();
  expect(implausibleEvent(event)).toBeUndefined();
  expect(implausibleReceipt(receipt)).toBeUndefined();
});

test.each<[keyof MessageFacts, Partial<MessageFacts>]>([
  ["segments", { segments: -1 }],
  ["segments", { segments: 2_147_483_647 }],
  ["receiptTo", { receiptTo: { ...RECEIPT_TO, ids: Array(256).fill("1") } }],
  ["receiptTo", { receiptTo: { ...RECEIPT_TO, ids: [LONG] } }],
  ["receiptTo", { receiptTo: { ...RECEIPT_TO, source: LONG } }],
  ["messageId", { messageId: "a/1/final" }],
  ["messageId", { messageId: LONG }],
  ["to", { to: "\u0000" }],
  ["accountId", { accountId: LONG }],
  ["reference", { reference: LONG }],
  ["callbackUrl", { callbackUrl: LONG }],
  ["metadata", { metadata: { label: LONG } }],
  ["metadata", { metadata: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`l${n}`, ""])) }],
  ["acceptedAt", { acceptedAt: BEYOND }],
  ["expiresAt", { expiresAt: -1 }],
])("facts.%s is named, whatever record they stand in", (field, change) => {
  const wrong = facts(change);
  const named = expect.stringMatching(new RegExp(`^facts\\.${field}: `));
  expect(implausibleDispatch({ ...dispatch, facts: wrong })).toEqual(named);
  expect(implausibleRetry({ ...dispatch, facts: wrong })).toEqual(named);
  expect(implausibleEvent({ ...event, facts: wrong })).toEqual(named);
});

test.each<[string, string | undefined]>([
  ["text", implausibleRetry({ ...dispatch, text: LONG })],
  ["attempt", implausibleRetry({ ...dispatch, attempt: 2_147_483_647 })],
  ["tried", implausibleRetry({ ...dispatch, tried: [{ provider: null, errorClass: LONG, errorCode: null }] })],
  ["price", implausibleDispatch({ ...dispatch, price: Number.MAX_SAFE_INTEGER })],
  ["provider", implausibleDispatch({ ...dispatch, provider: LONG })],
  ["providerMessageIds", implausibleEvent({ ...event, providerMessageIds: [LONG] })],
  ["providerMessageIds", implausibleEvent({ ...event, providerMessageIds: new Array(256).fill("1") })],
  ["part", implausibleEvent({ ...event, part: -1 })],
  ["at", implausibleEvent({ ...event, at: BEYOND })],
  ["reason", implausibleEvent({ ...event, reason: LONG })],
  ["charge", implausibleRetry({ ...dispatch, charge: { ...CHARGE, held: -1 } })],
  ["charge", implausibleEvent({ ...event, charge: { ...CHARGE, added: Number.MAX_SAFE_INTEGER } })],
  ["charge.currency", implausibleEvent({ ...event, charge: { ...CHARGE, currency: LONG } })],
  ["charge.until", implausibleEvent({ ...event, charge: { ...CHARGE, until: BEYOND } })],
  ["charge.monthUntil", implausibleRetry({ ...dispatch, charge: { ...CHARGE, monthUntil: BEYOND } })],
  [
    "charge.addedToMonth",
    implausibleRetry({ ...dispatch, charge: { ...CHARGE, addedToMonth: Number.MIN_SAFE_INTEGER } }),
  ],
  ["providerMessageId", implausibleReceipt({ ...receipt, providerMessageId: LONG })],
  ["doneAt", implausibleReceipt({ ...receipt, doneAt: BEYOND })],
])("%s is named", (field, said) => {
  expect(said).toMatch(new RegExp(`^${field}: `));
});
