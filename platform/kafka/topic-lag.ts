import type { TaskInput } from "./task.ts";

export interface TopicLag {
  /** In the log and not taken, as far as known. */
  readonly records: number;
  /** Age of the oldest that has been read and not taken, ms; 0 when there is none. */
  readonly ms: number;
}

/** How far a group's tasks are behind in each of their topics. `now`: epoch ms by the clock of the records' times. */
export function topicLags(
  tasks: Iterable<{ readonly inputs: readonly Pick<TaskInput, "topic" | "backlog" | "peek">[] }>,
  now: number,
): Map<string, TopicLag> {
  const lags = new Map<string, TopicLag>();
  for (const { inputs } of tasks)
    for (const input of inputs) {
      const { records, ms } = lags.get(input.topic) ?? { records: 0, ms: 0 };
      const oldest = input.peek()?.timestamp ?? now;
      lags.set(input.topic, { records: records + input.backlog, ms: Math.max(ms, now - oldest) });
    }
  return lags;
}
