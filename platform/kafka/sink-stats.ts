import type { Task } from "./task.ts";

/** What a process's sinks have done and how far behind they are; for metrics and readiness. */
export class SinkStats {
  rows = 0;
  blocks = 0;
  /** Records dropped because their id had been there before. */
  repeats = 0;
  /** Records that went to the dead letters. */
  refused = 0;
  /** Inserts not confirmed. */
  failures = 0;
  /** Monotonic time since which inserts fail, ms; 0 while all is well. */
  failingSince = 0;
  private readonly onInsert: (rows: number, ms: number) => void;
  private readonly tasks = new Map<Task, () => number | undefined>();

  /** `onInsert` gets the rows and the duration of each insert. */
  constructor(onInsert: (rows: number, ms: number) => void = () => {}) {
    this.onInsert = onInsert;
  }

  inserted(rows: number, ms: number): void {
    this.rows += rows;
    this.blocks++;
    this.failingSince = 0;
    this.onInsert(rows, ms);
  }

  failed(): void {
    this.failures++;
    if (this.failingSince === 0) this.failingSince = performance.now();
  }

  begin(task: Task, oldest: () => number | undefined): void {
    this.tasks.set(task, oldest);
  }

  end(task: Task): void {
    this.tasks.delete(task);
  }

  /** Age of the oldest record that has been read and is not stored, ms; by the brokers' clock `now`. */
  lagMs(now: number): number {
    let oldest = now;
    for (const read of this.tasks.values()) oldest = Math.min(oldest, read() ?? now);
    return now - oldest;
  }
}
