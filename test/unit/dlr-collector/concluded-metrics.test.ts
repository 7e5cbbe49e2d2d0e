import { expect, test } from "vitest";
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

function counted(events: readonly Event[]) {
  const registry = new MetricRegistry();
  const take = concludedMetrics(registry);
  for (const event of events) take(event);
  const outcomes = [...registry.counter("correlator_outcomes_total", { help: "" }).entries()];
  const cost = [...registry.counter("provider_cost_total", { help: "" }).entries()];
  const stage = (name: string) =>
    registry.histogram("message_stage_seconds", { help: "" }).with({ stage: name, lane: "otp" }) as Histogram;
  return {
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
