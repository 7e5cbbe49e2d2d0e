import { resolve } from "node:path";
import { expect, test } from "vitest";
import { readClusterConfig } from "../../../infra/local/cluster-config.ts";
import { clusterProcesses } from "../../../infra/local/processes.ts";
import { CLAIM_PORT, OFFSET_STEP, OFFSETS } from "../../fixture/native-test-cluster.ts";

const PROJECT = resolve(import.meta.dirname, "../../..");
/** Where the kernel's ports for outgoing connections begin. */
const EPHEMERAL = 32_768;

/** Without an offset, which is added to each (cluster-config.test.ts). */
const settings = {
  BROKERS: "3",
  SLUICE_TEST_KAFKA_PROXY_PORTS: "1,2,3",
  SLUICE_CLUSTER_PROMETHEUS: "off",
};
const PROCESSES = clusterProcesses(readClusterConfig(settings, PROJECT));
/** Further instances of a service that a test may start. */
const FURTHER = [2, 3, 4];
const DEFAULTS = PROCESSES.flatMap((spec) => [spec, ...FURTHER.flatMap((index) => spec.replica?.(index) ?? [])])
  .flatMap(({ ports = [] }) => ports.map(({ port }) => port))
  .concat(CLAIM_PORT);

/** Every port that a cluster of this range may have, as often as there are offsets that have it. */
function portsOf([lowest, highest]: readonly [number, number]): number[] {
  const ports = [];
  for (let offset = lowest; offset < highest; offset += OFFSET_STEP)
    ports.push(...DEFAULTS.map((port) => port + offset));
  return ports;
}

test("test clusters beside each other have no port in common, whatever is started later, and none of the kernel's", () => {
  const ports = [...portsOf(OFFSETS.lower), ...portsOf(OFFSETS.upper)];
  expect(ports.length).toBeGreaterThan(1_000);
  const seen = new Set<number>();
  expect(ports.filter((port) => seen.size === seen.add(port).size)).toEqual([]);
  expect(Math.max(...ports)).toBeLessThan(EPHEMERAL);
});
