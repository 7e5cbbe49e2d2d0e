/**
 * Keeps a store's copy of a compacted topic up to date, of all its partitions, whoever owns them. So an instance that takes a partition
 * over need not read it: it waits until its copy has come as far as the log was at that moment (`caughtUp`).
 */

import { SluiceError } from "../errors/sluice-error.ts";
import { type InRecord, type KafkaLog, seldom } from "../kafka/record.ts";
import { isKnown, noLeader, type Watermarks } from "../kafka/topic-marks.ts";
import type { PartitionFollower } from "../kafka/topic-reader.ts";
import { askEvery } from "../lifecycle/ask-every.ts";
import { type CopyPosition, isTooOld, whyReadAnew } from "./copy-position.ts";
import type { PartitionStore } from "./partition-store.ts";

/** What a copy asks of Kafka. A TopicReader has it; nobody else may follow the topic with that one. */
export interface ChangelogSource {
  watermarks(topic: string): Promise<Watermarks[]>;
  offsetsAt(topic: string, time: number, of: readonly number[]): Promise<number[]>;
  followFrom(topic: string, partition: number, from: number, follower: PartitionFollower): void;
}

export interface ChangelogCopyOptions {
  readonly store: PartitionStore;
  readonly source: ChangelogSource;
  readonly topic: string;
  /** The tables that `apply` changes, and nobody else. */
  readonly tables: readonly string[];
  /**
   * Changes these tables, in the record's partition, as the record says. Applied again after later ones, in order, it must lead to the
   * same: records after a crash come again. It must not throw: what cannot be read is left out and told of by whoever decodes it.
   */
  readonly apply: (record: InRecord) => void;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
  /** The topic's `delete.retention.ms`. */
  readonly deleteRetentionMs: number;
  /** Told once when the copy cannot go on: end the process; the next start reads what must be read anew. */
  readonly onFault: (error: Error) => void;
  readonly log: KafkaLog;
  /** The log's ends are asked for so often, ms. Default 1,000. */
  readonly pollMs?: number;
}

/** Tells whether the caller still wants to wait. */
export interface Wanted {
  readonly alive: boolean;
}

const POLL_MS = 1_000;
/** A batch waits so long for room, ms, and is then fetched again: a member that is silent for longer loses its place. */
const ROOM_MS = 5_000;

interface Waiter {
  readonly offset: number;
  readonly wanted: Wanted | undefined;
  readonly settle: (reached: boolean) => void;
}

interface Following {
  position: CopyPosition;
  /** Where the log ended, and when that was asked for, epoch ms. */
  end: number;
  asked: number;
  /** Of the last time at which the copy is known to have had all that the log had, epoch ms; 0: it is not known yet. */
  seen: number;
  /** What it knows is not gone by before a question that is asked from now on has found it at the log's end. */
  distrusted: boolean;
  /** `since` as it was handed to the store last. */
  noted: number;
  waiters: Waiter[];
}

export class ChangelogCopy {
  private readonly options: ChangelogCopyOptions;
  /** Undefined: the partition has had no leader since the start, and is begun when it has one. */
  private partitions: (Following | undefined)[] = [];
  private readonly withoutLeader = new Set<number>();
  private timer: NodeJS.Timeout | undefined;
  private starting: Promise<void> | undefined;
  private beginningLed = false;
  private over = false;

  constructor(options: ChangelogCopyOptions) {
    this.options = options;
  }

  /**
   * Clears what cannot be gone on with, and begins to follow; partitions without a leader as soon as they have one. Throws when Kafka does not answer: call it again. Whoever calls it while it is under way, having
   * given an earlier call up, waits for that one: clearing many keys takes its time, and must not be done twice at once.
   */
  start(): Promise<void> {
    this.starting ??= this.begin().catch((error: unknown) => {
      this.starting = undefined;
      throw error;
    });
    return this.starting;
  }

  private async begin(): Promise<void> {
    const { options } = this;
    const { source, topic, now } = options;
    const asked = now();
    const marks = await source.watermarks(topic);
    this.partitions = marks.map(() => undefined);
    await this.beginLed(marks, asked);
    this.timer = askEvery(options.pollMs ?? POLL_MS, () => this.ask(), this.onUnasked);
  }

  private readonly onUnasked = (error: Error): void => {
    const { topic, log } = this.options;
    seldom(log, `copy-${topic}`).debug({ topic, cause: error.message }, "Could not ask for the log's ends");
  };

