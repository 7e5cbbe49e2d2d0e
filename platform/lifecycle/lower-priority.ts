import { readdirSync } from "node:fs";
import { constants, setPriority } from "node:os";

/** Where Linux lists the threads of the process. */
const THREADS = "/proc/self/task";

/**
 * Lets everything else on the machine go before this process, for work that nobody waits for by the millisecond. Linux keeps a priority
 * for each thread: all that there are get it, those that compile and collect garbage among them, and later ones have it from whoever
 * starts them. Where the system does not allow it, nothing changes.
 */
export function lowerPriority(): void {
  for (const id of new Set([0, ...threads()])) {
    try {
      setPriority(id, constants.priority.PRIORITY_BELOW_NORMAL);
    } catch {
      // A thread that has ended meanwhile, or a system that does not allow it.
    }
  }
}

/** Ids of the threads; none where the system does not list them, and keeps one priority for all. */
function threads(): number[] {
  try {
    return readdirSync(THREADS).map(Number);
  } catch {
    return [];
  }
}
