import type { DispatchJournal } from "../../platform/kafka/dispatch-journal.ts";
import type { Task } from "../../platform/kafka/task.ts";
import type { Order } from "./outcomes.ts";
import type { Owner } from "./pending.ts";

/** A partition in the hands of this process, and its journal where one is kept. */
export class PartitionOwner implements Owner {
  private readonly task: Task;
  private readonly journal: DispatchJournal | undefined;

  constructor(task: Task, journal: DispatchJournal | undefined) {
    this.task = task;
    this.journal = journal;
  }

  get partition(): number {
    return this.task.partition;
  }

  get alive(): boolean {
    return this.task.alive;
  }

  get draining(): boolean {
    return this.task.draining;
  }

  get keeps(): boolean {
    return this.journal?.failed !== true;
  }

  wake(): void {
    this.task.wake();
  }

  leaving({ place }: Order): void {
    if (place !== undefined) this.journal?.leaving(place);
  }

  stayed({ place }: Order): void {
    if (place !== undefined) this.journal?.stayed(place);
  }

  keep(): boolean {
    return this.journal?.flush() !== false;
  }
}