  /** Begins with all partitions that have not been begun and have a leader. */
  private async beginLed(marks: readonly Watermarks[], asked: number): Promise<void> {
    const { store, source, topic, tables, deleteRetentionMs, log } = this.options;
    this.note(marks);
    const led = [...marks.keys()].filter((p) => this.partitions[p] === undefined && isKnown(marks[p]!));
    if (led.length === 0) return;
    // Of those that begin here: what the others have had since they began is newer, and nothing of these would be found behind it.
    const newest = Math.max(0, ...led.map((partition) => store.position(topic, partition)?.newest ?? 0));
    const later = newest === 0 ? [] : await source.offsetsAt(topic, newest + 1, led);
    const begun: (readonly [number, Following])[] = [];
    for (const partition of led) {
      const { low, high } = marks[partition]!;
      const kept = store.position(topic, partition);
      const firstLater = later[partition] ?? -1;
      const why = whyReadAnew(kept, { low, high, firstLater }, asked, deleteRetentionMs);
      if (why !== undefined) {
        if (why !== "none") log.warn({ topic, partition, why }, "A copy is too old; the partition is read anew");
        await store.clear(tables, topic, partition);
      }
      const position = beginning(why === undefined ? kept : undefined, low, high, asked);
      const seen = position.next >= high ? asked : 0;
      const noted = position.since;
      begun.push([partition, { position, end: high, asked, seen, distrusted: false, noted, waiters: [] }]);
      store.setPosition(topic, partition, position);
    }
    if (this.over) return;
    for (const [partition, following] of begun) {
      this.partitions[partition] = following;
      source.followFrom(topic, partition, following.position.next, this.follower(following, partition));
    }
  }

  /** Says which partitions have no leader, when that is new. */
  private note(marks: readonly Watermarks[]): void {
    const { topic, log } = this.options;
    for (const [partition, mark] of marks.entries()) {
      if (isKnown(mark) ? !this.withoutLeader.delete(partition) : this.withoutLeader.has(partition)) continue;
      if (isKnown(mark)) log.info({ topic, partition }, "The partition has a leader again: its copy goes on");
      else {
        this.withoutLeader.add(partition);
        log.warn({ topic, partition }, "waiting for kafka: the partition has no leader; its copy stands still");
      }
    }
  }

  /** Stops asking; whoever waits is told that it was in vain. The reader is stopped by whoever made it, and before this. */
  stop(): void {
    this.over = true;
    if (this.timer !== undefined) clearInterval(this.timer);
    for (const following of this.partitions) for (const { settle } of following?.waiters.splice(0) ?? []) settle(false);
  }

  /** All below this offset has been applied, and is what the store answers. */
  position(partition: number): number {
    return this.partitions[partition]?.position.next ?? 0;
  }

  /** The last moment of which it is known that the copy has all that the log had then, epoch ms; 0: there has been none since the start. */
  seenAt(partition: number): number {
    return this.partitions[partition]?.seen ?? 0;
  }

  /** Resolves with true when all below the offset has been applied; with false when it is not `wanted` any more, or the copy is over. */
  reached(partition: number, offset: number, wanted?: Wanted): Promise<boolean> {
    const following = this.partitions[partition];
    if (following === undefined || this.over) return Promise.resolve(false);
    if (following.position.next >= offset) return Promise.resolve(true);
    return new Promise((settle) => following.waiters.push({ offset, wanted, settle }));
  }

  /** `reached` with the log's end as it is now: what a new owner of the partition waits for. Throws when Kafka does not answer, `NO_LEADER` among the reasons. */
  async caughtUp(partition: number, wanted?: Wanted): Promise<boolean> {
    const { high } = (await this.options.source.watermarks(this.options.topic))[partition] ?? { high: 0 };
    if (this.isUnbegun(partition)) throw noLeader(this.options.topic, partition);
    return this.reached(partition, high, wanted);
  }

  /**
   * `caughtUp` for several partitions, by one question. Those without a leader are not waited for, and all others for `mostMs` at most, since it may take
   * hours: the rest count as never seen at the log's end, until they are again. False: it is not `wanted` any more, or the copy is over.
   */
  async allCaughtUp(partitions: readonly number[], mostMs: number, wanted?: Wanted): Promise<boolean> {
    const marks = await this.options.source.watermarks(this.options.topic);
    const led = partitions.filter((partition) => {
      const mark = marks[partition];
      if ((mark === undefined || isKnown(mark)) && !this.isUnbegun(partition)) return true;
      this.distrust(partition);
      return false;
    });
    let isLate = false;
    const inTime = {
      get alive() {
        return !isLate && wanted?.alive !== false;
      },
    };
    const limit = setTimeout(() => {
      isLate = true;
      this.settleAll();
    }, mostMs);
    const reached = await Promise.all(led.map((p) => this.reached(p, marks[p]?.high ?? 0, inTime)));
    clearTimeout(limit);
    if (this.over) return false;
    const late = led.filter((_, i) => !reached[i]);
    if (late.length > 0 && wanted?.alive === false) return false;
    for (const partition of late) this.distrust(partition);
    return true;
  }

  /** The partitions that have no leader, as of the last answer. */
  get leaderless(): readonly number[] {
    return [...this.withoutLeader].sort((a, b) => a - b);
  }

  /** Records of the log that have not been applied, as of the last answer; those that compaction has removed count too, and one for each partition not begun yet. */
  get lag(): number {
    return this.partitions.reduce(
      (sum, one) => sum + (one === undefined ? 1 : Math.max(0, one.end - one.position.next)),
      0,
    );
  }

  private isUnbegun(partition: number): boolean {
    return partition in this.partitions && this.partitions[partition] === undefined;
  }

  private distrust(partition: number): void {
    const following = this.partitions[partition];
    if (following === undefined) return;
    following.seen = 0;
    following.distrusted = true;
  }

