import type { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import { askEvery } from "../../../platform/lifecycle/ask-every.ts";
import type { Log } from "../../../platform/log/log.ts";
import { PLACING_GROUP } from "../../../schemas/groups.ts";
import { SUBMISSION_INDEX_TOPIC, UNPLACED_RECEIPTS_TOPIC } from "../../../schemas/topics.ts";

/** Its inputs: what is known first, so that fewer receipts have to wait. */
export const PLACING_INPUTS = [SUBMISSION_INDEX_TOPIC, UNPLACED_RECEIPTS_TOPIC] as const;

/** What came without its number before `upTo` has been placed by `knownAt`, as far as it could be; epoch milliseconds. */
export interface Claims {
  readonly upTo: number;
  readonly knownAt: number;
}

interface Sample {
  readonly askedAt: number;
  /** By input and partition. */
  readonly ends: readonly (readonly number[])[];
}

/** For writes that were under way when the ends were asked for, milliseconds. */
const GRACE_MS = 2_000;

/**
 * Asks every now and then how far the instances together have placed receipts, since a message's deadline must not pass
 * while its receipt may wait in any partition.
 */
export class ClaimsFrontier {
  private readonly reader: Pick<TopicReader, "watermarks" | "committed">;
  private readonly log: Log;
  private readonly now: () => number;
  private timer: NodeJS.Timeout | undefined;
  private pending: Sample | undefined;
  private newest: Claims | undefined;

  /** `now`: epoch ms by the brokers' clock. */
  constructor(reader: Pick<TopicReader, "watermarks" | "committed">, log: Log, now: () => number) {
    this.reader = reader;
    this.log = log;
    this.now = now;
  }

  get claims(): Claims | undefined {
    return this.newest;
  }

  start(everyMs = 1_000): void {
    const onFault = (error: Error) =>
      this.log
        .every("claims-frontier", 10_000)
        .warn({ cause: error.message }, "cannot ask Kafka how far receipts without a number have been placed");
    this.timer = askEvery(everyMs, () => this.ask(), onFault);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Takes a sample of the ends, or looks whether the last one has been reached. */
  async ask(): Promise<void> {
    this.pending ??= await this.sample();
    if (!(await this.reached(this.pending))) return;
    this.newest = { upTo: this.pending.askedAt - GRACE_MS, knownAt: this.now() };
    this.pending = undefined;
  }

  private async sample(): Promise<Sample> {
    const askedAt = this.now();
    const marks = await Promise.all(PLACING_INPUTS.map((topic) => this.reader.watermarks(topic)));
    // What retention has deleted needs no owner: an empty partition ends where it begins.
    const ends = marks.map((topic) => topic.map(({ low, high }) => (high > low ? high : 0)));
    return { askedAt, ends };
  }

  private async reached({ ends }: Sample): Promise<boolean> {
    if (ends.every((topic) => topic.every((end) => end === 0))) return true;
    // Where nothing was ever written nothing is ever committed.
    const committed = await Promise.all(PLACING_INPUTS.map((topic) => this.reader.committed(PLACING_GROUP, topic)));
    return ends.every((topic, i) =>
      topic.every((end, partition) => end === 0 || (committed[i]![partition] ?? -1) >= end),
    );
  }
}
