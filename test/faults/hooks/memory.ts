/**
 * What a process really holds: `node --expose-gc --import=<this file>` collects all garbage every three seconds and appends
 * what is left, and at its end, to the file `<SLUICE_INSTANCE>.jsonl` in FAULT_MEMORY_DIR. What is used before a collection says little: V8
 * lets it grow as long as there is room.
 */
import { appendFileSync } from "node:fs";
import { join } from "node:path";

const EVERY_MS = 3_000;
const { FAULT_MEMORY_DIR, SLUICE_INSTANCE } = process.env;
if (FAULT_MEMORY_DIR && SLUICE_INSTANCE) {
  const file = join(FAULT_MEMORY_DIR, `${SLUICE_INSTANCE}.jsonl`);
  const sample = () => {
    globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    appendFileSync(file, `${JSON.stringify({ at: Date.now(), pid: process.pid, heapUsed, external })}\n`);
  };
  setInterval(sample, EVERY_MS).unref();
  process.once("exit", sample);
}
