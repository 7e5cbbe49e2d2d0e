/** A message that has been looked at so often waits longer, ms: it may be valid for weeks, and its attempts are numbered. */
const OFTEN = 1_000;
const OFTEN_MS = 60_000;
const VERY_OFTEN = 4_000;
const VERY_OFTEN_MS = 600_000;

/** Until a message is decided on anew, ms, that waits `ms` in its first attempts. */
export function waitOfAttempt(attempt: number, ms: number): number {
  if (attempt > VERY_OFTEN) return VERY_OFTEN_MS;
  return attempt > OFTEN ? OFTEN_MS : ms;
}
