import type { KafkaConnection } from "../../../platform/kafka/connection.ts";
import type { Task } from "../../../platform/kafka/task.ts";
import { TaskGroup } from "../../../platform/kafka/task-group.ts";
import type { Scope } from "../../../platform/lifecycle/run-service.ts";
import { CONSOLE_CALLS_GROUP } from "../../../schemas/groups.ts";
import { CONTROL_TOPIC } from "../../../schemas/topics.ts";

/** Which of several consoles calls out. */
export interface Turn {
  /** Whether this one does now. */
  readonly mine: boolean;
  /** Keeps a note of what has been said for whoever has the turn next. */
  keep(note: string): void;
  /** `listener` is given the note of the one before, each time that the turn comes here; empty where there is none. */
  onTurn(listener: (note: string) => void): void;
}

/** Out of the group for so long, a console calls by itself, ms: when Kafka is away, alerts matter most. */
const ALONE_AFTER_MS = 20_000;
const LOOK_EVERY_MS = 1_000;

/**
 * One console calls: whoever owns the one partition of sms.control in a group of the consoles that have an address to call. The note stands beside the
 * group's committed offset, so that whoever takes over says nothing twice. A console that is not in the group, since Kafka does not answer, calls
 * by itself: then each of them does.
 */
export class CallingTurn implements Turn {
  private readonly status: () => Pick<TaskGroup["status"], "joined" | "leaseValid">;
  private readonly now: () => number;
  private task: Task | undefined;
  private note: string | undefined;
  private listener: (note: string) => void = () => {};
  private aloneSince: number | undefined;

  /** `status`: of the group. `now`: monotonic, ms. */
  constructor(status: CallingTurn["status"], now: () => number) {
    this.status = status;
    this.now = now;
  }

  get mine(): boolean {
    if (this.task?.alive === true) {
      this.aloneSince = undefined;
      return true;
    }
    const { joined, leaseValid } = this.status();
    if (joined && leaseValid) {
      this.aloneSince = undefined;
      return false;
    }
    this.aloneSince ??= this.now();
    return this.now() - this.aloneSince >= ALONE_AFTER_MS;
  }

  onTurn(listener: (note: string) => void): void {
    this.listener = listener;
  }

  keep(note: string): void {
    this.note = note;
    this.task?.wake();
  }

  /** The loop of the task that is the turn. */
  async hold(task: Task): Promise<void> {
    this.note = undefined;
    this.listener(task.restored.state);
    task.begin();
    this.task = task;
    try {
      while (task.taking) {
        const input = task.inputs[0]!;
        // What the records say is of no use here.
        while (task.take(input) !== undefined);
        const { note } = this;
        this.note = undefined;
        if (note !== undefined && !(await task.commit([input.expected - input.length], note))) return;
        if (this.note === undefined) await task.wait(LOOK_EVERY_MS);
      }
    } finally {
      if (this.task === task) this.task = undefined;
    }
  }
}

/** Takes part in the turn until the service stops. */
export async function openCallingTurn(scope: Scope, connection: KafkaConnection): Promise<Turn> {
  const turn = new CallingTurn(
    () => group.status,
    () => performance.now(),
  );
  const group: TaskGroup = new TaskGroup({
    connection,
    groupId: CONSOLE_CALLS_GROUP,
    topics: [CONTROL_TOPIC],
    partitions: 1,
    run: (task) => turn.hold(task),
    maxWaitMs: 1_000,
  });
  await scope.add("turn to call", { start: () => group, stop: () => group.stop() });
  await scope.waitFor("kafka (turn to call)", () => group.start());
  return turn;
}
