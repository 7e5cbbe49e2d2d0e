import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fetchArtifacts } from "./artifacts.ts";
import type { ClusterConfig } from "./cluster-config.ts";
import { describeCluster } from "./cluster-summary.ts";
import { ControlClient } from "./control-client.ts";
import { controlSocket, type ProcessHealth, pidFilePath } from "./control-protocol.ts";
import { lastLines } from "./follow-log.ts";
import { nativeProblems } from "./preflight.ts";
import { isRunning, type PidFile, readPidFile } from "./process-identity.ts";
import { clusterProcesses } from "./processes.ts";
import { allUp, noteLines } from "./status-table.ts";

/** A cluster that cannot start or end, with everything the user should know and do. */
export class ClusterError extends Error {}

const START_TIMEOUT_MS = 300_000;
const STOP_TIMEOUT_MS = 60_000;
const POLL_MS = 150;
const SETTLE_MS = 3_000;
/** What a process says about a catalog has places and reasons in one line. */
type Say = (line: string) => void;

const pause = (ms: number): Promise<void> => new Promise((settle) => setTimeout(settle, ms));
const supervisorLog = (config: ClusterConfig): string => resolve(config.stateDir, "logs", "supervisor.log");

/** The running supervisor of this state folder; undefined when there is none. A stale pid file does not count. */
export function runningSupervisor(stateDir: string): PidFile | undefined {
  const recorded = readPidFile(pidFilePath(stateDir));
  return recorded !== undefined && isRunning(recorded) ? recorded : undefined;
}

/** Spawns the supervisor: detached, or held by the pipe of its standard input (`lifeline`), whose end ends it. */
export function spawnSupervisor(config: ClusterConfig, env: NodeJS.ProcessEnv, lifeline: boolean): ChildProcess {
  mkdirSync(resolve(config.stateDir, "logs"), { recursive: true, mode: 0o700 });
  const log = openSync(supervisorLog(config), "a");
  const script = join(import.meta.dirname, "supervisor-main.ts");
  // For the services and simulators: what Node has compiled once it need not compile again, which halves their start.
  const NODE_COMPILE_CACHE = env.NODE_COMPILE_CACHE ?? join(config.artifactsDir, "compile-cache");
  const child = spawn(process.execPath, [script, ...(lifeline ? ["--lifeline"] : [])], {
    cwd: config.projectDir,
    env: { ...env, NODE_COMPILE_CACHE },
    detached: !lifeline,
    stdio: [lifeline ? "pipe" : "ignore", log, log],
  });
  closeSync(log);
  child.unref();
  return child;
}

/** Waits until everything is up, telling each step. Throws ClusterError with the end of the log of what failed. */
export async function awaitCluster(config: ClusterConfig, say: Say, alive: () => boolean): Promise<ProcessHealth[]> {
  const client = new ControlClient(config.stateDir);
  const told = new Map<string, string>();
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const processes = existsSync(controlSocket(config.stateDir)) ? await client.status().catch(() => []) : [];
    if (processes.length > 0 && told.size === 0 && allUp(processes)) return processes; // it ran before: nothing to tell
    for (const { name, state, uptimeMs } of processes) {
      if (told.get(name) === state || state === "waiting") continue;
      told.set(name, state);
      say(`${name}: ${state}${state === "ready" && uptimeMs ? ` after ${(uptimeMs / 1000).toFixed(1)} s` : ""}`);
    }
    const failed = processes.find((process) => process.state === "failed");
    if (failed !== undefined) {
      const end = lastLines(failed.logFile, 15);
      throw new ClusterError(`${failed.name} failed (${failed.lastEnd}); the end of ${failed.logFile}:\n${end}`);
    }
    if (processes.length > 0 && allUp(processes)) return processes;
    const late = Date.now() > deadline;
    if (late || !alive()) {
      const why = late ? await whatWaits(client) : "the supervisor ended";
      throw new ClusterError(`${why}; the end of ${supervisorLog(config)}:\n${lastLines(supervisorLog(config), 15)}`);
    }
    await pause(POLL_MS);
  }
}

