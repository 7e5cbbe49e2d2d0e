import { errorMessage, SluiceError } from "../errors/sluice-error.ts";
import type { Log } from "../log/log.ts";
import { Readiness } from "./readiness.ts";
import { type WaitOptions, waitFor } from "./wait-for.ts";

/** `starting -> running -> draining -> stopped`; ready or not is a question to the checks while running. */
export type LifecycleState = "starting" | "running" | "draining" | "stopped";

/** A part of the service that is started in order and stopped in reverse. */
export interface Component<Value> {
  /** Brings the part up; its result is what {@link LifecycleScope.add} gives. */
  readonly start: (signal: AbortSignal) => Promise<Value> | Value;
  /** Finishes the work at hand and lets go. Called at most once, and only when `start` succeeded. */
  readonly stop?: (value: Value) => Promise<void> | void;
  /** How long `stop` may take before the next part is stopped anyway, milliseconds; default: the whole deadline. */
  readonly timeoutMs?: number;
}

/** The part of a service's scope that starts and stops things. */
export interface LifecycleScope {
  readonly log: Log;
  readonly readiness: Readiness;
  /** Aborts when the service is told to stop. */
  readonly signal: AbortSignal;
  readonly state: LifecycleState;
  /** Starts a part now and remembers how to stop it. Parts stop in the reverse order of their start. */
  add<Value>(name: string, component: Component<Value>): Promise<Value>;
  /** Repeats the probe until it succeeds; the service is not ready meanwhile. See {@link waitFor}. */
  waitFor<Value>(
    name: string,
    probe: (signal: AbortSignal) => Promise<Value> | Value,
    options?: WaitOptions,
  ): Promise<Value>;
  /** Reports a fault after which this process cannot go on: it drains and exits with 1, for the supervisor to restart. */
  fail(error: unknown): void;
}

/** How a stop went. */
export interface StopReport {
  /** Parts whose stop did not finish in time. */
  readonly hung: readonly string[];
  /** Parts whose stop threw. */
  readonly failed: readonly string[];
}

interface Started {
  readonly name: string;
  readonly timeoutMs: number | undefined;
  readonly stop: () => Promise<void>;
}

/** The state machine of one service, apart from signals and exit codes (those are in run-service.ts). */
export class Lifecycle implements LifecycleScope {
  readonly log: Log;
  readonly readiness = new Readiness();
  readonly #stopping = new AbortController();
  readonly #started: Started[] = [];
  readonly #starting = new Set<{ readonly name: string; readonly settled: Promise<unknown> }>();
  readonly #onFatal: (error: unknown) => void;
  #state: LifecycleState = "starting";
  #fatal: unknown;
  #stopped: Promise<StopReport> | undefined;

  /** @param onFatal told of the first fatal fault, once. */
  constructor(log: Log, onFatal: (error: unknown) => void = () => {}) {
    this.log = log;
    this.#onFatal = onFatal;
    this.readiness.register("lifecycle", () =>
      this.#state === "running" ? { ok: true } : { ok: false, why: this.#state },
    );
  }

  get state(): LifecycleState {
    return this.#state;
  }

  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** The fault that ends this process, if there is one. */
  get fatal(): unknown {
    return this.#fatal;
  }

  add<Value>(name: string, component: Component<Value>): Promise<Value> {
    const starting = this.#add(name, component);
    const entry = { name, settled: starting.catch(() => {}) };
    this.#starting.add(entry);
    void entry.settled.then(() => this.#starting.delete(entry));
    return starting;
  }

  async #add<Value>(name: string, component: Component<Value>): Promise<Value> {
    if (this.#stopping.signal.aborted) throw stoppedBefore(name);
    const value = await component.start(this.#stopping.signal);
    const stop = async () => component.stop?.(value);
    if (this.#stopping.signal.aborted) {
      // Told to stop while this part was starting: the stop waits for this, then goes on with the parts before it.
      await stop();
      throw stoppedBefore(name);
    }
    this.#started.push({ name, stop, timeoutMs: component.timeoutMs });
    this.log.debug({ component: name }, "started");
    return value;
  }

  waitFor<Value>(
    name: string,
    probe: (signal: AbortSignal) => Promise<Value> | Value,
    options?: WaitOptions,
  ): Promise<Value> {
    return waitFor(name, probe, this, options);
  }

  fail(error: unknown): void {
    if (this.#fatal !== undefined) return;
    this.#fatal = error ?? new Error("unknown fault");
    this.#onFatal(this.#fatal);
  }

  /** Marks the start as complete; without effect once a stop has begun. */
  started(): void {
    if (this.#state === "starting") this.#state = "running";
  }

  /** Stops every part in reverse order within `deadlineMs` in all. Repeated calls give the same promise. */
  stop(deadlineMs: number): Promise<StopReport> {
    this.#stopped ??= this.#stop(deadlineMs);
    return this.#stopped;
  }

  async #stop(deadlineMs: number): Promise<StopReport> {
    const endsAt = performance.now() + deadlineMs;
    const hung: string[] = [];
    const failed: string[] = [];
    this.#state = "draining";
    this.#stopping.abort(new SluiceError("the service is stopping", { code: "STOPPED", class: "transient" }));
    const left = () => Math.max(0, endsAt - performance.now());
    for (const { name, settled } of [...this.#starting]) {
      if (!(await settledWithin(settled, left()))) hung.push(`${name} (while starting)`);
    }
    for (const component of this.#started.splice(0).reverse()) {
      try {
        const inTime = await settledWithin(component.stop(), Math.min(component.timeoutMs ?? Infinity, left()));
        if (!inTime) hung.push(component.name);
      } catch (error) {
        failed.push(component.name);
        this.log.error({ err: error, component: component.name }, `stop failed: ${errorMessage(error)}`);
      }
    }
    this.#state = "stopped";
    return { hung, failed };
  }
}

function stoppedBefore(name: string): SluiceError {
  return new SluiceError(`stopped before ${name} had started`, { code: "STOPPED", class: "transient" });
}

/** @returns false when the promise has not settled after so many milliseconds; its later failure is then ignored. */
async function settledWithin(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<"late">((resolve) => {
    timer = setTimeout(resolve, milliseconds, "late");
  });
  promise.catch(() => {});
  try {
    return (await Promise.race([promise.then(() => "done"), limit])) === "done";
  } finally {
    clearTimeout(timer);
  }
}