  /** Asks how far the log is now, and whether it can still be followed; done every `pollMs` by itself. */
  async ask(): Promise<void> {
    const { store, source, topic, now, deleteRetentionMs } = this.options;
    // Whoever does not want to wait any more need not wait for an answer, nor for a leader.
    this.settleAll();
    const asked = now();
    // What comes while the answer is on its way lies beyond the end that it tells.
    const before = this.partitions.map((following) => following?.position.next ?? 0);
    const distrusted = this.partitions.map((following) => following?.distrusted === true);
    const marks = await source.watermarks(topic);
    if (this.over) return;
    this.note(marks);
    for (const [partition, following] of this.partitions.entries()) {
      const mark = marks[partition] ?? { low: 0, high: 0 };
      // Where it has no leader it is not known where the log ends: the copy grows old.
      if (following === undefined || !isKnown(mark)) continue;
      const { position } = following;
      const { low, high } = mark;
      // Since the question was asked: this answer does not count.
      if (following.distrusted && !distrusted[partition]) continue;
      following.distrusted = false;
      following.end = high;
      following.asked = asked;
      if (before[partition]! > high)
        return this.fail("is shorter than its copy: it has been deleted and made again", partition);
      if (position.next < low) return this.fail("has lost records that its copy had not read", partition);
      if (position.next < high) {
        if (this.tooLate(following, partition)) return;
      } else {
        following.seen = asked;
        // Batches are refused when it is too late for them, so that a copy which is at the end has missed nothing.
        following.position = { ...position, since: Math.max(position.since, asked) };
        // An idle copy is not written every second.
        if (asked - following.noted > deleteRetentionMs / 50) {
          following.noted = asked;
          store.setPosition(topic, partition, following.position);
        }
      }
    }
    this.beginBeside(marks, asked);
  }

  /** Beside the questions: until what is read anew has been cleared, the other partitions would grow old. */
  private beginBeside(marks: readonly Watermarks[], asked: number): void {
    if (this.beginningLed) return;
    this.beginningLed = true;
    this.beginLed(marks, asked)
      .catch(this.onUnasked)
      .finally(() => {
        this.beginningLed = false;
      });
  }

  private follower(following: Following, partition: number): PartitionFollower {
    const { apply, store, topic } = this.options;
    return {
      ready: () => this.ready(following, partition),
      onRecord: (record) => {
        if (this.over) return;
        apply(record);
        const { since, newest } = following.position;
        following.position = { next: record.offset + 1, since, newest: Math.max(newest, record.timestamp) };
        store.setPosition(topic, partition, following.position);
        noteSeen(following);
      },
      reached: (next) => {
        if (this.over) return;
        following.position = { ...following.position, next: Math.max(following.position.next, next) };
        store.setPosition(topic, partition, following.position);
        noteSeen(following);
        this.settle(following);
      },
    };
  }

  /** Whether another batch may be applied: it is not too late for it, and there is room. */
  private async ready(following: Following, partition: number): Promise<boolean> {
    const { store } = this.options;
    if (this.over || this.tooLate(following, partition)) return false;
    if (!store.full) return true;
    const room = store.makeRoom().catch(() => {});
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise((resolve) => {
      timer = setTimeout(resolve, ROOM_MS);
    });
    await Promise.race([room, limit]);
    clearTimeout(timer);
    return !this.over && store.failed === undefined && !store.full;
  }

  /** A copy that has been cut off for so long may have missed tombstones; it is begun anew. */
  private tooLate({ position }: Following, partition: number): boolean {
    if (!isTooOld(position, this.options.now(), this.options.deleteRetentionMs)) return false;
    this.fail("has not been read to its end for half of delete.retention.ms: tombstones may have gone", partition);
    return true;
  }

  private settleAll(): void {
    for (const following of this.partitions) if (following !== undefined) this.settle(following);
  }

  private settle(following: Following): void {
    if (following.waiters.length === 0) return;
    const { next } = following.position;
    following.waiters = following.waiters.filter(({ offset, wanted, settle }) => {
      const reached = next >= offset;
      if (!reached && wanted?.alive !== false) return true;
      settle(reached);
      return false;
    });
  }

  private fail(what: string, partition: number): void {
    if (this.over) return;
    this.stop();
    const { topic, onFault } = this.options;
    onFault(
      new SluiceError(`${topic}/${partition} ${what}; the process must start again, and reads it anew`, {
        code: "STORE_COPY_BROKEN",
        class: "transient",
        details: { topic, partition },
      }),
    );
  }
}

/** A log that grows all the time is never seen at its end: it counts that the copy has come to where that was when it was asked for. */
function noteSeen(following: Following): void {
  if (following.position.next >= following.end && !following.distrusted) following.seen = following.asked;
}

/** Where to begin. A copy that has all that there is has it now. */
function beginning(kept: CopyPosition | undefined, low: number, high: number, asked: number): CopyPosition {
  if (kept === undefined) return { next: low, since: asked, newest: 0 };
  return kept.next === high ? { ...kept, since: Math.max(kept.since, asked) } : kept;
}
