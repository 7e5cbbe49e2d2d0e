import { expect, test } from "vitest";
import { providerSchema } from "../../../domain/catalog/provider.ts";
import { createCodecs } from "../../../pipeline/records/codecs.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import { outcomeOf } from "../../../services/sender/outcome-log.ts";
import { Outcomes } from "../../../services/sender/outcomes.ts";
import { dispatchOf } from "./dispatches.ts";

let nextId = 1;
const codecs = await createCodecs({ idOf: async () => nextId++, schemaOf: async () => undefined });
const plain = {
  id: "alpha",
  kind: "smpp",
  rate: 10,
  prices: [],
  currency: "EUR",
  smpp: { host: "127.0.0.1", port: 2775, systemId: "s", password: "p" },
};
const provider = providerSchema.parse(plain);
const outcomes = new Outcomes(codecs, provider, 6);
const order = (change?: Parameters<typeof dispatchOf>[0]) => ({
  dispatch: dispatchOf(change),
  traceparent: undefined,
});
const event = (value: Buffer | null) => {
  const decoded = codecs.event.decode(value!);
  if (!decoded.ok) throw new Error(decoded.detail);
  return decoded.value;
};
const retry = (value: Buffer | null) => {
  const decoded = codecs.retry.decode(value!);
  if (!decoded.ok) throw new Error(decoded.detail);
  return decoded.value;
};
const M = dispatchOf().facts.messageId;

test("submitted: what it cost, under which ids, in the destination's partition", () => {
  const { events, followUp } = outcomes.submitted(
    { ...order({ attempt: 3 }), traceparent: "00-aa-bb-01" },
    ["7", "8"],
    2,
    500,
  );
  expect(followUp).toEqual([]);
  expect(events[0]).toMatchObject({
    topic: "sms.events",
    key: "491711234567",
    partition: partitionFor("491711234567", 6),
    headers: { id: `${M}/3/submitted`, traceparent: "00-aa-bb-01" },
  });
  expect(event(events[0]!.value)).toMatchObject({
    type: "submitted",
    attempt: 3,
    provider: "alpha",
    route: "default",
    cost: 15_000,
    price: 7_500,
    currency: "EUR",
    submittedAt: 500,
    providerMessageIds: ["7", "8"],
    resubmitted: null,
  });
});

test("submitted: what is charged on delivery costs nothing yet", () => {
  const { events } = outcomes.submitted(order({ onDelivery: true }), ["7", "8"], 2, 500);
  expect(event(events[0]!.value)).toMatchObject({ cost: 0, price: 7_500, onDelivery: true });
  const { events: doubts } = outcomes.inDoubt(order({ onDelivery: true }), "response-timeout", 500);
  expect(event(doubts[0]!.value)).toMatchObject({ cost: null, onDelivery: true });
});

test.each(["takeover", "response-timeout"])("a submission after a doubt (%s) states the reason", (inDoubt) => {
  const { events } = outcomes.submitted(order({ inDoubt }), ["7"], 1, 500);
  expect(events[0]!.headers!.id).toBe(`${M}/1/resubmitted`);
  expect(event(events[0]!.value).resubmitted).toBe(inDoubt);
});

test("returned: the event and the retry for the next decision, with this try at the end", () => {
  const tried = [{ provider: "beta", errorClass: "transient", errorCode: "x" }];
  const { events, followUp } = outcomes.returned(order({ attempt: 2, tried }), "throttled", "ESME_RTHROTTLED", 900);
  expect(events[0]!.headers!.id).toBe(`${M}/2/returned`);
  expect(event(events[0]!.value)).toMatchObject({
    type: "returned",
    errorClass: "throttled",
    errorCode: "ESME_RTHROTTLED",
    reason: null,
  });
  expect(followUp[0]).toMatchObject({
    topic: "sms.retry.0s",
    key: "491711234567",
    headers: { id: `${M}/3/retry`, due: "900" },
  });
  expect(retry(followUp[0]!.value)).toMatchObject({
    attempt: 3,
    inDoubt: null,
    tried: [...tried, { provider: "alpha", errorClass: "throttled", errorCode: "ESME_RTHROTTLED" }],
  });
});

