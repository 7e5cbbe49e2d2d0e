import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { type ClusterConfig, readClusterConfig } from "../../infra/local/cluster-config.ts";
import { ClusterError, runningSupervisor, startNative, stopNative } from "../../infra/local/native-cluster.ts";

const PROJECT = resolve(import.meta.dirname, "../..");

/** A benchmark that has everything it needs. */
export interface Benchmark {
  /** @returns whether it holds what it is to show */
  measure(): Promise<boolean>;
  stop(): Promise<void>;
}

/**
 * Runs a benchmark on a cluster of its own, beside the one of `make up`, with catalog and simulators of its own; sets the exit code.
 * BENCH_KEEP=1 leaves the cluster up.
 */
export async function onBenchCluster(begin: (config: ClusterConfig) => Benchmark, say: (line: string) => void) {
  process.env.SLUICE_STATE_DIR ||= join(PROJECT, ".sluice", "bench");
  process.env.SLUICE_ARTIFACTS_DIR ||= join(PROJECT, ".sluice", "artifacts");
  process.env.SLUICE_PORT_OFFSET ||= "10000";
  process.env.SLUICE_CLUSTER_CONSOLE ||= "off";
  process.env.SLUICE_CLUSTER_PROMETHEUS ||= "off";
  process.env.SLUICE_CATALOG_DIR = join(import.meta.dirname, "catalog");
  process.env.SLUICE_SIMULATORS_DIR = join(import.meta.dirname, "simulators");
  try {
    const config = readClusterConfig(process.env, PROJECT);
    if (runningSupervisor(config.stateDir) === undefined) wipe(config);
    await startNative(config, say);
    process.exitCode = (await run(config, begin(config))) ? 0 : 1;
  } catch (error) {
    console.error(error instanceof ClusterError ? error.message : error);
    process.exitCode = 1;
  }
}

async function run(config: ClusterConfig, bench: Benchmark): Promise<boolean> {
  const interrupted = () =>
    void bench
      .stop()
      .then(() => stopNative(config))
      .finally(() => process.exit(130));
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  try {
    return await bench.measure();
  } finally {
    await bench.stop();
    if (process.env.BENCH_KEEP !== "1") {
      await stopNative(config);
      wipe(config);
    }
  }
}

function wipe(config: ClusterConfig): void {
  for (const folder of ["data", "run"]) rmSync(join(config.stateDir, folder), { recursive: true, force: true });
}
