import { spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { vi } from "vitest";

const PROJECT = resolve(import.meta.dirname, "../../..");

/** The real analytics-sink as a process of its own, as production runs it. */
export interface SinkProcess {
  readonly log: string[];
  /** Value of a metric that has one series; undefined when it cannot be had. */
  metric(name: string): Promise<number | undefined>;
  /** Resolves when it has ended. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
}

/** Resolves when it shows metrics; it may not have joined its groups yet. */
export async function startSinkProcess(env: NodeJS.ProcessEnv): Promise<SinkProcess> {
  const child = spawn(process.execPath, [join(PROJECT, "services/analytics-sink/main.ts")], {
    cwd: PROJECT,
    // Its standard input closes when this process ends in whatever way, and it ends with it.
    env: { PATH: process.env.PATH, ...env, SLUICE_EXIT_WITH_PARENT: "1", SLUICE_LOG_FORMAT: "json" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  const gone = () => child.exitCode !== null || child.signalCode !== null;
  const log: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on("line", (line) => log.push(line));
  const listening = () => log.find((line) => line.includes('"msg":"admin server listening"'));
  await vi.waitUntil(() => listening() !== undefined || gone(), { timeout: 60_000, interval: 50 }).catch(() => {});
  const line = listening();
  if (line === undefined) {
    child.kill("SIGKILL");
    throw new Error(`analytics-sink did not start:\n${log.join("\n")}`);
  }
  const { adminPort } = JSON.parse(line) as { adminPort: number };
  return {
    log,
    metric: async (name) => {
      const answer = await fetch(`http://127.0.0.1:${adminPort}/metrics`).catch(() => undefined);
      const series = (await answer?.text())?.split("\n").find((text) => new RegExp(`^${name}[{ ]`).test(text));
      return series === undefined ? undefined : Number(series.split(" ").at(-1));
    },
    end: async (signal) => {
      if (!gone()) child.kill(signal);
      await exited;
    },
  };
}
