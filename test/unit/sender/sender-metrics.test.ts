import { expect, test } from "vitest";
import { MetricRegistry } from "../../../platform/telemetry/metric-registry.ts";
import { observeSenders, type SenderGauges } from "../../../services/sender/sender-metrics.ts";

function down(senders: readonly Pick<SenderGauges, "provider" | "trouble" | "drained">[]): unknown[] {
  const registry = new MetricRegistry();
  observeSenders(registry, () => senders as SenderGauges[]);
  const read = [...registry.observed()].find(({ name }) => name === "sender_provider_down")!.read();
  return (read as { labels: unknown }[]).map(({ labels }) => labels);
}

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
