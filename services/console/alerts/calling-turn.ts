import type { KafkaConnection } from "../../../platform/kafka/connection.ts";
import type { Task } from "../../../platform/kafka/task.ts";
import { TaskGroup } from "../../../platform/kafka/task-group.ts";
import type { Scope } from "../../../platform/lifecycle/run-service.ts";
import { CONSOLE_CALLS_GROUP } from "../../../schemas/groups.ts";
import { CONTROL_TOPIC } from "../../../schemas/topics.ts";
import { TurnGroup } from "./turn-group.ts";

/** Who calls: this console, another one of the group, or nobody that is known of yet. */
export type Caller = "here" | "elsewhere" | "nobody";

/** Which of several consoles calls out. */
export interface Turn {
  readonly caller: Caller;
  /** Keeps a note of what has been said for whoever has the turn next. */
  keep(note: string): void;
  /** `listener` is given the note of the one before, each time that the turn comes here (empty where there is none), and returns the one that holds now. */
  onTurn(listener: (note: string) => string): void;
  /** Calls from here fail: another console is to try. */
  giveUp(): void;
}

/** Out of the group, or without a task for the partition that it owns, for so long, a console calls by itself, ms: when Kafka is away, alerts matter most. */
const ALONE_AFTER_MS = 20_000;
const LOOK_EVERY_MS = 1_000;

/**
 * One console calls: whoever owns the one partition of sms.control in a group of the consoles that have an address to call. The note stands beside the
 * group's committed offset, so that whoever takes over says nothing twice. A console that is not in the group, since Kafka does not answer, or that
 * cannot begin the task that it owns, calls by itself: then each of them does.
 */
export class CallingTurn implements Turn {
  private readonly group: Pick<TurnGroup, "status" | "stepBack">;
  private readonly now: () => number;
  private task: Task | undefined;
  private note: string | undefined;
  private listener: (note: string) => string = (note) => note;
  private aloneSince: number | undefined;

  /** `now`: monotonic, ms. */
  constructor(group: Pick<TurnGroup, "status" | "stepBack">, now: () => number) {
    this.group = group;
    this.now = now;
  }

  get caller(): Caller {
    const { joined, leaseValid, assigned, away } = this.group.status;
    const held = this.task?.alive === true;
    const elsewhere = joined && leaseValid && assigned.length === 0;
    if (held || elsewhere || away) this.aloneSince = undefined;
    if (held) return "here";
    if (elsewhere) return "elsewhere";
    this.aloneSince ??= this.now();
    return this.now() - this.aloneSince >= ALONE_AFTER_MS ? "here" : "nobody";
  }

  onTurn(listener: (note: string) => string): void {
    this.listener = listener;
  }

  keep(note: string): void {
    this.note = note;
    this.task?.wake();
  }

  giveUp(): void {
    // Who calls by itself has nobody to leave it to.
    if (this.task?.alive === true) this.group.stepBack();
  }

  /** The loop of the task that is the turn. */
  async hold(task: Task): Promise<void> {
    const { state } = task.restored;
    const own = this.listener(state);
    // What was said without the group stands in no note yet.
    this.note = own === state ? undefined : own;
    task.begin();
    this.task = task;
    try {
      while (task.taking) {
        const input = task.inputs[0]!;
        // What the records say is of no use here.
        while (task.take(input) !== undefined);
        if (!(await this.commitNote(task))) return;
        if (this.note === undefined) await task.wait(LOOK_EVERY_MS);
      }
      // What was said last, before the stop.
      if (task.alive) await this.commitNote(task);
    } finally {
      if (this.task === task) this.task = undefined;
    }
  }

  private async commitNote(task: Task): Promise<boolean> {
    const { note } = this;
    this.note = undefined;
    const [input] = task.inputs;
    return note === undefined || (await task.commit([input!.expected - input!.length], note));
  }
}

/** Takes part in the turn until the service stops. */
export async function openCallingTurn(scope: Scope, connection: KafkaConnection): Promise<Turn> {
  const open = () =>
    new TaskGroup({
      connection,
      groupId: CONSOLE_CALLS_GROUP,
      topics: [CONTROL_TOPIC],
      partitions: 1,
      run: (task) => turn.hold(task),
      maxWaitMs: 1_000,
    });
  const onTrouble = (err: Error) =>
    scope.log.every("turn", 30_000).warn({ err }, "waiting for kafka: the turn to call cannot be taken part in");
  const group = new TurnGroup({ open, onTrouble });
  const turn = new CallingTurn(group, () => performance.now());
  await scope.add("turn to call", {
    // How long it has been alone is seen by looking.
    start: () => setInterval(() => void turn.caller, LOOK_EVERY_MS),
    stop: async (looks) => {
      clearInterval(looks);
      await group.stop();
    },
  });
  await scope.waitFor("kafka (turn to call)", () => group.start());
  return turn;
}
