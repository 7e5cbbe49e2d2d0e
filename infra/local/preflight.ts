import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, statfsSync } from "node:fs";
import { createRequire } from "node:module";
import { missingArtifacts } from "./artifacts.ts";
import type { ClusterConfig } from "./cluster-config.ts";
import { isPortFree, portHolder } from "./port-holder.ts";
import type { PortClaim } from "./process-spec.ts";

const MIN_JDK = 17;
const MIN_FREE_BYTES = 3 * 1024 ** 3;
/** Ports of processes that were killed a moment ago are given this long to come free, milliseconds. */
const PORT_WAIT_MS = 3000;

/** Major version in the output of `java -version`; undefined when there is none. 1.8 is 8. */
export function javaMajor(output: string): number | undefined {
  const match = /version "(?:1\.)?(\d+)/.exec(output);
  return match?.[1] === undefined ? undefined : Number(match[1]);
}

const javaProblem = (config: ClusterConfig): string | undefined => {
  if (config.scope === "services") return undefined;
  const result = spawnSync("java", ["-version"], { encoding: "utf8" });
  const install = `install a JDK, version ${MIN_JDK} or newer (Debian: apt install openjdk-17-jre-headless), and have it on PATH`;
  if (result.error !== undefined) return `no Java found: ${install}`;
  const major = javaMajor(result.stderr + result.stdout);
  if (major === undefined || major < MIN_JDK)
    return `java on PATH is version ${major ?? "unknown"}, too old: ${install}`;
  return undefined;
};

const mavenProblem = (config: ClusterConfig): string | undefined => {
  const missing = missingArtifacts(config);
  if (missing.length === 0 || spawnSync("mvn", ["-v"], { stdio: "ignore" }).status === 0) return undefined;
  return `no Maven found, which fetches ${missing.join(" and ")}: install it (Debian: apt install maven), or point SLUICE_ARTIFACTS_DIR at a folder that has them`;
};

const engineProblem = (config: ClusterConfig): string | undefined => {
  if (config.scope === "kafka" || config.scope === "services") return undefined;
  try {
    createRequire(import.meta.url).resolve("@chdb/lib-linux-x64-gnu/package.json");
    return undefined;
  } catch {
    return `no ClickHouse engine for ${process.platform}-${process.arch}: run npm ci (Linux x64, glibc), or start a Docker engine`;
  }
};

const diskProblem = (config: ClusterConfig): string | undefined => {
  mkdirSync(config.stateDir, { recursive: true, mode: 0o700 });
  const disk = statfsSync(config.stateDir);
  const free = disk.bavail * disk.bsize;
  if (free >= MIN_FREE_BYTES) return undefined;
  const gib = (free / 1024 ** 3).toFixed(1);
  return `${config.stateDir} has ${gib} GiB free, 3 GiB are needed: free some, or set SLUICE_STATE_DIR to a folder on another disk`;
};

async function portProblem(claim: PortClaim): Promise<string | undefined> {
  const deadline = Date.now() + PORT_WAIT_MS;
  while (!(await isPortFree(claim.port))) {
    if (Date.now() < deadline) {
      await new Promise((settle) => setTimeout(settle, 100));
      continue;
    }
    const holder = portHolder(claim.port);
    const who = holder === undefined ? "a process this user cannot see" : `pid ${holder.pid} (${holder.command})`;
    return `port ${claim.port} is held by ${who}: end it, or set ${claim.env} (or SLUICE_PORT_OFFSET, which moves all ports)`;
  }
  return undefined;
}

/** Everything that would keep a native cluster from starting, each with what to do about it; empty: it can start. */
export async function nativeProblems(config: ClusterConfig, ports: PortClaim[]): Promise<string[]> {
  if (!existsSync("/proc/self/stat")) return ["the native cluster needs Linux (/proc): start a Docker engine instead"];
  const local = [javaProblem(config), mavenProblem(config), engineProblem(config), diskProblem(config)];
  const busy = await Promise.all(ports.map(portProblem));
  return [...local, ...busy].filter((problem) => problem !== undefined);
}
