import { resolve } from "node:path";
import { expect, test } from "vitest";
import { readClusterConfig } from "../../../infra/local/cluster-config.ts";
import { REQUEST_TIMEOUT_MS } from "../../../infra/local/control-client.ts";
import { DEFAULT_READY_TIMEOUT_MS, DEFAULT_STOP } from "../../../infra/local/process-spec.ts";
import { clusterProcesses } from "../../../infra/local/processes.ts";

const PROJECT = resolve(import.meta.dirname, "../../..");

test("services wait for the migration and for the simulators, which wait for nothing", () => {
  const config = readClusterConfig({ SLUICE_CLUSTER_PROMETHEUS: "off" }, PROJECT);
  const waitsFor = Object.fromEntries(clusterProcesses(config).map(({ name, dependsOn }) => [name, dependsOn]));
  const simulators = ["smsc-a", "smsc-b", "http-c"];
  for (const name of simulators) expect(waitsFor[name], name).toEqual([]);
  for (const name of ["ingest", "router", "sender", "dlr-collector", "analytics-sink"])
    expect([...waitsFor[name]!].sort(), name).toEqual([...simulators, "migrate"].sort());
  expect(waitsFor.migrate).toEqual(["kafka-1", "registry", "clickhouse"]);
});

test("who asks for a process to be started anew waits for as long as its end and its start may take", () => {
  const all = clusterProcesses(readClusterConfig({}, PROJECT));
  expect(all.length).toBeGreaterThan(8);
  for (const { name, readyTimeoutMs = DEFAULT_READY_TIMEOUT_MS, stop = DEFAULT_STOP } of all)
    expect(stop.graceMs + readyTimeoutMs, name).toBeLessThan(REQUEST_TIMEOUT_MS);
});
