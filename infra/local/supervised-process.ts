import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { DeathSignal } from "./death-signal.ts";
import { processStat } from "./process-identity.ts";
import { DEFAULT_READY_TIMEOUT_MS, DEFAULT_STOP, isOneShot, type ProcessSpec } from "./process-spec.ts";
import { probe } from "./readiness.ts";
import { failuresAfter, restartDelay } from "./restart-policy.ts";

/**
 * waiting: for what it depends on. starting: runs, not ready yet. ready: has been ready since its start.
 * done: a one-shot step that succeeded. back-off: crashed, starts again soon. stopped: on request. failed: given up.
 */
export type ProcessState = "waiting" | "starting" | "ready" | "done" | "back-off" | "stopping" | "stopped" | "failed";

/** One row of `status`. */
export interface ProcessStatus {
  name: string;
  state: ProcessState;
  pid?: number;
  /** Milliseconds since this start. */
  uptimeMs?: number;
  /** Starts after the first one. */
  restarts: number;
  /** SIGSTOP holds it. */
  frozen: boolean;
  /** How it last ended, e.g. "code 1" or "SIGKILL". */
  lastEnd?: string;
  endpoint?: string;
  logFile: string;
}

const READY_POLL_MS = 100;
const isAlive = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

/** Removes what belongs to the cluster's own configuration: a process gets only the Sluice settings of its spec. */
export const childEnvironment = (
  own: Record<string, string | undefined>,
  added: Record<string, string> = {},
): Record<string, string | undefined> => ({
  ...Object.fromEntries(Object.entries(own).filter(([name]) => !name.startsWith("SLUICE_") && name !== "BROKERS")),
  ...added,
});

/** Runs one spec: start, readiness, restart with back-off, stop. Every change of state is told to `changed`. */
export class SupervisedProcess {
  readonly spec: ProcessSpec;
  state: ProcessState = "waiting";
  #child: ChildProcess | undefined;
  #startedAt = 0;
  #readyAt = 0;
  #starts = 0;
  #failures = 0;
  #everReady = false;
  /** False: leave it down when it ends (stop, or a kill that is to last). */
  #wanted = true;
  #lastEnd: string | undefined;
  #backOff: NodeJS.Timeout | undefined;
  #preparing: Promise<void> = Promise.resolve();
  #exits: (() => void)[] = [];
  readonly #deathSignal: DeathSignal;
  readonly #changed: (process: SupervisedProcess) => void;

