import type { ControlSignal, ProcessHealth } from "./control-protocol.ts";
import type { DeathSignal } from "./death-signal.ts";
import { lastLines } from "./follow-log.ts";
import { isOneShot, type ProcessSpec } from "./process-spec.ts";
import { probe } from "./readiness.ts";
import { assertStartable, stopOrder } from "./start-order.ts";
import { SupervisedProcess } from "./supervised-process.ts";

const MAX_INSTANCES = 16;
const isUp = (process: SupervisedProcess): boolean => process.state === "ready" || process.state === "done";
const isFinal = (process: SupervisedProcess): boolean => isUp(process) || ["failed", "stopped"].includes(process.state);

/** Runs a set of processes in the order of their dependencies. Knows nothing of what they are. */
export class Supervisor {
  readonly #processes = new Map<string, SupervisedProcess>();
  readonly #deathSignal: DeathSignal;
  readonly #log: (line: string) => void;
  #waiters: (() => void)[] = [];
  /** Scaled to none. */
  readonly #unwanted = new Set<string>();
  #stopping = false;

  /** Throws when names are doubled or dependencies are unknown or circular. */
  constructor(specs: ProcessSpec[], deathSignal: DeathSignal, log: (line: string) => void) {
    assertStartable(specs);
    this.#deathSignal = deathSignal;
    this.#log = log;
    for (const spec of specs) this.#add(spec);
  }

  #add(spec: ProcessSpec): SupervisedProcess {
    const process = new SupervisedProcess(spec, this.#deathSignal, (changed) => this.#changed(changed));
    this.#processes.set(spec.name, process);
    return process;
  }

  #changed(process: SupervisedProcess): void {
    const { pid, lastEnd } = process.status();
    this.#log(
      `${process.spec.name} ${process.state}${pid ? ` pid ${pid}` : ""}${lastEnd ? ` last end: ${lastEnd}` : ""}`,
    );
    this.advance();
    for (const wake of this.#waiters.splice(0)) wake();
  }

  /** Starts every waiting process whose dependencies are up. */
  advance(): void {
    if (this.#stopping) return;
    for (const process of this.#processes.values()) {
      if (process.state !== "waiting") continue;
      const blocked = process.spec.dependsOn.some((name) => !isUp(this.#named(name)));
      if (!blocked) process.start();
    }
  }

  async signal(name: string, signal: ControlSignal, keepDown: boolean): Promise<void> {
    if (!(await this.#named(name).signal(signal, keepDown))) throw new Error(`${name} is not running`);
  }

  async start(name: string): Promise<void> {
    const process = this.#named(name);
    this.#unwanted.delete(name);
    process.start();
    await this.#settled(process);
    if (isUp(process)) return;
    const { lastEnd, logFile } = process.status();
    throw new Error(`${name} did not start (${lastEnd}); the end of ${logFile}:\n${lastLines(logFile, 15)}`);
  }

  stop(name: string): Promise<void> {
    return this.#named(name).stop();
  }

  async scale(name: string, instances: number): Promise<void> {
    const { replica } = this.#named(name).spec;
    if (!Number.isInteger(instances) || instances < 0 || instances > MAX_INSTANCES) {
      throw new Error(`scale ${name} to ${instances}: expected a whole number from 0 to ${MAX_INSTANCES}`);
    }
    if (instances > 1 && replica === undefined) throw new Error(`${name} cannot run in several instances`);
    const names = [name];
    for (let index = 2; index <= instances && replica !== undefined; index++) {
      const spec = replica(index);
      if (!this.#processes.has(spec.name)) this.#add(spec);
      names.push(spec.name);
    }
    const surplus = [...this.#processes.keys()].filter((other) => this.#isInstance(other, name)).slice(instances);
    await Promise.all(surplus.map((other) => this.stop(other)));
    // What is not wanted any more is no part of the cluster; the first stands for the name, and may be started again.
    for (const other of surplus) if (other !== name) this.#processes.delete(other);
    if (instances === 0) this.#unwanted.add(name);
    await Promise.all(names.slice(0, instances).map((other) => this.start(other)));
  }

  #isInstance(other: string, name: string): boolean {
    return other === name || (other.startsWith(`${name}-`) && /^\d+$/.test(other.slice(name.length + 1)));
  }

  async status(withProbe: boolean): Promise<ProcessHealth[]> {
    return Promise.all(
      [...this.#processes.values()].map(async (process) => {
        const unwanted = this.#unwanted.has(process.spec.name);
        const status = { ...process.status(), ...(unwanted ? { unwanted } : {}) };
        if (!withProbe || !process.running || isOneShot(process.spec)) return status;
        const { ok, notes } = await probe(process.spec.ready);
        return { ...status, healthy: ok, notes };
      }),
    );
  }

  /** Log files of all processes. */
  logFiles(): string[] {
    return [...this.#processes.values()].map((process) => process.spec.logFile);
  }

  /** Ends everything, dependents first; those of one level together. `fast`: SIGKILL at once. */
  async stopAll(fast: boolean): Promise<void> {
    this.#stopping = true;
    const all = [...this.#processes.values()];
    for (const level of stopOrder(all.map((process) => process.spec))) {
      await Promise.all(level.map((name) => this.#named(name).stop(fast ? 0 : undefined)));
    }
  }

  #named(name: string): SupervisedProcess {
    const process = this.#processes.get(name);
    if (process === undefined)
      throw new Error(`no process ${name}; there are: ${[...this.#processes.keys()].join(", ")}`);
    return process;
  }

  async #settled(process: SupervisedProcess): Promise<void> {
    while (!isFinal(process)) await new Promise<void>((wake) => this.#waiters.push(wake));
  }
}