test("a doubt stays with the message however often it comes back", () => {
  const { events, followUp } = outcomes.returned(order({ inDoubt: "partial" }), "transient", "x", 0);
  expect(event(events[0]!.value).reason).toBe("partial");
  expect(retry(followUp[0]!.value).inDoubt).toBe("partial");
});

const doubtful = { provider: "beta", errorClass: "unknown", errorCode: "link-lost" };

test("in doubt: an event that says so, with the price; the copy waits for the correlator and says why it goes", () => {
  const { events, followUp } = outcomes.inDoubt(order({ attempt: 2 }), "response-timeout", 700);
  expect(events[0]!.headers!.id).toBe(`${M}/2/in_doubt`);
  expect(event(events[0]!.value)).toMatchObject({
    type: "in_doubt",
    attempt: 2,
    errorClass: "unknown",
    errorCode: "response-timeout",
    price: 7_500,
    currency: "EUR",
    cost: null,
  });
  expect(followUp).toMatchObject([
    {
      topic: "sms.doubt",
      key: "491711234567",
      partition: partitionFor("491711234567", 6),
      headers: { id: `${M}/3/retry`, due: "700" },
    },
  ]);
  expect(retry(followUp[0]!.value)).toMatchObject({
    attempt: 3,
    inDoubt: "response-timeout",
    tried: [{ provider: "alpha", errorClass: "unknown", errorCode: "response-timeout" }],
  });
});

test("some parts taken: in doubt as well, with the answer to the others; the copy has nothing to wait for", () => {
  const { events, followUp } = outcomes.partial(order(), "ESME_RSYSERR", 0);
  expect(event(events[0]!.value)).toMatchObject({ type: "in_doubt", errorCode: "partial", reason: "ESME_RSYSERR" });
  expect(followUp[0]!.topic).toBe("sms.retry.0s");
  expect(retry(followUp[0]!.value).inDoubt).toBe("partial");
});

test("lanes that hold, and messages with no copy left, get the event and no copy", () => {
  const copies = (limit: object, change: Parameters<typeof dispatchOf>[0]) => {
    const terms = providerSchema.parse({ ...plain, inDoubtLimit: limit });
    const { events, followUp } = new Outcomes(codecs, terms, 6).inDoubt(order(change), "takeover", 0);
    expect(event(events[0]!.value).type).toBe("in_doubt");
    return followUp.length;
  };
  expect(copies({}, { facts: { lane: "marketing" } })).toBe(0);
  expect(copies({ marketing: 3 }, { facts: { lane: "marketing" } })).toBe(0);
  expect(copies({}, { tried: [doubtful] })).toBe(0);
  expect(copies({}, { tried: [{ ...doubtful, errorClass: "transient" }] })).toBe(1);
  expect(copies({ transactional: 3 }, { tried: [doubtful] })).toBe(1);
  expect(copies({ transactional: 3 }, { tried: [doubtful, doubtful] })).toBe(0);
  expect(copies({ otp: 3 }, { tried: [doubtful] })).toBe(0);
  expect(copies({ transactional: 1 }, {})).toBe(0);
});

test("a late refusal where no copy was allowed sends the message back: what was certainly not taken may go again", () => {
  const held = { ...order({ attempt: 2 }) };
  const dispatch = { ...held.dispatch, facts: { ...held.dispatch.facts, lane: "marketing" as const } };
  const { followUp } = outcomes.refusedLate({ ...held, dispatch }, "refused", "ESME_RSUBMITFAIL", 0);
  expect(followUp.map(({ topic, headers }) => [topic, headers!.id])).toEqual([["sms.retry.0s", `${M}/3/retry`]]);
});

