/**
 * The supervisor process: `node supervisor-main.ts [--lifeline]`, configured by the environment like `cluster.ts`.
 * SIGTERM ends everything in reverse order. With `--lifeline` the end of standard input does so too, at once and
 * removing the state folder: the tests' clusters, which must not outlive their test run even when that is killed.
 */
import { mkdirSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { readClusterConfig } from "./cluster-config.ts";
import { describeCluster } from "./cluster-summary.ts";
import { controlSocket, pidFilePath } from "./control-protocol.ts";
import { openControlServer } from "./control-server.ts";
import { deathSignal } from "./death-signal.ts";
import { boundLog } from "./log-bound.ts";
import { claimPidFile } from "./process-identity.ts";
import { clusterProcesses } from "./processes.ts";
import { Supervisor } from "./supervisor.ts";

const LOG_CHECK_MS = 30_000;
const lifeline = process.argv.includes("--lifeline");
const say = (line: string): void => console.log(`${new Date().toISOString()} ${line}`);

const config = readClusterConfig(process.env, resolve(import.meta.dirname, "../.."));
mkdirSync(config.stateDir, { recursive: true, mode: 0o700 });
const pidFile = pidFilePath(config.stateDir);
const holder = claimPidFile(pidFile, describeCluster(config));
if (holder !== undefined) {
  say(`another supervisor runs this cluster already: pid ${holder.pid}`);
  process.exit(0);
}

const supervisor = new Supervisor(clusterProcesses(config), deathSignal(), say);
const socketPath = controlSocket(config.stateDir);
const control = await openControlServer(supervisor, socketPath);
const logCheck = setInterval(() => {
  for (const file of [...supervisor.logFiles(), resolve(config.stateDir, "logs", "supervisor.log")]) boundLog(file);
}, LOG_CHECK_MS);

let ending = false;
async function end(reason: string, fast: boolean): Promise<void> {
  if (ending) return;
  ending = true;
  say(`${reason}: stopping`);
  clearInterval(logCheck);
  await supervisor.stopAll(fast);
  control.close();
  rmSync(socketPath, { force: true });
  rmSync(pidFile, { force: true });
  if (lifeline) rmSync(config.stateDir, { recursive: true, force: true });
  process.exit(0);
}

process.on("SIGTERM", () => void end("SIGTERM", lifeline));
process.on("SIGINT", () => void end("SIGINT", lifeline));
process.on("SIGHUP", () => {}); // the terminal that started it may close
if (lifeline) {
  process.stdin.on("end", () => void end("lifeline ended", true));
  process.stdin.on("error", () => void end("lifeline broke", true));
  process.stdin.resume();
}
supervisor.advance();
