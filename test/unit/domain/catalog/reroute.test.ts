import { expect, test } from "vitest";
import { parseProvider, parseRoute } from "../../../../domain/catalog/catalog.ts";
import { rerouteRuleOf } from "../../../../domain/catalog/reroute.ts";
import { examplePlain } from "./example.ts";

function routeWith(reroute: unknown) {
  return parseRoute({ id: "r", strategy: "priority", providers: [{ id: "north" }], reroute });
}

function rulesOf(reroute: unknown) {
  const parsed = routeWith(reroute);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return (["otp", "transactional", "marketing"] as const).map((lane) => rerouteRuleOf(parsed.value.reroute, lane));
}

test("a route that says nothing sends on what its provider could not reach, so often as is usual in the lane", () => {
  const usual = { on: ["route"], receiptAfterMs: undefined, maxSpend: undefined };
  expect(rulesOf(undefined)).toEqual([
    { ...usual, attempts: 3 },
    { ...usual, attempts: 3 },
    { ...usual, attempts: 2 },
  ]);
});

test("what is said of a lane goes before what is said of all", () => {
  const [otp, transactional, marketing] = rulesOf({
    on: ["route", "temporary"],
    maxSpend: { times: 3 },
    lanes: {
      otp: { attempts: 4, receiptAfterSeconds: 20, maxSpend: { amount: "0.5", currency: "EUR" } },
      marketing: { on: [] },
    },
  });
  expect(otp).toEqual({
    on: ["route", "temporary"],
    attempts: 4,
    receiptAfterMs: 20_000,
    maxSpend: { amount: 500_000, currency: "EUR" },
  });
  expect(transactional).toMatchObject({ attempts: 3, receiptAfterMs: undefined, maxSpend: { times: 3 } });
  expect(marketing).toMatchObject({ on: [], attempts: 2 });
});

test.each([
  [{ on: ["destination"] }, "reroute.on[0]"],
  [{ on: ["route", "route"] }, "an entry stands in the list twice"],
  [{ attempts: 0 }, "reroute.attempts"],
  [{ attempts: 9 }, "reroute.attempts"],
  [{ receiptAfterSeconds: 0 }, "reroute.receiptAfterSeconds"],
  [{ maxSpend: { times: 0 } }, "reroute.maxSpend"],
  [{ maxSpend: { amount: "1" } }, "reroute.maxSpend"],
  [{ maxSpend: { amount: 1, currency: "EUR" } }, "reroute.maxSpend"],
  [{ lanes: { sms: {} } }, "reroute.lanes"],
  [{ retries: 3 }, "retries"],
])("a setting that means nothing is named: %j", (reroute, named) => {
  const parsed = routeWith(reroute);
  expect(parsed.ok).toBe(false);
  expect(JSON.stringify(parsed)).toContain(named);
});

test("a provider's own meanings of error codes are classes that there are", () => {
  const [north] = examplePlain().providers;
  expect(parseProvider({ ...north, receiptErrors: { "011": "route", rejected: "destination" } }).ok).toBe(true);
  const wrong = parseProvider({ ...north, receiptErrors: { "011": "retry", "a b": "route" } });
  expect(wrong.ok).toBe(false);
  expect(JSON.stringify(wrong)).toMatch(/receiptErrors\.011|receiptErrors\["011"\]/);
  expect(JSON.stringify(wrong)).toContain("an error code as receipts have it");
});
