import type { Snapshot } from "../../../domain/catalog/snapshot.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import type { Task } from "../../../platform/kafka/task.ts";
import type { Outputs } from "../../../platform/kafka/transform.ts";
import type { Pending } from "../routing-records.ts";
import type { Assigned, MessageRule, RecoverDecision, Remark, Ruling } from "./message-rule.ts";

/** The rules of one partition's router as one: they are asked in order, and the first that has something against a message decides. */
export class PartitionRules implements Required<MessageRule> {
  private readonly rules: readonly MessageRule[];

  constructor(rules: readonly MessageRule[]) {
    this.rules = rules;
  }

  async restore(task: Task, snapshot: Snapshot): Promise<void> {
    for (const rule of this.rules) await rule.restore?.(task, snapshot);
  }

  recovery(): RecoverDecision | undefined {
    const takers = this.rules.flatMap((rule) => rule.recovery?.() ?? []);
    if (takers.length === 0) return undefined;
    return (event, record) => {
      for (const take of takers) take(event, record);
    };
  }

  begin(snapshot: Snapshot): void {
    for (const rule of this.rules) rule.begin?.(snapshot);
  }

  holds(topic: string): boolean {
    return this.rules.some((rule) => rule.holds?.(topic) === true);
  }

  judge(pending: Pending, now: number): Ruling | undefined {
    for (const rule of this.rules) {
      const ruling = rule.judge(pending, now);
      if (ruling !== undefined) return ruling;
    }
    return undefined;
  }

  afford(pending: Pending, choice: Assigned, now: number): Ruling | undefined {
    for (const rule of this.rules) {
      const ruling = rule.afford?.(pending, choice, now);
      if (ruling !== undefined) return ruling;
    }
    return undefined;
  }

  assigned(pending: Pending, choice: Assigned, now: number, out: Outputs, record: InRecord): Remark | undefined {
    let all: Remark | undefined;
    for (const rule of this.rules) all = joined(all, rule.assigned?.(pending, choice, now, out, record));
    return all;
  }

  waits(pending: Pending): Remark | undefined {
    let all: Remark | undefined;
    for (const rule of this.rules) all = joined(all, rule.waits?.(pending));
    return all;
  }

  closed(pending: Pending, now: number, record: InRecord): Remark | undefined {
    let all: Remark | undefined;
    for (const rule of this.rules) all = joined(all, rule.closed?.(pending, now, record));
    return all;
  }

  committed(upTo: readonly number[]): void {
    for (const rule of this.rules) rule.committed?.(upTo);
  }

  untoldFrom(): readonly number[] | undefined {
    return this.rules.reduce<readonly number[] | undefined>(
      (lowest, rule) => lowestOf(lowest, rule.untoldFrom?.()),
      undefined,
    );
  }

  tick(out: Outputs): void {
    for (const rule of this.rules) rule.tick?.(out);
  }
}

/** By input the lower one; undefined says nothing. */
export function lowestOf(
  a: readonly number[] | undefined,
  b: readonly number[] | undefined,
): readonly number[] | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.map((one, i) => Math.min(one, b[i] ?? 0));
}

function joined(before: Remark | undefined, one: Remark | undefined): Remark | undefined {
  if (before === undefined || one === undefined) return before ?? one;
  const rules = [before.rules, one.rules].filter((text) => text !== undefined).join("; ");
  return { rules: rules === "" ? undefined : rules, charge: before.charge ?? one.charge };
}
