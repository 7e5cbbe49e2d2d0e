/** A task that ran for so long, ms, began well: its fault has nothing to do with those before it. */
const SOUND_MS = 60_000;
const FIRST_MS = 250;
const LONGEST_MS = 10_000;

/** Faults in a row, this one included. `ranMs`: how long the task ran before it. */
export function faultsInRow(before: number, ranMs: number): number {
  return ranMs > SOUND_MS ? 1 : before + 1;
}

/** How long a task waits before it begins again after so many faults in a row, ms; 0 after none. */
export function restartDelayMs(faults: number): number {
  return faults === 0 ? 0 : Math.min(FIRST_MS * 2 ** faults, LONGEST_MS);
}
