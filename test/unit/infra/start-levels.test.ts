import { resolve } from "node:path";
import { expect, test } from "vitest";
import { readClusterConfig } from "../../../infra/local/cluster-config.ts";
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
