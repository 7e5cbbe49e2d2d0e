/** A task that ran for so long, ms, began well: its fault has nothing to do with those before it. */
const SOUND_MS = 60_000;
const FIRST_MS = 250;
const LONGEST_MS = 10_000;
/** Where it only waits for a leader: so long at most after there is one. */
const LONGEST_WAITING_MS = 2_000;

/** Faults in a row, this one included. `ranMs`: how long the task ran before it. */
export function faultsInRow(before: number, ranMs: number): number {
  return ranMs > SOUND_MS ? 1 : before + 1;
}

/** How long a task waits before it begins again after so many faults in a row, ms; 0 after none. `waits`: for a leader, and nothing is wrong with it. */
export function restartDelayMs(faults: number, waits = false): number {
  return faults === 0 ? 0 : Math.min(FIRST_MS * 2 ** faults, waits ? LONGEST_WAITING_MS : LONGEST_MS);
}
