import { expect, test } from "vitest";
import { type Histogram, MetricRegistry } from "../../../platform/telemetry/metric-registry.ts";
import { observeSenders, type SenderGauges, senderMetrics } from "../../../services/sender/sender-metrics.ts";
import { dispatchOf } from "./dispatches.ts";

function down(senders: readonly Pick<SenderGauges, "provider" | "trouble" | "drained">[]): unknown[] {
  const registry = new MetricRegistry();
  observeSenders(registry, () => senders as SenderGauges[]);
  const read = [...registry.observed()].find(({ name }) => name === "sender_provider_down")!.read();
  return (read as { labels: unknown }[]).map(({ labels }) => labels);
}

test("networks that are held back are counted by provider and reason, none of them a label", () => {
  const registry = new MetricRegistry();
  const held = (network: string, reason: "rate" | "throttled") => ({ network, reason, waiting: 2 });
  const heldNetworks = [held("26201", "rate"), held("26202", "throttled"), held("26203", "rate")];
  observeSenders(registry, () => [{ provider: "a", heldNetworks }] as unknown as SenderGauges[]);
  const read = [...registry.observed()].find(({ name }) => name === "sender_held_networks")!.read();
  expect(read).toEqual([
    { value: 1, labels: { provider: "a", reason: "throttled" } },
    { value: 2, labels: { provider: "a", reason: "rate" } },
    { value: 0, labels: { provider: "a", reason: "window" } },
  ]);
});

test("what is wrong with a provider that is drained has a cause of its own, for which nobody is called", () => {
  const trouble = "no link: bind refused: ESME_RINVPASWD";
  expect(
    down([
      { provider: "a", trouble, drained: false },
      { provider: "b", trouble, drained: true },
      { provider: "c", trouble: undefined, drained: true },
    ]),
  ).toEqual([
    { provider: "a", cause: "bind-refused", reason: trouble },
    { provider: "b", cause: "drained", reason: trouble },
  ]);
});

test("a lane's time counts each message once, and none that has waited for its time; how long it stood at the provider counts always", () => {
  const registry = new MetricRegistry();
  const { taken } = senderMetrics(registry, "a");
  const stage = (name: string) =>
    registry.histogram("message_stage_seconds", { help: "" }).with({ stage: name, lane: "transactional" }) as Histogram;
  const take = (provider: string | null, errorClass: string, errorCode: string | null) => {
    const dispatch = dispatchOf({ attempt: 2, tried: [{ provider, errorClass, errorCode }] });
    taken({ dispatch, traceparent: undefined, since: 8_000_000 }, 1, 8_002_000);
  };
  take(null, "held", "scheduled");
  take("b", "undelivered", "0");
  expect(stage("accepted_submitted").sum).toBe(0);
  take("b", "transient", "ESME_RSYSERR");
  expect(stage("accepted_submitted").sum).toBe(7_002);
  expect(stage("routed_submitted").sum).toBe(6);
});