  constructor(spec: ProcessSpec, deathSignal: DeathSignal, changed: (process: SupervisedProcess) => void) {
    this.spec = spec;
    this.#deathSignal = deathSignal;
    this.#changed = changed;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  /** Starts it unless it runs already, with a clean record of failures. */
  start(): void {
    this.#wanted = true;
    this.#failures = 0;
    this.#launch();
  }

  #launch(): void {
    clearTimeout(this.#backOff);
    if (this.#child !== undefined || this.state === "starting") return;
    this.#enter("starting");
    this.#preparing = this.#prepareAndSpawn();
  }

  async #prepareAndSpawn(): Promise<void> {
    try {
      await this.spec.prepare?.();
      if (this.#wanted) this.#spawn();
      else this.#enter("stopped");
    } catch (error) {
      this.#log(`prepare failed: ${error instanceof Error ? error.message : String(error)}`);
      this.#ended("prepare failed");
    }
  }

  #spawn(): void {
    mkdirSync(dirname(this.spec.logFile), { recursive: true });
    // Append mode, so that the supervisor may cut the file while the process writes to it.
    const log = openSync(this.spec.logFile, "a");
    // By nice(1), which executes the command in its own place: threads that have begun would not be told any more.
    const nice = this.spec.niceness ? ["nice", "-n", String(this.spec.niceness)] : [];
    const [command, ...args] = [...this.#deathSignal.prefix, ...nice, this.spec.command, ...this.spec.args];
    const child = spawn(command as string, args, {
      cwd: this.spec.cwd,
      env: childEnvironment(process.env, this.spec.env),
      stdio: ["pipe", log, log],
    });
    closeSync(log);
    child.stdin?.on("error", () => {}); // closing the pipe of a process that has just ended
    this.#child = child;
    this.#starts += 1;
    this.#startedAt = Date.now();
    this.#readyAt = 0;
    if (child.pid !== undefined) this.#deathSignal.watch(child.pid);
    child.once("error", (error) => this.#exited(child, error.message));
    child.once("exit", (code, signal) => this.#exited(child, signal ?? `code ${code}`));
    if (!isOneShot(this.spec)) void this.#awaitReady(child);
  }

  async #awaitReady(child: ChildProcess): Promise<void> {
    const patienceMs = this.spec.readyTimeoutMs ?? DEFAULT_READY_TIMEOUT_MS;
    let deadline = Date.now() + patienceMs;
    while (this.#child === child && this.state === "starting") {
      const { ok, notes } = await probe(this.spec.ready);
      if (ok && this.#child === child && this.state === "starting") {
        this.#readyAt = Date.now();
        this.#everReady = true;
        this.#enter("ready");
        return;
      }
      if (Date.now() > deadline) {
        if (this.spec.alive !== undefined && (await probe(this.spec.alive)).ok) {
          this.#log(`not ready after ${patienceMs / 1000} s, and alive; it goes on waiting: ${notes.join("; ")}`);
          deadline = Date.now() + patienceMs;
          continue;
        }
        if (this.#child !== child) return;
        this.#log("not ready in time: killed");
        child.kill("SIGKILL");
        return;
      }
      await new Promise((settle) => setTimeout(settle, READY_POLL_MS));
    }
  }

  #exited(child: ChildProcess, how: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    if (isOneShot(this.spec) && how === "code 0" && this.#wanted) {
      this.#lastEnd = how;
      this.#enter("done");
    } else {
      this.#ended(how);
    }
    for (const settle of this.#exits.splice(0)) settle();
  }

  #ended(how: string): void {
    this.#lastEnd = how;
    if (!this.#wanted) {
      this.#enter("stopped");
      return;
    }
    this.#log(`ended: ${how}`);
    this.#failures = failuresAfter(this.#failures, this.#readyAt === 0 ? 0 : Date.now() - this.#readyAt);
    const { restart } = this.spec;
    const delay = restartDelay({ everReady: this.#everReady, failures: this.#failures, restart });
    this.#enter(delay === undefined ? "failed" : "back-off");
    if (delay !== undefined) this.#backOff = setTimeout(() => this.#launch(), delay);
  }

  /** Ends it as its spec says, with SIGKILL after the grace time (milliseconds), and keeps it down. */
  async stop(graceMs = (this.spec.stop ?? DEFAULT_STOP).graceMs): Promise<void> {
    this.#wanted = false;
    clearTimeout(this.#backOff);
    await this.#preparing;
    const child = this.#child;
    if (child === undefined) {
      if (this.state !== "done") this.#enter("stopped");
      return;
    }
    this.#enter("stopping");
    const ended = this.#exit();
    if (graceMs <= 0) child.kill("SIGKILL");
    else if (this.spec.stop?.by === "stdin-close") child.stdin?.end();
    else child.kill("SIGTERM");
    child.kill("SIGCONT"); // a frozen process could not act on it
    const kill = setTimeout(() => child.kill("SIGKILL"), graceMs);
    await ended;
    clearTimeout(kill);
  }

  /**
   * Sends a signal; false: it does not run. `keepDown`: it is not started again when it ends. Resolves when the process is
   * gone, if that is what the signal is for (SIGKILL, and SIGTERM with `keepDown`).
   */
  async signal(signal: NodeJS.Signals, keepDown: boolean): Promise<boolean> {
    const child = this.#child;
    if (child === undefined || !isAlive(child)) return false;
    if (keepDown) this.#wanted = false;
    const ended = this.#exit();
    const sent = child.kill(signal);
    if (sent && (signal === "SIGKILL" || (signal === "SIGTERM" && keepDown))) await ended;
    return sent;
  }

  status(): ProcessStatus {
    const pid = this.#child?.pid;
    return {
      name: this.spec.name,
      state: this.state,
      restarts: Math.max(0, this.#starts - 1),
      frozen: pid !== undefined && processStat(pid)?.state === "T",
      logFile: this.spec.logFile,
      ...(pid === undefined ? {} : { pid, uptimeMs: Date.now() - this.#startedAt }),
      ...(this.#lastEnd === undefined ? {} : { lastEnd: this.#lastEnd }),
      ...(this.spec.endpoint === undefined ? {} : { endpoint: this.spec.endpoint }),
    };
  }

  #exit(): Promise<void> {
    return new Promise((settle) => this.#exits.push(settle));
  }

  #enter(state: ProcessState): void {
    if (this.state === state) return;
    this.state = state;
    this.#changed(this);
  }

  #log(line: string): void {
    mkdirSync(dirname(this.spec.logFile), { recursive: true });
    const log = openSync(this.spec.logFile, "a");
    writeSync(log, `-- supervisor: ${this.spec.name} ${line}\n`);
    closeSync(log);
  }
}
