import type { KafkaConnection } from "../../platform/kafka/connection.ts";
import { readEach, until } from "../integration/platform/kafka-runtime.ts";

/** Whole numbers from 0 on, a byte each: sets of a million are too slow and too large. */
class Numbers {
  private marks = new Uint8Array(1 << 12);
  size = 0;

  has(n: number): boolean {
    return this.marks[n] === 1;
  }

  /** False when it was there already. */
  add(n: number): boolean {
    if (this.has(n)) return false;
    if (n >= this.marks.length) {
      const larger = new Uint8Array(Math.max(this.marks.length * 2, n + 1));
      larger.set(this.marks);
      this.marks = larger;
    }
    this.marks[n] = 1;
    this.size++;
    return true;
  }

  /** How many of these are not in the other one. */
  without(other: Numbers): number {
    let count = 0;
    for (let n = 0; n < this.marks.length; n++) if (this.has(n) && !other.has(n)) count++;
    return count;
  }
}

/** What the log holds of what was given. */
export interface Comparison {
  /** Acknowledged, and not in the log. */
  readonly missing: number;
  /** First occurrences that stand behind a later record of their partition. */
  readonly disordered: number;
  readonly stored: number;
  /** Records in the log that stood there before. */
  readonly repeats: number;
}

/** Records given to a producer, numbered by partition, and what became of each as far as the producer said. */
export class ProducerLedger {
  private readonly given: number[];
  private readonly acknowledged: Numbers[];
  private readonly waitingSince: (number | undefined)[];
  rejected = 0;
  /** Longest time in which a partition had records given and got none acknowledged, ms. */
  longestPauseMs = 0;

  constructor(partitions: number) {
    this.given = new Array<number>(partitions).fill(0);
    this.acknowledged = this.given.map(() => new Numbers());
    this.waitingSince = this.given.map(() => undefined);
  }

  /** The next `count` records of a partition: its numbers as values, padded to about 300 bytes. */
  give(partition: number, count: number): { numbers: number[]; values: Buffer[] } {
    const first = this.given[partition]!;
    this.given[partition] = first + count;
    this.waitingSince[partition] ??= performance.now();
    const numbers = Array.from({ length: count }, (_, i) => first + i);
    return { numbers, values: numbers.map((n) => Buffer.from(`${n}:${PADDING}`, "latin1")) };
  }

  acknowledge(partition: number, numbers: readonly number[]): void {
    const now = performance.now();
    for (const n of numbers) this.acknowledged[partition]!.add(n);
    this.longestPauseMs = Math.max(this.longestPauseMs, now - (this.waitingSince[partition] ?? now));
    const waits = this.acknowledged[partition]!.size < this.given[partition]!;
    this.waitingSince[partition] = waits ? now : undefined;
  }

  get total(): number {
    return this.acknowledged.reduce((sum, { size }) => sum + size, 0);
  }

  /** Given, and neither acknowledged nor rejected. */
  get unsettled(): number {
    return this.given.reduce((sum, count) => sum + count, 0) - this.total - this.rejected;
  }

  /** Reads the topic from its start and compares. */
  async compare(connection: KafkaConnection, topic: string): Promise<Comparison> {
    let found: Comparison | undefined;
    // Just after a fault the reader's coordinator may not answer yet: then everything is read once more.
    await until(`${topic} can be read`, async () => {
      found = await this.read(connection, topic).catch(() => undefined);
      return found !== undefined;
    });
    return found!;
  }

  private async read(connection: KafkaConnection, topic: string): Promise<Comparison> {
    const seen = this.given.map(() => new Numbers());
    const last = this.given.map(() => -1);
    let disordered = 0;
    let stored = 0;
    let repeats = 0;
    await readEach(connection, topic, ({ partition, value }) => {
      const n = Number.parseInt(value!.toString("latin1", 0, 12), 10);
      stored++;
      if (!seen[partition]!.add(n)) {
        repeats++;
        return;
      }
      if (n < last[partition]!) disordered++;
      else last[partition] = n;
    });
    const missing = this.acknowledged.reduce((sum, numbers, p) => sum + numbers.without(seen[p]!), 0);
    return { missing, disordered, stored, repeats };
  }
}

const PADDING = "x".repeat(280);