/** Which processes are not ready after the time for a start, each with its own reasons. */
async function whatWaits(client: ControlClient): Promise<string> {
  const processes = await client.status({ probe: true }).catch(() => []);
  const waiting = processes.filter((process) => !allUp([process]));
  const lines = waiting.map(({ name, state, notes = [] }) => `  ${[`${name} (${state})`, ...notes].join("; ")}`);
  return [`not ready within ${START_TIMEOUT_MS / 1000} s:`, ...lines].join("\n");
}

/** A link that is just being made is no news: what processes say about themselves after a short while, or when they have nothing to say. */
export async function settledNotes(config: ClusterConfig): Promise<string[]> {
  const client = new ControlClient(config.stateDir);
  const deadline = Date.now() + SETTLE_MS;
  for (;;) {
    const notes = noteLines(await client.status({ probe: true }));
    if (notes.length === 0 || Date.now() > deadline) return notes;
    await pause(POLL_MS);
  }
}

/** Checks and fetches what a native start needs. Throws ClusterError listing every problem. */
export async function prepareNative(config: ClusterConfig, say: Say): Promise<void> {
  const ports = clusterProcesses(config).flatMap((spec) => spec.ports ?? []);
  const problems = await nativeProblems(config, ports);
  if (problems.length > 0) throw new ClusterError(problems.join("\n"));
  await fetchArtifacts(config, say);
}

/** Starts the cluster, or finds it started. Leaves nothing running when it throws. */
export async function startNative(
  config: ClusterConfig,
  say: Say,
): Promise<{ already: boolean; processes: ProcessHealth[] }> {
  const running = runningSupervisor(config.stateDir);
  if (running !== undefined) {
    if (running.summary !== describeCluster(config)) {
      throw new ClusterError(
        `a cluster with other settings runs already (pid ${running.pid}):\n  running: ${running.summary}\n  wanted:  ${describeCluster(config)}\nend it first (cluster down), or set SLUICE_STATE_DIR and SLUICE_PORT_OFFSET for a second one`,
      );
    }
    return { already: true, processes: await awaitCluster(config, say, () => isRunning(running)) };
  }
  clearStalePid(config, say);
  await prepareNative(config, say);
  const supervisor = spawnSupervisor(config, process.env, false);
  const interrupted = () => void stopNative(config).finally(() => process.exit(130));
  process.once("SIGINT", interrupted);
  try {
    // Of two `up` at the same moment one supervisor gives way to the other and ends; both wait for the one that stays.
    const alive = () => supervisor.exitCode === null && supervisor.signalCode === null;
    const processes = await awaitCluster(
      config,
      say,
      () => alive() || runningSupervisor(config.stateDir) !== undefined,
    );
    return { already: false, processes };
  } catch (error) {
    say("stopping what was started …");
    await stopNative(config);
    throw error;
  } finally {
    process.off("SIGINT", interrupted);
  }
}

function clearStalePid(config: ClusterConfig, say: Say): void {
  const path = pidFilePath(config.stateDir);
  if (!existsSync(path)) return;
  say(`stale pid file ${path}: its supervisor (pid ${readPidFile(path)?.pid ?? "unknown"}) no longer runs; removed`);
  rmSync(path, { force: true });
  rmSync(controlSocket(config.stateDir), { force: true });
}

/** Ends the cluster; false when none ran. Throws ClusterError when the supervisor does not end in time. */
export async function stopNative(config: ClusterConfig): Promise<boolean> {
  const running = runningSupervisor(config.stateDir);
  if (running === undefined) return false;
  process.kill(running.pid, "SIGTERM");
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  while (isRunning(running)) {
    if (Date.now() > deadline) {
      throw new ClusterError(
        `the supervisor, pid ${running.pid}, did not end within ${STOP_TIMEOUT_MS / 1000} s; see ${supervisorLog(config)}, then: kill -9 ${running.pid}`,
      );
    }
    await pause(50);
  }
  return true;
}
