import type { InRecord } from "../../../../platform/kafka/record.ts";
import { noLeader, unknownMarks } from "../../../../platform/kafka/topic-marks.ts";
import type { PartitionFollower } from "../../../../platform/kafka/topic-reader.ts";
import type { ChangelogSource } from "../../../../platform/store/changelog-copy.ts";

const TOPIC = "changelog";

/**
 * A compacted topic in virtual time. It compacts as brokers do: of each key the last record stays, a tombstone goes when it is older
 * than `deleteRetentionMs`, the newest records are left alone, and offsets stay what they are.
 */
export class SimulatedChangelog implements ChangelogSource {
  now = 1_000_000_000_000;
  readonly deleteRetentionMs: number;
  private readonly partitions: number;
  private logs: InRecord[][] = [];
  private ends: number[] = [];
  private starts: number[] = [];
  private followers: (PartitionFollower & { next: number })[] = [];
  /** When set, questions fail with it. */
  down: Error | undefined;
  /** Partitions that have no leader. */
  readonly leaderless = new Set<number>();

  constructor(partitions: number, deleteRetentionMs: number) {
    this.partitions = partitions;
    this.deleteRetentionMs = deleteRetentionMs;
    this.replace();
  }

  /** The topic is deleted, and made again. */
  replace(): void {
    this.logs = Array.from({ length: this.partitions }, () => []);
    this.ends = this.logs.map(() => 0);
    this.starts = this.logs.map(() => 0);
  }

  append(partition: number, key: string, value: string | null): void {
    const offset = this.ends[partition]!++;
    const octets = value === null ? null : Buffer.from(value);
    const timestamp = this.now;
    this.logs[partition]!.push({
      topic: TOPIC,
      partition,
      offset,
      key: Buffer.from(key),
      value: octets,
      headers: {},
      timestamp,
    });
  }

  /** Its newest records are lost, as by a leader that did not have them. */
  truncate(partition: number, end: number): void {
    this.ends[partition] = end;
    this.logs[partition] = this.logs[partition]!.filter((record) => record.offset < end);
  }

  /** An offset without a record: the mark at the end of a writer's transaction. */
  mark(partition: number): void {
    this.ends[partition]!++;
  }

  /** `untouched`: the newest records, which are in the segment that is still written to. */
  compact(untouched = 2): void {
    this.logs = this.logs.map((log) => {
      const last = new Map(log.map((record) => [record.key!.toString(), record.offset]));
      const stays = (record: InRecord) =>
        last.get(record.key!.toString()) === record.offset &&
        (record.value !== null || record.timestamp + this.deleteRetentionMs > this.now);
      return log.filter((record, i) => i >= log.length - untouched || stays(record));
    });
  }

  /** Removes all records below an offset, as `kafka-delete-records` does. */
  cut(partition: number, below: number): void {
    this.starts[partition] = below;
    this.logs[partition] = this.logs[partition]!.filter((record) => record.offset >= below);
  }

  async watermarks() {
    if (this.down !== undefined) throw this.down;
    return this.ends.map((high, partition) =>
      this.leaderless.has(partition) ? unknownMarks(TOPIC, partition) : { low: this.starts[partition]!, high },
    );
  }

  async offsetsAt(topic: string, time: number, of: readonly number[]): Promise<number[]> {
    for (const partition of of) if (this.leaderless.has(partition)) throw noLeader(topic, partition);
    return this.logs.map(
      (log, partition) => log.find((record) => record.timestamp >= time)?.offset ?? this.ends[partition]!,
    );
  }

  followFrom(_topic: string, partition: number, from: number, follower: PartitionFollower): void {
    this.followers[partition] = Object.assign(Object.create(follower) as PartitionFollower, { next: from });
  }

  /** A reader's process has ended. */
  forget(): void {
    this.followers = [];
  }

  /** Gives a follower its next records, at most so many. False: it had no room, or there is nothing. */
  async deliver(partition: number, most: number): Promise<boolean> {
    const follower = this.followers[partition];
    if (this.leaderless.has(partition)) return false;
    if (follower === undefined || follower.next >= this.ends[partition]! || !(await follower.ready())) return false;
    const batch = this.logs[partition]!.filter((record) => record.offset >= follower.next).slice(0, most);
    for (const record of batch) follower.onRecord(record);
    const reached = batch.length < most ? this.ends[partition]! : batch.at(-1)!.offset + 1;
    follower.next = reached;
    follower.reached(reached);
    return true;
  }

  async deliverAll(): Promise<void> {
    for (let partition = 0; partition < this.partitions; partition++) while (await this.deliver(partition, 100));
  }
}

export { TOPIC };
