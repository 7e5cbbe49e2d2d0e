import type { AcceptOutcome } from "./accept-outcome.ts";
import type { AcceptanceMetrics } from "./acceptance-metrics.ts";
import type { Key } from "./idempotency/key-name.ts";
import { type Known, type RequestKeys, type Taken, wasRejected } from "./idempotency/request-keys.ts";
import type { AcceptedMessage, Earlier, PreparedMessage, RejectedMessage, UnknowableMessage } from "./intake.ts";
import type { Moment } from "./moment.ts";

/** Ids that are looked for in one question. */
const LOOKED_FOR = 500;

export interface WorkOptions {
  readonly keys: RequestKeys;
  /** Which of these messages analytics has. Rejects when it cannot be asked. */
  readonly known: (ids: readonly string[]) => Promise<ReadonlySet<string>>;
  readonly metrics: Pick<AcceptanceMetrics, "keyed">;
  readonly moment: Moment;
}

interface Doubtful {
  readonly message: PreparedMessage;
  readonly taken: Taken;
}

/** The key of a batch, and what a repeat of it gets. */
interface Batch {
  readonly taken: Taken;
  readonly known: Known | undefined;
  readonly fate: "first" | "answer" | "again" | "look";
}

/** What one request comes to, message by message: what is answered, what is to be written, and under which keys. */
export class Work {
  /** One for each message, in their order. */
  readonly results: (AcceptedMessage | RejectedMessage)[] = [];
  /** Those that are to be written. */
  readonly messages: PreparedMessage[] = [];
  /** Keys that are to be written with them, and are this request's until then. */
  readonly taken: Taken[] = [];
  private readonly options: WorkOptions;
  private readonly doubtful: Doubtful[] = [];
  private batch: Batch | undefined;
  private firstAt: number | undefined;

  constructor(options: WorkOptions) {
    this.options = options;
  }

  /** When its first message was accepted, by this request or an earlier one, epoch ms. */
  get acceptedAt(): number {
    return this.firstAt ?? this.options.moment.wall;
  }

  /** Before the messages of a batch that came under a key. @returns as `add` does */
  begin(key: Key, fingerprint: string): AcceptOutcome | undefined {
    const { keys, moment, metrics } = this.options;
    const known = keys.find(key, moment);
    if (known === "unknowable") {
      metrics.keyed.unknowable.add();
      return { outcome: "refused" };
    }
    if (known !== undefined && known.fingerprint !== fingerprint) {
      metrics.keyed.conflict.add();
      return { outcome: "conflict" };
    }
    const fate = known === undefined ? ({ fate: "first" } as const) : keys.fateOf(known, moment);
    if (fate.fate === "wait") {
      metrics.keyed.in_progress.add();
      return { outcome: "in-progress", waitSeconds: fate.waitSeconds };
    }
    const taken: Taken = { key, fingerprint, at: known?.at ?? moment.wall, rejected: [] };
    this.batch = { taken, known, fate: fate.fate };
    if (fate.fate !== "answer") this.hold(taken);
    return undefined;
  }

  /** What the next message came to when its batch came first. */
  get earlier(): Earlier | undefined {
    const known = this.batch?.known;
    return known && { at: known.at, rejected: wasRejected(known, this.results.length) };
  }

  /** The next message. @returns what the request as a whole is answered in place of all else */
  add(message: PreparedMessage | RejectedMessage | UnknowableMessage): AcceptOutcome | undefined {
    const { metrics } = this.options;
    switch (message.status) {
      case "unknowable":
        metrics.keyed.unknowable.add();
        return this.end({ outcome: "refused" });
      case "rejected":
        if (message.kind === "conflict") metrics.keyed.conflict.add();
        this.batch?.taken.rejected.push(this.results.length);
        this.results.push(message);
        return undefined;
      case "prepared":
        this.results.push(message.answer);
        return message.isPart && this.batch !== undefined ? this.addPart(message, this.batch) : this.addValid(message);
    }
  }

  private addPart(message: PreparedMessage, { fate, taken }: Batch): undefined {
    const { metrics } = this.options;
    if (fate === "look") this.doubtful.push({ message, taken });
    else if (fate === "answer") metrics.keyed.repeated.add();
    else {
      metrics.keyed[fate].add();
      this.messages.push(message);
    }
  }

  private addValid(message: PreparedMessage): AcceptOutcome | undefined {
    const { keys, moment, metrics } = this.options;
    const { keyed } = message;
    if (this.results.length === 1) this.firstAt = keyed?.known?.at;
    if (keyed === undefined) {
      this.messages.push(message);
      return undefined;
    }
    const { key, fingerprint, known } = keyed;
    const taken: Taken = { key, fingerprint, at: known?.at ?? moment.wall, rejected: [] };
    if (known === undefined) return this.take(message, taken, "first");
    const fate = keys.fateOf(known, moment);
    switch (fate.fate) {
      case "answer":
        metrics.keyed.repeated.add();
        return undefined;
      case "again":
        return this.take(message, taken, "again");
      case "look":
        this.doubtful.push({ message, taken });
        return undefined;
      case "wait":
        metrics.keyed.in_progress.add();
        return this.end({ outcome: "in-progress", waitSeconds: fate.waitSeconds });
    }
  }

  /**
   * Looks for the messages of which it is not known whether they stand in the log, and writes those again that do not.
   * @returns whether it could be done; if not, nothing of the request is to be written.
   */
  async lookUp(): Promise<boolean> {
    const { doubtful, options } = this;
    for (let i = 0; i < doubtful.length; i += LOOKED_FOR) {
      const some = doubtful.slice(i, i + LOOKED_FOR);
      let found: ReadonlySet<string>;
      try {
        found = await options.known(some.map(({ message }) => message.answer.id));
      } catch {
        options.metrics.keyed.unknowable.add(doubtful.length);
        this.giveBack();
        return false;
      }
      for (const { message, taken } of some)
        if (found.has(message.answer.id)) {
          options.metrics.keyed.repeated.add();
          if (!message.isPart) options.keys.found(taken);
        } else if (message.isPart) {
          options.metrics.keyed.again.add();
          this.messages.push(message);
        } else this.take(message, taken, "again");
    }
    this.endBatch();
    return true;
  }

  /** A batch's key stands for what was accepted of it. Where nothing of it is to be written, it is free, or it is known now that all is stored. */
  private endBatch(): void {
    const { batch, options } = this;
    if (batch === undefined || batch.fate === "answer" || this.messages.some(({ isPart }) => isPart)) return;
    this.taken.splice(this.taken.indexOf(batch.taken), 1);
    options.keys.settle([batch.taken], "refused", options.moment);
    if (batch.known !== undefined) options.keys.found(batch.taken);
  }

  /** The keys are free again, as far as they were before. */
  giveBack(): void {
    this.options.keys.settle(this.taken, "refused", this.options.moment);
  }

  private take(message: PreparedMessage, taken: Taken, how: "first" | "again"): undefined {
    this.options.metrics.keyed[how].add();
    this.hold(taken);
    this.messages.push(message);
  }

  private hold(taken: Taken): void {
    const { keys, moment } = this.options;
    keys.take(taken, moment);
    this.taken.push(taken);
  }

  private end(outcome: AcceptOutcome): AcceptOutcome {
    this.giveBack();
    return outcome;
  }
}
