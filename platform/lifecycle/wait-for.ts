import { setTimeout as sleep } from "node:timers/promises";
import { errorMessage, SluiceError } from "../errors/sluice-error.ts";
import type { Log } from "../log/log.ts";
import type { CheckOutcome, Readiness } from "./readiness.ts";

export interface WaitOptions {
  /** First pause between attempts, doubled each time; default 200 ms. */
  readonly initialMs?: number;
  /** Longest pause; default 2,000 ms. */
  readonly maxMs?: number;
  /** Longest single attempt; default 5,000 ms. */
  readonly attemptMs?: number;
}

interface WaitContext {
  readonly log: Log;
  readonly readiness: Readiness;
  /** Aborts the wait when the service is told to stop. */
  readonly signal: AbortSignal;
  readonly random?: () => number;
}

/** How often a wait may write to the log, milliseconds. */
const LOG_EVERY_MS = 5_000;

/**
 * Repeats a probe until it succeeds: services start in any order. Meanwhile the service is not ready, and says for what
 * it waits. A `permanent` SluiceError ends the wait, since no later attempt can differ.
 * @throws SluiceError `STOPPED` when the service is told to stop first; the probe's own permanent error.
 */
export async function waitFor<Value>(
  name: string,
  probe: (signal: AbortSignal) => Promise<Value> | Value,
  context: WaitContext,
  options: WaitOptions = {},
): Promise<Value> {
  const { log, signal, random = Math.random } = context;
  let outcome: CheckOutcome = { ok: false, why: `waiting for ${name}` };
  const unregister = context.readiness.register(name, () => outcome);
  let pause = options.initialMs ?? 200;
  try {
    for (let attempt = 1; ; attempt++) {
      if (signal.aborted) throw stopped(name);
      try {
        return await limited(probe, options.attemptMs ?? 5_000, signal);
      } catch (error) {
        if (signal.aborted) throw stopped(name);
        if (error instanceof SluiceError && error.class === "permanent") throw error;
        const why = errorMessage(error);
        outcome = { ok: false, why: `waiting for ${name}: ${why}` };
        log.every(`wait-for-${name}`, LOG_EVERY_MS).info({ attempt, why }, `waiting for ${name}`);
      }
      // Half of the pause is random, so that instances started together do not knock together.
      await sleep(pause * (0.5 + random() / 2), undefined, { signal }).catch(() => {});
      pause = Math.min(pause * 2, options.maxMs ?? 2_000);
    }
  } finally {
    unregister();
  }
}

function stopped(name: string): SluiceError {
  return new SluiceError(`stopped while waiting for ${name}`, { code: "STOPPED", class: "transient" });
}

/** Gives the probe a signal of its own and stops listening to it at the limit, whether it obeys or not. */
async function limited<Value>(
  probe: (signal: AbortSignal) => Promise<Value> | Value,
  milliseconds: number,
  stop: AbortSignal,
): Promise<Value> {
  const attempt = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let onStop: (() => void) | undefined;
  const ended = new Promise<never>((_, reject) => {
    const end = (why: string) => {
      const error = new SluiceError(why, { code: "PROBE_TIMEOUT", class: "transient" });
      attempt.abort(error);
      reject(error);
    };
    timer = setTimeout(() => end(`no answer within ${milliseconds} ms`), milliseconds);
    onStop = () => end("stopped");
    stop.addEventListener("abort", onStop, { once: true });
  });
  try {
    return await Promise.race([probe(attempt.signal), ended]);
  } finally {
    clearTimeout(timer);
    if (onStop !== undefined) stop.removeEventListener("abort", onStop);
  }
}
