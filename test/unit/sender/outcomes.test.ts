import { expect, test } from "vitest";
import { providerSchema } from "../../../domain/catalog/provider.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import { createCodecs } from "../../../schemas/codecs.ts";
import { outcomeOf } from "../../../services/sender/outcome-log.ts";
import { Outcomes } from "../../../services/sender/outcomes.ts";
import { dispatchOf } from "./dispatches.ts";

let nextId = 1;
const codecs = await createCodecs({ idOf: async () => nextId++, schemaOf: async () => undefined });
const provider = providerSchema.parse({
  id: "alpha",
  kind: "smpp",
  rate: 10,
  prices: [],
  currency: "EUR",
  smpp: { host: "127.0.0.1", port: 2775, systemId: "s", password: "p" },
});
const outcomes = new Outcomes(codecs, provider, 6);
const order = (change?: Parameters<typeof dispatchOf>[0], doubt?: string) => ({
  dispatch: dispatchOf(change),
  doubt,
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

test.each([
  ["takeover", null],
  [undefined, "response-timeout"],
])("a submission after a doubt (%s, %s) states the reason", (doubt, inDoubt) => {
  const { events } = outcomes.submitted(order({ inDoubt }, doubt), ["7"], 1, 500);
  expect(events[0]!.headers!.id).toBe(`${M}/1/resubmitted`);
  expect(event(events[0]!.value).resubmitted).toBe(doubt ?? inDoubt);
});

test("returned: the event and the retry for the next decision, with this try at the end", () => {
  const tried = [{ provider: "beta", errorClass: "transient", errorCode: "x" }];
  const { events, followUp } = outcomes.returned(
    order({ attempt: 2, tried }),
    "throttled",
    "ESME_RTHROTTLED",
    undefined,
    900,
  );
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
  expect(
    retry(outcomes.returned(order({ inDoubt: "partial" }), "transient", "x", undefined, 0).followUp[0]!.value).inDoubt,
  ).toBe("partial");
  expect(
    retry(outcomes.returned(order({}, "takeover"), "transient", "x", undefined, 0).followUp[0]!.value).inDoubt,
  ).toBe("takeover");
});

test("in doubt: by the lane's rule it goes again and says why, or stays", () => {
  const again = outcomes.inDoubt(order(), "response-timeout", 0);
  expect(event(again.events[0]!.value)).toMatchObject({
    type: "returned",
    errorClass: "unknown",
    reason: "response-timeout",
  });
  expect(retry(again.followUp[0]!.value).inDoubt).toBe("response-timeout");
  const held = outcomes.inDoubt(order({ facts: { lane: "marketing" } }), "response-timeout", 0);
  expect(held.followUp).toEqual([]);
  expect(held.events[0]!.headers!.id).toBe(`${M}/1/in_doubt`);
  expect(event(held.events[0]!.value)).toMatchObject({
    type: "in_doubt",
    errorClass: "unknown",
    errorCode: "response-timeout",
  });
});

test("a new owner writes the same retry from the stored event", () => {
  for (const doubt of [undefined, "partial"]) {
    const one = order({ attempt: 4, tried: [{ provider: "beta", errorClass: "refused", errorCode: null }] });
    const { events, followUp } = outcomes.returned(one, "transient", "ESME_RSYSERR", doubt, 900);
    const [again] = outcomes.followUpOf(one, event(events[0]!.value), 900);
    expect(again).toEqual(followUp[0]);
  }
});

test("event ids name the dispatch and the kind of outcome", () => {
  expect(outcomeOf(`${M}/2/submitted`)).toEqual({ work: `${M}/2`, kind: "submitted" });
  expect(outcomeOf(`${M}/2/resubmitted`)).toEqual({ work: `${M}/2`, kind: "submitted" });
  expect(outcomeOf(`${M}/2/returned`)).toEqual({ work: `${M}/2`, kind: "returned" });
  expect(outcomeOf(`${M}/2/in_doubt`)).toEqual({ work: `${M}/2`, kind: "in_doubt" });
  for (const id of [`${M}/2/routed`, `${M}/final`, `${M}/2/1/delivered`, undefined])
    expect(outcomeOf(id)).toBeUndefined();
});
