import { resolve } from "node:path";
import { expect, test } from "vitest";
import { readClusterConfig } from "../../../infra/local/cluster-config.ts";
import { clusterProcesses } from "../../../infra/local/processes.ts";
import { OFFSET_STEP, OFFSETS } from "../../fixture/native-test-cluster.ts";

const PROJECT = resolve(import.meta.dirname, "../../..");
/** Where the kernel's ports for outgoing connections begin. */
const EPHEMERAL = 32_768;

/** Without an offset, which is added to each (cluster-config.test.ts). */
const settings = { BROKERS: "3", SLUICE_TEST_KAFKA_PROXY_PORTS: "1,2,3", SLUICE_CLUSTER_PROMETHEUS: "off" };
const DEFAULTS = clusterProcesses(readClusterConfig(settings, PROJECT)).flatMap((spec) => spec.ports ?? []);

/** Every port that a cluster of this range may have. */
function portsOf([lowest, highest]: readonly [number, number]): Set<number> {
  const ports = new Set<number>();
  for (let offset = lowest; offset < highest; offset += OFFSET_STEP)
    for (const { port } of DEFAULTS) ports.add(port + offset);
  return ports;
}

test("clusters of test runs beside each other have no port in common, and none of the kernel's", () => {
  const [lower, upper] = [portsOf(OFFSETS.lower), portsOf(OFFSETS.upper)];
  expect(lower.size).toBeGreaterThan(1_000);
  expect([...upper].filter((port) => lower.has(port))).toEqual([]);
  expect(Math.max(...lower, ...upper)).toBeLessThan(EPHEMERAL);
});
