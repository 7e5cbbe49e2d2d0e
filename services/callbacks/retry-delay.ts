/** Between two attempts of one callback: 5 s, then three times as long each time, up to six hours, ms. */
const FIRST_MS = 5_000;
const FACTOR = 3;
const LONGEST_MS = 6 * 3_600_000;
/** Half of it is random, so that what failed together does not come back together. */
const FIXED = 0.5;

/** How long to wait after so many failed attempts (1 or more), ms. `random`: from 0 to 1; `pauseMs`: what the address asked for. */
export function retryDelayMs(attempts: number, random: number, pauseMs = 0): number {
  const most = Math.min(FIRST_MS * FACTOR ** Math.min(attempts - 1, 30), LONGEST_MS);
  return Math.max(pauseMs, Math.round(most * (FIXED + (1 - FIXED) * random)));
}
