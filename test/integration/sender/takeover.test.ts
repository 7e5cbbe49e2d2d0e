import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SmppProvider } from "../../../domain/catalog/provider.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { until } from "../platform/kafka-runtime.ts";
import { ledgerOf, P, SenderWorld, statsOf } from "./sender-world.ts";

const cluster = sharedCluster();
const world = new SenderWorld(cluster);
const folder = mkdtempSync(join(tmpdir(), "sluice-sender-"));
const children = new Set<ChildProcess>();
beforeAll(() => world.start());
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await world.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The service itself, as a process of its own. */
function senderProcess({ id, rate, window, smpp }: SmppProvider): ChildProcess {
  writeFileSync(join(folder, "accounts.yaml"), "");
  writeFileSync(join(folder, "routes.yaml"), "");
  const provider = { id, kind: "smpp", rate, window, prices: [{ price: "0.0075" }], currency: "EUR", smpp };
  // JSON is YAML.
  writeFileSync(join(folder, "providers.yaml"), JSON.stringify([provider]));
  const main = resolve(import.meta.dirname, "../../../services/sender/main.ts");
  const child = spawn(process.execPath, [main], {
    stdio: ["pipe", "ignore", "inherit"],
    env: {
      ...process.env,
      SLUICE_KAFKA_BROKERS: cluster.brokers.join(","),
      SLUICE_REGISTRY_URL: cluster.registryUrl,
      SLUICE_PARTITIONS: String(P),
      SLUICE_CATALOG_DIR: folder,
      SLUICE_EXIT_WITH_PARENT: "true",
      SLUICE_PROVIDERS: id,
    },
  });
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
}

test("kill -9 in mid-traffic: nothing is missing, and what may have gone out twice says why", async () => {
  const quick = { response: { delay: { kind: "uniform", minMs: 5, maxMs: 60 } }, receipts: { lossShare: 1 } };
  const { smsc, provider } = await world.smsc(quick, { rate: 300, window: 50 });
  const sent = await world.dispatch(provider, 1_200);
  const held = await world.dispatch(provider, 300, { lane: "marketing", to: (n) => `4916${String(10_000_000 + n)}` });
  const first = senderProcess(provider);
  await until("it is in mid-traffic", () => statsOf(smsc).submits.received > 400);
  first.kill("SIGKILL");
  await once(first, "exit");
  const second = senderProcess(provider);
  const outcomes = await world.outcomes([...sent, ...held], 80_000);
  const ledger = ledgerOf(smsc);
  let repeated = 0;
  let stated = 0;
  for (const { facts } of [...sent, ...held]) {
    const events = outcomes.get(facts.messageId)!;
    const received = ledger.get(facts.messageId)?.received ?? 0;
    const resubmitted = events.some((event) => event.resubmitted === "takeover");
    if (resubmitted) stated++;
    if (facts.lane === "marketing") {
      expect(received).toBeLessThanOrEqual(1);
      if (received === 0) expect(events[0]!.type).toBe("in_doubt");
    } else {
      expect(received).toBeGreaterThanOrEqual(1);
      expect(events.some(({ type }) => type === "submitted")).toBe(true);
    }
    if (received > 1) {
      repeated++;
      expect(resubmitted, `${received} submits without a reason`).toBe(true);
    }
  }
  expect(stated).toBeGreaterThan(0);
  // No more than the window and what was staged beside it.
  expect(stated).toBeLessThan(250);
  expect(repeated).toBeLessThanOrEqual(stated);
  second.kill("SIGTERM");
  const [code] = (await once(second, "exit")) as [number];
  expect(code).toBe(0);
});
