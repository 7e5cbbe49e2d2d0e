import { expect, it } from "vitest";
import type { MessageFacts, Receipt } from "../../../schemas/generated/types.ts";
import { bench } from "./correlation-bench.ts";
import { facts, receipt, submitted, TO } from "./records.ts";

/** What is learned of a message that was routed by a network, from its receipt. */
function learned(routed: Partial<MessageFacts>, named: Partial<Receipt>, early = false) {
  const b = bench();
  const event = submitted("m", ["77"], { facts: facts("m", { network: "26201", ...routed }) });
  const delivered = receipt("77", "delivered", { network: "26203", ...named });
  if (early) b.receipt(delivered);
  b.event(event);
  if (!early) b.receipt(delivered);
  expect(b.counters.learned).toBe(b.learned.length);
  return b.learned;
}

const O2 = { to: TO, network: "26203", provider: "smsc-a" };

it("learns the network that a delivered message's receipt names, where it was routed by another one", () => {
  expect(learned({}, {})).toEqual([O2]);
  expect(learned({}, {}, true)).toEqual([O2]);
  expect(learned({ network: null }, {})).toEqual([O2]);
  // One that has come back.
  expect(learned({ network: "26203", networkSource: "learned" }, { network: "26201" })).toEqual([
    { ...O2, network: "26201" },
  ]);
});

it("learns it also where an earlier receipt without a network waits for the submission", () => {
  const b = bench();
  b.receipt(receipt("77", "enroute"));
  b.receipt(receipt("77", "delivered", { network: "26203" }));
  b.event(submitted("m", ["77"], { facts: facts("m", { network: "26201" }) }));
  expect(b.learned).toEqual([O2]);
});

it("learns nothing from a receipt that names the same, none, or one abroad, nor from who has not delivered", () => {
  expect(learned({}, { network: "26201" })).toEqual([]);
  expect(learned({}, { network: null })).toEqual([]);
  expect(learned({}, { network: "20801" })).toEqual([]);
  expect(learned({}, { state: "undelivered" })).toEqual([]);
});

it("learns nothing twice when a new owner reads what the last one has read", () => {
  const b = bench();
  b.correlation.beginReplay();
  b.event(submitted("m", ["77"], { facts: facts("m", { network: "26201" }) }));
  b.receipt(receipt("77", "delivered", { network: "26203" }));
  b.correlation.endReplay(b.out, 5_000, 5_000);
  expect(b.learned).toEqual([]);
});
