import type { Fence, OutRecord } from "./record.ts";

/** One `send` call of ours: resolved when its last record has been acknowledged. */
export interface PendingSend {
  remaining: number;
  readonly fence: Fence | undefined;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

export interface QueuedRecord {
  readonly record: OutRecord;
  readonly bytes: number;
  readonly send: PendingSend;
}

/** Largest slice of one partition in one request: KafkaJS puts it into one record batch, which the broker limits to 1 MiB. */
const SLICE_BYTES = 800_000;
/** KafkaJS groups records quadratically; beyond about a thousand it costs more than it saves. */
const SLICE_RECORDS = 1_000;

/**
 * The records waiting for one partition, oldest first. A slice is looked at, sent, and removed only when the
 * broker has named the partition in its answer, so every attempt is a contiguous run from the oldest
 * unacknowledged record: that alone keeps first occurrences in order however late an earlier attempt lands.
 */
export class ProducerQueue {
  readonly topic: string;
  readonly partition: number;
  /** Records of the slice in flight; 0 when none is. */
  inFlight = 0;
  /** After a failure the partition travels alone until it succeeds, so that it cannot fail others. */
  alone = false;
  failures = 0;
  /** Not sent before this moment (monotonic ms). */
  notBefore = 0;
  private items: QueuedRecord[] = [];
  private head = 0;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  get length(): number {
    return this.items.length - this.head;
  }

  push(item: QueuedRecord): void {
    this.items.push(item);
  }

  /** Drops fenced records at the head, then gives the next run to send, without removing it. Returns bytes dropped. */
  slice(dropped: (item: QueuedRecord) => void): QueuedRecord[] {
    const run: QueuedRecord[] = [];
    let bytes = 0;
    for (let i = this.head; i < this.items.length && run.length < SLICE_RECORDS; i++) {
      const item = this.items[i]!;
      if (item.send.fence !== undefined && !item.send.fence.alive) {
        if (run.length > 0) break;
        dropped(item);
        this.head = i + 1;
        continue;
      }
      if (run.length > 0 && bytes + item.bytes > SLICE_BYTES) break;
      bytes += item.bytes;
      run.push(item);
    }
    this.compact();
    return run;
  }

  /** Removes the first `count` records: they were acknowledged. */
  acknowledge(count: number, each: (item: QueuedRecord) => void): void {
    for (let i = 0; i < count; i++) each(this.items[this.head + i]!);
    this.head += count;
    this.compact();
  }

  /** Empties the queue: the producer is being closed. */
  drain(each: (item: QueuedRecord) => void): void {
    for (let i = this.head; i < this.items.length; i++) each(this.items[i]!);
    this.items = [];
    this.head = 0;
  }

  private compact(): void {
    if (this.head === this.items.length) {
      this.items = [];
      this.head = 0;
    } else if (this.head > 2_048 && this.head * 2 > this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
  }
}
