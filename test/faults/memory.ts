import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** What a process held just after a full garbage collection, octets. */
export interface MemorySample {
  /** Epoch ms. */
  readonly at: number;
  readonly pid: number;
  readonly heapUsed: number;
  /** Outside of the heap: buffers, among them those of the Kafka client. */
  readonly external: number;
}

export const MIB = 1 << 20;
/** Samples from which a slope is told. */
const FEWEST = 4;

/** The test's side of hooks/memory.ts. */
export class MemoryWatch {
  private readonly folder = mkdtempSync(join(tmpdir(), "sluice-memory-"));

  /** For the processes that are to be watched. */
  get environment(): Record<string, string> {
    const hook = resolve(import.meta.dirname, "hooks/memory.ts");
    return { NODE_OPTIONS: `--expose-gc --import=${hook}`, FAULT_MEMORY_DIR: this.folder };
  }

  /** All samples of an instance (`router`, `sender-2`, …), oldest first. */
  samples(instance: string): MemorySample[] {
    const file = join(this.folder, `${instance}.jsonl`);
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, "utf8").split("\n");
    return lines.slice(0, -1).map((line) => JSON.parse(line) as MemorySample);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Heap and what stands outside of it, MiB. */
export function heldMiB({ heapUsed, external }: MemorySample): number {
  return (heapUsed + external) / MIB;
}

/**
 * How fast what is held grows between two moments (epoch ms), MiB a minute: the median of the slopes between all pairs
 * of samples (Theil and Sen), which single high samples do not move. Undefined: there are too few samples.
 */
export function growth(samples: readonly MemorySample[], from: number, to: number): number | undefined {
  const within = samples.filter(({ at }) => at >= from && at <= to);
  if (within.length < FEWEST) return undefined;
  const slopes: number[] = [];
  for (let a = 0; a < within.length; a++)
    for (let b = a + 1; b < within.length; b++)
      slopes.push(((heldMiB(within[b]!) - heldMiB(within[a]!)) * 60_000) / (within[b]!.at - within[a]!.at));
  slopes.sort((a, b) => a - b);
  return slopes[slopes.length >> 1];
}
