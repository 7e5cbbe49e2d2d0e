import type { Snapshot } from "../../../domain/catalog/snapshot.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import type { Task } from "../../../platform/kafka/task.ts";
import type { Outputs } from "../../../platform/kafka/transform.ts";
import type { Pending } from "../routing-records.ts";
import type { Assigned, MessageRule, Ruling } from "./message-rule.ts";

/** The rules of one partition's router as one: they are asked in order, and the first that has something against a message decides. */
export class PartitionRules implements Required<MessageRule> {
  private readonly rules: readonly MessageRule[];

  constructor(rules: readonly MessageRule[]) {
    this.rules = rules;
  }

  async restore(task: Task, snapshot: Snapshot): Promise<void> {
    for (const rule of this.rules) await rule.restore?.(task, snapshot);
  }

  recover(record: InRecord): void {
    for (const rule of this.rules) rule.recover?.(record);
  }

  begin(snapshot: Snapshot): void {
    for (const rule of this.rules) rule.begin?.(snapshot);
  }

  judge(pending: Pending, now: number): Ruling | undefined {
    for (const rule of this.rules) {
      const ruling = rule.judge(pending, now);
      if (ruling !== undefined) return ruling;
    }
    return undefined;
  }

  assigned(pending: Pending, choice: Assigned, now: number, out: Outputs): void {
    for (const rule of this.rules) rule.assigned?.(pending, choice, now, out);
  }

  tick(out: Outputs): void {
    for (const rule of this.rules) rule.tick?.(out);
  }
}
