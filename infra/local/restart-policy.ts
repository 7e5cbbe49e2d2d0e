const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 10_000;
/** A process that stayed up this long has recovered: its next crash starts again with the shortest delay. */
const STABLE_AFTER_MS = 30_000;
/** Starts without ever becoming ready, after which trying again is pointless. */
const MAX_FIRST_STARTS = 3;

/** What the supervisor knows about a process when it has ended by itself. */
export interface EndedProcess {
  everReady: boolean;
  /** Ends in a row, this one included, since the process was last stable. */
  failures: number;
  restart: "always" | "never";
}

/** Milliseconds until the next start, or undefined: leave it down. */
export function restartDelay(ended: EndedProcess): number | undefined {
  if (ended.restart === "never") return undefined;
  if (!ended.everReady && ended.failures >= MAX_FIRST_STARTS) return undefined;
  return Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(ended.failures - 1, 10));
}

/** Ends in a row, counting the one that happens after `readyForMs` milliseconds of being ready. */
export const failuresAfter = (previous: number, readyForMs: number): number =>
  readyForMs >= STABLE_AFTER_MS ? 1 : previous + 1;
