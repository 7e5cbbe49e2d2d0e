import { errorMessage } from "../errors/sluice-error.ts";
import { type KafkaLog, seldom } from "./record.ts";
import { isNoLeader } from "./topic-marks.ts";

/** What became of a task, or of its beginning. */
export interface TaskFault {
  readonly group: string;
  readonly partition: number;
  readonly err: unknown;
}

/** Tells of a fault in the log. @returns whether it is no fault of the task: it waits for a partition that has no leader */
export function tellOfFault(log: KafkaLog, fault: TaskFault): boolean {
  const { group, partition, err } = fault;
  const waits = isNoLeader(err);
  if (waits)
    seldom(log, `leader-${group}`).warn(
      { group, partition, cause: errorMessage(err) },
      "waiting for kafka: a task cannot begin",
    );
  else log.error(fault, "A task failed; it begins again from its last commit");
  return waits;
}
