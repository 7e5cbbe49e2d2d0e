import type { Admin } from "kafkajs";
import { SluiceError } from "../errors/sluice-error.ts";
import { someCause } from "../errors/some-cause.ts";

/** Low and high watermark of a partition: first offset kept, and one above the last. Where it has no leader, reading them throws `NO_LEADER`. */
export interface Watermarks {
  readonly low: number;
  readonly high: number;
}

/** Nobody can say how far a partition without a leader goes. Who asks about another one need not know of it. */
class UnknownMarks implements Watermarks {
  private readonly error: SluiceError;

  constructor(topic: string, partition: number) {
    this.error = noLeader(topic, partition);
  }

  get low(): number {
    throw this.error;
  }

  get high(): number {
    throw this.error;
  }
}

/** Of a partition without a leader. */
export function unknownMarks(topic: string, partition: number): Watermarks {
  return new UnknownMarks(topic, partition);
}

/** False: the partition has no leader, and its marks cannot be read. */
export function isKnown(marks: Watermarks): boolean {
  return !(marks instanceof UnknownMarks);
}

/** `NO_LEADER`, transient: it has one again when one of its brokers is back. */
export function noLeader(topic: string, partition: number): SluiceError {
  return new SluiceError(`${topic}/${partition} has no leader: none of the brokers that have it in sync is up`, {
    code: "NO_LEADER",
    class: "transient",
    details: { topic, partition },
  });
}

/** Whether that is why something failed. */
export function isNoLeader(error: unknown): boolean {
  return someCause(error, ({ code }) => code === "NO_LEADER");
}

/** Watermarks of every partition of a topic, by partition number. @throws what KafkaJS throws */
export async function topicMarks(admin: Pick<Admin, "fetchTopicOffsets">, topic: string): Promise<Watermarks[]> {
  const found: Watermarks[] = [];
  for (const { partition, low, high } of await admin.fetchTopicOffsets(topic))
    found[partition] = isTold(low, high) ? { low: Number(low), high: Number(high) } : unknownMarks(topic, partition);
  return found;
}

/** KafkaJS is made to tell nothing, or nothing that is a number, of a partition without a leader (kafkajs-leaderless.ts). */
function isTold(...offsets: readonly (string | undefined)[]): boolean {
  return offsets.every((offset) => Number.isSafeInteger(Number(offset)));
}

/**
 * By partition number: the first offset whose record was appended at or after this time, epoch ms; the end where none was. `of`: the partitions that are
 * asked about; default all. @throws SluiceError `NO_LEADER` (transient) when one of them has none; what KafkaJS throws
 */
export async function topicOffsetsAt(
  admin: Pick<Admin, "fetchTopicOffsetsByTimestamp">,
  topic: string,
  time: number,
  of?: readonly number[],
): Promise<number[]> {
  const found: number[] = [];
  for (const { partition, offset } of await admin.fetchTopicOffsetsByTimestamp(topic, time)) {
    if (of !== undefined && !of.includes(partition)) continue;
    if (!isTold(offset)) throw noLeader(topic, partition);
    found[partition] = Number(offset);
  }
  return found;
}