test("a late refusal says that this attempt was not taken; nothing follows where a copy is on its way", () => {
  const { events, followUp } = outcomes.refusedLate(order({ attempt: 2 }), "refused", "ESME_RSUBMITFAIL", 0);
  expect(events[0]!.headers!.id).toBe(`${M}/2/returned`);
  expect(event(events[0]!.value)).toMatchObject({ type: "returned", errorCode: "ESME_RSUBMITFAIL", reason: null });
  expect(followUp).toEqual([]);
});

test("a new owner writes the same retry from the stored event", () => {
  const one = order({
    attempt: 4,
    tried: [{ provider: "beta", errorClass: "refused", errorCode: null }],
    inDoubt: "partial",
  });
  for (const { events, followUp } of [
    outcomes.returned(one, "transient", "ESME_RSYSERR", 900),
    outcomes.inDoubt(one, "response-timeout", 900),
    outcomes.partial(one, "ESME_RSYSERR", 900),
  ])
    expect(outcomes.followUpOf(one, event(events[0]!.value), 900)).toEqual(followUp);
});

test("event ids name the dispatch and the kind of outcome", () => {
  expect(outcomeOf(`${M}/2/submitted`)).toEqual({ work: `${M}/2`, kind: "submitted" });
  expect(outcomeOf(`${M}/2/resubmitted`)).toEqual({ work: `${M}/2`, kind: "submitted" });
  expect(outcomeOf(`${M}/2/returned`)).toEqual({ work: `${M}/2`, kind: "returned" });
  expect(outcomeOf(`${M}/2/in_doubt`)).toEqual({ work: `${M}/2`, kind: "in_doubt" });
  for (const id of [`${M}/2/routed`, `${M}/final`, `${M}/2/1/delivered`, undefined])
    expect(outcomeOf(id)).toBeUndefined();
});

test("where the message's text stands goes with what says that a provider has it, or may have it", () => {
  const source = "sms.requests.otp/3/7";
  const from = { ...order(), source };
  expect(event(outcomes.submitted(from, ["7"], 1, 0).events[0]!.value).source).toBe(source);
  expect(event(outcomes.inDoubt(from, "response-timeout", 0).events[0]!.value).source).toBe(source);
  expect(event(outcomes.submitted(order(), ["7"], 1, 0).events[0]!.value).source).toBeNull();
});

test("what a message may cost stays with it when it comes back, less what may have to be paid already", () => {
  const bound = { spendLeft: 20_000, spendCurrency: "EUR", facts: { segments: 2 } };
  const back = (of: { followUp: readonly { value: Buffer | null }[] }) => retry(of.followUp[0]!.value);
  expect(back(outcomes.returned(order(bound), "refused", "x", 0))).toMatchObject({
    spendLeft: 20_000,
    spendCurrency: "EUR",
  });
  expect(back(outcomes.inDoubt(order(bound), "link-lost", 0))).toMatchObject({
    spendLeft: 5_000,
    spendCurrency: "EUR",
  });
  expect(back(outcomes.inDoubt(order({ ...bound, spendLeft: 1 }), "link-lost", 0)).spendLeft).toBe(0);
  expect(back(outcomes.inDoubt(order(), "link-lost", 0)).spendLeft).toBeNull();
});

test("what a message has taken of its account's budget comes back with it, unless it may have been spent", () => {
  const month = { monthUntil: 2_678_400_000, addedToMonth: 2 };
  const charge = { currency: "EUR", added: 1, held: 7_500, until: 86_400_000, ...month };
  const back = (of: { followUp: readonly { value: Buffer | null }[] }) => retry(of.followUp[0]!.value).charge;
  expect(back(outcomes.returned(order({ charge }), "refused", "x", 0))).toEqual(charge);
  expect(back(outcomes.inDoubt(order({ charge }), "link-lost", 0))).toBeNull();
});
