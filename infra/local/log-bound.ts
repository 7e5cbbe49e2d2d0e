import { copyFileSync, statSync, truncateSync } from "node:fs";

const MAX_LOG_BYTES = 32 * 1024 * 1024;

/**
 * Keeps a log file that a running process writes to (in append mode) within bounds: past `maxBytes` its content moves to
 * `<file>.1`, replacing the older one, and the file starts empty. Lines written during the copy can be lost.
 */
export function boundLog(file: string, maxBytes = MAX_LOG_BYTES): boolean {
  try {
    if (statSync(file).size <= maxBytes) return false;
    copyFileSync(file, `${file}.1`);
    truncateSync(file);
    return true;
  } catch {
    return false; // not written yet, or no room for the copy: the next check tries again
  }
}
