import { expect, test } from "vitest";
import type { Snapshot } from "../../../domain/catalog/snapshot.ts";
import { BLANK_EVENT } from "../../../pipeline/records/event-record.ts";
import { type Histogram, MetricRegistry } from "../../../platform/telemetry/metric-registry.ts";
import type { Event } from "../../../schemas/generated/types.ts";
import { concludedMetrics } from "../../../services/dlr-collector/concluded-metrics.ts";

const FACTS = { lane: "otp", network: "26201", country: "DE", acceptedAt: 1_000 } as Event["facts"];
const FINAL: Event = {
  ...BLANK_EVENT,
  type: "final",
  at: 9_000,
  attempt: 1,
  facts: FACTS,
  provider: "a",
  state: "delivered",
  submittedAt: 2_000,
  receiptAt: 4_500,
  cost: 70_000,
  currency: "EUR",
};

type Listener = (snapshot: Snapshot) => void;

function catalogOf(...ids: string[]) {
  const snapshot = (names: string[]) => ({ known: new Map(names.map((id) => [id, {}])) }) as unknown as Snapshot;
  const listeners: Listener[] = [];
  return {
    current: snapshot(ids),
    onChange: (listener: Listener) => void listeners.push(listener),
    change: (...names: string[]) => {
      for (const listener of listeners) listener(snapshot(names));
    },
  };
}

function endedIn(registry: MetricRegistry) {
  const family = registry.counter("correlator_ended_total", { help: "" });
  return [...family.entries()].map(([{ provider, outcome }, { value }]) => `${provider} ${outcome} ${value}`);
}

function counted(events: readonly Event[]) {
  const registry = new MetricRegistry();
  const take = concludedMetrics(registry, catalogOf("a"));
  for (const event of events) take(event);
  const outcomes = [...registry.counter("correlator_outcomes_total", { help: "" }).entries()];
  const cost = [...registry.counter("provider_cost_total", { help: "" }).entries()];
  const stage = (name: string) =>
    registry.histogram("message_stage_seconds", { help: "" }).with({ stage: name, lane: "otp" }) as Histogram;
  return {
    ended: endedIn(registry),
    outcomes: outcomes.map(([{ network, outcome }, { value }]) => [network, outcome, value]),
    cost: cost.map(([{ provider, currency }, { value }]) => [provider, currency, value]),
    seconds: [stage("submitted_receipt").sum, stage("accepted_receipt").sum],
  };
}

test("a delivered message counts by provider and network, with outcomes that have not come at 0", () => {
  const { outcomes, seconds, cost } = counted([FINAL]);
  expect(outcomes).toEqual([
    ["26201", "delivered", 1],
    ["26201", "not_delivered", 0],
    ["26201", "no_receipt", 0],
  ]);
  expect(seconds).toEqual([2.5, 3.5]);
  // The sender has counted it when the provider took the message.
  expect(cost).toEqual([]);
});

test("what came of others: no receipt by the deadline, a failure, a network that is not known, no provider at all", () => {
  const { outcomes, seconds } = counted([
    { ...FINAL, state: "unknown", receiptAt: null },
    { ...FINAL, state: "rejected", facts: { ...FACTS, network: null } },
    { ...FINAL, provider: null },
    { ...FINAL, submittedAt: null },
  ]);
  expect(outcomes.filter(([, , value]) => value === 1)).toEqual([
    ["26201", "no_receipt", 1],
    ["DE", "not_delivered", 1],
  ]);
  expect(seconds).toEqual([2.5, 3.5]);
});

test("what is charged on delivery is due at the end, and what only a receipt proves when that comes", () => {
  expect(counted([{ ...FINAL, onDelivery: true }]).cost).toEqual([["a", "EUR", 0.07]]);
  const proven: Event = { ...FINAL, type: "submitted" };
  expect(counted([proven, { ...proven, onDelivery: true }]).cost).toEqual([["a", "EUR", 0.07]]);
});

test("how messages of a provider ended is there at 0 before the first, for each provider of each catalog", () => {
  const registry = new MetricRegistry();
  const catalog = catalogOf("a");
  const take = concludedMetrics(registry, catalog);
  const zeros = (id: string) => [`${id} delivered 0`, `${id} not_delivered 0`, `${id} no_receipt 0`];
  expect(endedIn(registry)).toEqual(zeros("a"));
  catalog.change("a", "b");
  expect(endedIn(registry)).toEqual([...zeros("a"), ...zeros("b")]);
  take({ ...FINAL, provider: "b" });
  expect(endedIn(registry)).toEqual([...zeros("a"), "b delivered 1", "b not_delivered 0", "b no_receipt 0"]);
});

test("by provider, messages of all networks count together", () => {
  const { ended } = counted([
    FINAL,
    { ...FINAL, facts: { ...FACTS, network: "26202" } },
    { ...FINAL, state: "undelivered" },
    { ...FINAL, state: "unknown", receiptAt: null },
  ]);
  expect(ended).toEqual(["a delivered 2", "a not_delivered 1", "a no_receipt 1"]);
});
