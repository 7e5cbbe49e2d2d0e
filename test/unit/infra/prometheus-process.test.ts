import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";
import { ClusterConfigError, readClusterConfig } from "../../../infra/local/cluster-config.ts";
import { clusterProcesses } from "../../../infra/local/processes.ts";
import { metricsTargets, prometheusMissing } from "../../../infra/local/prometheus-process.ts";

let folder: string;
let program: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-prometheus-"));
  program = join(folder, "prometheus");
  writeFileSync(program, "#!/bin/sh\n");
  chmodSync(program, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const configOf = (env: Record<string, string>) =>
  readClusterConfig({ SLUICE_STATE_DIR: join(folder, "state"), SLUICE_PORT_OFFSET: "100", ...env }, "/project");
const named = (env: Record<string, string>) =>
  clusterProcesses(configOf(env)).find(({ name }) => name === "prometheus");

test("where its program is on PATH it runs with the cluster, on this machine alone, its data in the cluster's folder", async () => {
  const spec = named({ PATH: `/nowhere:${folder}` })!;
  expect(spec.command).toBe(program);
  expect(spec.args).toContain("--web.listen-address=127.0.0.1:19190");
  expect(spec.args.find((one) => one.startsWith("--storage.tsdb.path="))).toContain(join(folder, "state"));
  expect(spec).toMatchObject({ endpoint: "http://127.0.0.1:19190", restart: "always" });
  await spec.prepare!();
  const file = spec.args.find((one) => one.startsWith("--config.file="))!.slice("--config.file=".length);
  const written = parse(readFileSync(file, "utf8")) as {
    rule_files: string[];
    scrape_configs: { job_name: string; file_sd_configs: { files: string[] }[] }[];
  };
  expect(written.rule_files).toEqual(["/project/infra/prometheus/rules/*.yml"]);
  const [sluice] = written.scrape_configs;
  expect(sluice!.job_name).toBe("sluice");
  const targets = JSON.parse(readFileSync(sluice!.file_sd_configs[0]!.files[0]!, "utf8"));
  expect(targets).toContainEqual({
    targets: ["127.0.0.1:18320"],
    labels: { service: "router", instance: "router" },
  });
  // Simulators have no metrics.
  expect(targets).toHaveLength(7);
});

test("further instances are targets of their own, and what is not Sluice's is none", () => {
  const targets = metricsTargets(clusterProcesses(configOf({ PATH: "" })), ["router", "router-3", "smsc-a", "kafka-1"]);
  expect(targets).toEqual([
    { targets: ["127.0.0.1:18320"], labels: { service: "router", instance: "router" } },
    { targets: ["127.0.0.1:18322"], labels: { service: "router", instance: "router-3" } },
  ]);
});

test("where there is none, a line says how to have it; one that is named and not there is an error; off is silent", () => {
  const without = configOf({ PATH: "/nowhere" });
  expect(clusterProcesses(without).map(({ name }) => name)).not.toContain("prometheus");
  expect(prometheusMissing(without)).toContain("apt install");
  expect(() => configOf({ PATH: "", SLUICE_CLUSTER_PROMETHEUS: "/nowhere/prometheus" })).toThrow(ClusterConfigError);
  expect(named({ PATH: "", SLUICE_CLUSTER_PROMETHEUS: program })?.command).toBe(program);
  const off = configOf({ PATH: folder, SLUICE_CLUSTER_PROMETHEUS: "off" });
  expect(clusterProcesses(off).map(({ name }) => name)).not.toContain("prometheus");
  expect(prometheusMissing(off)).toBeUndefined();
});

test("a cluster of some parts has none", () => {
  expect(named({ PATH: folder, SLUICE_CLUSTER_SCOPE: "infra" })).toBeUndefined();
});
