import { expect, it } from "vitest";
import { validateSendRequest } from "../../../domain/message/validation.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import type { SendRequest } from "../../../schemas/generated/types.ts";
import { takeIn } from "../../../services/router/intake.ts";

const NOW = Date.UTC(2026, 10, 29);
const record = { topic: "sms.requests.otp", partition: 0, offset: 7, timestamp: NOW } as unknown as InRecord;

function request(to: string): SendRequest {
  return {
    messageId: null,
    accountId: "acme",
    to,
    from: null,
    text: "Your code is 4711",
    validitySeconds: null,
    reference: null,
    callbackUrl: null,
    transliterate: false,
    sendAt: null,
    receiptTo: null,
    metadata: {},
    acceptedAt: null,
  };
}

const take = (to: string) => takeIn(request(to), "otp", record, () => ({}));

it.each([
  ["(201) 555-0123", "destination-not-international"],
  ["131 2345 6789", "destination-not-international"],
  ["+447012345678", "destination-type-unsupported"],
  ["+491711234567;ext=5", "destination-malformed"],
  ["+491711234567,+491711234568", "destination-malformed"],
  ["1-800-FLOWERS", "destination-malformed"],
  ["+49171", "destination-invalid"],
  ["\u200b", "destination-empty"],
])("refuses %s over Kafka with the code that HTTP gives: %s", (to, code) => {
  const intake = take(to);
  const overHttp = validateSendRequest({ to, text: "Your code is 4711" });
  expect(intake).toMatchObject({ ok: false, problems: [{ field: "to", code }] });
  expect(!overHttp.ok && !intake.ok && overHttp.problems).toEqual(!intake.ok && intake.problems);
});

it.each([
  ["+5215500000012", { to: "525500000012", country: "MX", network: null }],
  ["\u202a+44 7911 123456\u202c", { to: "447911123456", country: "GG", network: "23450" }],
  ["tel:+44-7509-123456", { to: "447509123456", country: "JE", network: "23450" }],
  ["+4917139200\u0661\u0662", { to: "491713920012", country: "DE", network: "26201" }],
])("takes %j to the destination, country and network that it means", (to, facts) => {
  expect(take(to)).toMatchObject({ ok: true, facts });
});

const taking = (change: Partial<SendRequest>) =>
  takeIn({ ...request("+491711234567"), ...change }, "otp", record, () => ({}));

it("reads a sender as HTTP does", () => {
  expect(taking({ from: "00491713920012" })).toMatchObject({ ok: true, facts: { from: "491713920012" } });
  for (const from of ["01713920012", "+01713920012"]) {
    const intake = taking({ from });
    const overHttp = validateSendRequest({ to: "+491711234567", text: "hi", from });
    expect(intake).toMatchObject({ ok: false, problems: [{ field: "from", code: "sender-invalid" }] });
    expect(!overHttp.ok && !intake.ok && overHttp.problems).toEqual(!intake.ok && intake.problems);
  }
});

it("takes empty labels for absent ones, as producers write what they have not", () => {
  const absent = taking({});
  expect(absent).toMatchObject({ ok: true, facts: { from: null, reference: null, callbackUrl: null } });
  expect(taking({ messageId: "", from: "", reference: "", callbackUrl: "" })).toEqual(absent);
  expect(taking({ to: "", from: "", reference: "", callbackUrl: "" })).toMatchObject({
    ok: false,
    problems: [{ field: "to", code: "destination-empty" }],
    facts: { reference: null },
  });
  // What is there and wrong is still said.
  expect(taking({ from: " ", callbackUrl: " " })).toMatchObject({
    problems: [
      { field: "from", code: "sender-invalid" },
      { field: "callbackUrl", code: "callback-url-invalid" },
    ],
  });
});

it.each([
  [{ validitySeconds: 0 }, "validity-out-of-range"],
  [{ validitySeconds: 604_801 }, "validity-out-of-range"],
  [{ reference: "r".repeat(65) }, "length-out-of-range"],
  [{ callbackUrl: "ftp://x" }, "callback-url-invalid"],
  [{ from: "Müller" }, "sender-invalid"],
  [{ text: "" }, "text-empty"],
  [{ to: "1" }, "destination-invalid"],
  [{ metadata: { "": "x" } }, "metadata-key-invalid"],
  [{ acceptedAt: 1 }, "out-of-range"],
] as [Partial<SendRequest>, string][])("names the record's own field: %j", (change, code) => {
  expect(taking(change)).toMatchObject({ ok: false, problems: [{ field: Object.keys(change)[0], code }] });
});

it("takes the account's sender and callback address where a message has none of its own", () => {
  const account = { from: "ACME", callbackUrl: "https://acme.example/sms" };
  const of = (change: Partial<SendRequest>) =>
    takeIn({ ...request("+491711234567"), ...change }, "otp", record, () => account);
  expect(of({})).toMatchObject({ ok: true, facts: account });
  expect(of({ from: "", callbackUrl: "" })).toMatchObject({ ok: true, facts: account });
  const own = { from: "Shop", callbackUrl: "https://shop.example/" };
  expect(of(own)).toMatchObject({ ok: true, facts: own });
});

it("sends plain characters where the record allows them, and says what that saved", () => {
  const text = `${"Your parcel is on its way. ".repeat(3)}It’s here…`;
  const taken = (transliterate: boolean) =>
    takeIn({ ...request("+491713920012"), text, transliterate }, "otp", record, () => ({}));
  expect(taken(false)).toMatchObject({ text, facts: { encoding: "ucs2", segments: 2, segmentsSaved: 0 } });
  const plain = {
    text: text.replace("’", "'").replace("…", "..."),
    facts: { encoding: "gsm7", segments: 1, segmentsSaved: 1 },
  };
  expect(taken(true)).toMatchObject(plain);
});

it("refuses no sendAt that was accepted at the limit, where the broker's clock is behind the accepting one", () => {
  const most = 35 * 86_400_000;
  const ahead = 5_000;
  const acceptedAt = NOW + ahead;
  expect(taking({ acceptedAt, sendAt: acceptedAt + most })).toMatchObject({ ok: true, sendAt: acceptedAt + most });
  // Clocks do not differ by more; and where nobody has accepted it before, the limit is the limit.
  for (const change of [{ acceptedAt, sendAt: NOW + most + 60_001 }, { sendAt: NOW + most + 1 }])
    expect(taking(change)).toMatchObject({ ok: false, problems: [{ field: "sendAt", code: "send-at-too-far" }] });
});
