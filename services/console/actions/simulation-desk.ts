import { randomUUID } from "node:crypto";
import type { SimulateOptions } from "../../../pipeline/simulate/simulate.ts";
import { type Simulation, simulateJson } from "../../../pipeline/simulate/simulate-report.ts";
import { errorMessage } from "../../../platform/errors/sluice-error.ts";
import { ProblemError } from "../../../platform/http/problem.ts";
import type { Log } from "../../../platform/log/log.ts";
import type { Person } from "../access/roles.ts";
import { isKafkas } from "./kafka-faults.ts";
import type { SimulatedCatalogs, SimulatedChange, SimulationBase } from "./simulated-catalogs.ts";

/** A simulation on the events of a stretch that ends now; it ends by rejecting when the signal is aborted. */
export type RunSimulation = (options: Omit<SimulateOptions, "stopped">, signal: AbortSignal) => Promise<Simulation>;

export interface SimulationDeskOptions {
  readonly catalogs: {
    base(): Promise<SimulationBase>;
    of(change: SimulatedChange): Promise<SimulatedCatalogs>;
  };
  readonly run: RunSimulation;
  readonly log: Log;
  /** Epoch ms. */
  readonly now: () => number;
  /** A simulation that takes longer is ended. Default: 2 minutes. */
  readonly longestMs?: number;
}

/** A simulation as the page sees it. */
export interface SimulationRun {
  readonly run: string;
  readonly by: string;
  readonly state: "running" | "done" | "stopped" | "failed";
  /** Epoch ms: when it was asked for, and from when on messages are taken. */
  readonly startedAt: number;
  readonly since: number;
  /** What the changed catalog is called, and what is different in it. */
  readonly name: string;
  readonly diff: readonly string[];
  /** What is read, and the share of all reading that is done, 0 to 1. */
  readonly reading: string;
  readonly share: number;
  /** As `sluice simulate --json` has it; null until it is done. */
  readonly result: object | null;
  /** Why it failed. */
  readonly failure: string | null;
}

type Running = { -readonly [Field in keyof SimulationRun]: SimulationRun[Field] };

/** Records of sms.events that are read, each twice: the newest ones of the time. */
export const MAX_RECORDS = 500_000;
const LONGEST_MS = 120_000;

/** Simulations from the console: one at a time, since each reads half a million records at the most. They write nothing. */
export class SimulationDesk {
  private readonly options: SimulationDeskOptions;
  private last: Running | undefined;
  private ending: AbortController | undefined;
  private work: Promise<void> = Promise.resolve();
  /** Who begins one, until the catalogs to compare are there. */
  private beginning: string | undefined;

  constructor(options: SimulationDeskOptions) {
    this.options = options;
  }

  /** The last one; undefined when there was none since the start. */
  get current(): SimulationRun | undefined {
    return this.last === undefined ? undefined : { ...this.last };
  }

  base(): Promise<SimulationBase> {
    return this.options.catalogs.base();
  }

  /**
   * Begins to decide the messages of the last `spanMs` once more by the changed catalog.
   * @throws ProblemError 409 while another one goes on, and as `CatalogsToCompare.of`
   */
  async begin(change: SimulatedChange, spanMs: number, { name: by, role }: Person): Promise<SimulationRun> {
    const busyWith = this.beginning ?? (this.last?.state === "running" ? this.last.by : undefined);
    if (busyWith !== undefined) throw busy(busyWith);
    this.beginning = by;
    let catalogs: SimulatedCatalogs;
    try {
      catalogs = await this.options.catalogs.of(change);
    } finally {
      this.beginning = undefined;
    }
    const { log, now } = this.options;
    const startedAt = now();
    const run: Running = {
      ...{ run: randomUUID(), by, state: "running", startedAt, since: startedAt - spanMs },
      ...{ name: catalogs.changed.name, diff: catalogs.diff, reading: "what was delivered", share: 0 },
      ...{ result: null, failure: null },
    };
    this.last = run;
    log.info({ person: by, role, run: run.run, kind: change.kind, spanMs }, "a simulation begins");
    this.work = this.carryOut(run, catalogs);
    return this.current!;
  }

  /** Ends it at once. */
  stop({ name }: Person): SimulationRun | undefined {
    if (this.last?.state === "running") {
      this.options.log.info({ person: name, run: this.last.run }, "a simulation is stopped");
      this.last.state = "stopped";
      this.ending?.abort();
    }
    return this.current;
  }

  /** Resolves when nothing goes on any more. */
  async close(): Promise<void> {
    this.ending?.abort();
    await this.work;
  }

  private async carryOut(run: Running, { atWork, changed }: SimulatedCatalogs): Promise<void> {
    const { log, longestMs = LONGEST_MS } = this.options;
    const ending = new AbortController();
    this.ending = ending;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      ending.abort();
    }, longestMs);
    const stretch = { since: run.since, until: undefined, most: MAX_RECORDS };
    const progress: SimulateOptions["progress"] = (what, share) => {
      run.reading = what;
      run.share = what === "decisions" ? 0.5 + share / 2 : share / 2;
    };
    try {
      const result = await this.options.run({ changed, atWork, stretch, progress }, ending.signal);
      if (run.state !== "running") return;
      run.result = simulateJson(result);
      run.state = "done";
    } catch (error) {
      // What was stopped has its state.
      if (run.state !== "running") return;
      run.state = late || !ending.signal.aborted ? "failed" : "stopped";
      if (run.state === "stopped") return;
      run.failure = late
        ? `it had not ended after ${Math.round(longestMs / 1_000)} s: choose a shorter time, or run sluice simulate`
        : isKafkas(error)
          ? `Kafka does not answer (${errorMessage(error)}): try again`
          : errorMessage(error);
      log.error({ err: error, person: run.by, run: run.run, late }, "a simulation failed");
    } finally {
      clearTimeout(timer);
    }
  }
}

function busy(by: string): ProblemError {
  const detail = `${by} has one under way: wait for its end, or stop it`;
  return new ProblemError({ status: 409, code: "SIMULATION_UNDER_WAY", title: "A simulation is under way", detail });
}
