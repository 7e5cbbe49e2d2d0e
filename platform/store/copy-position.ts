/** How far a store's copy of a compacted log's partition has come, and whether it can go on from there. */
export interface CopyPosition {
  /** All below this offset has been applied. */
  readonly next: number;
  /** When, at the latest, the copy was known to have all that the log had then; or when it was begun. Epoch ms by the brokers' clock. */
  readonly since: number;
  /** The highest append time that was applied, epoch ms; 0 before the first. */
  readonly newest: number;
}

/** The log's partition, as the brokers tell of it. */
export interface LogState {
  /** First offset kept, and one above the last. */
  readonly low: number;
  readonly high: number;
  /** First offset whose record was appended after `newest` of every copy that begins at the same time; negative where there is none. */
  readonly firstLater: number;
}

/**
 * - `none`: there is no copy, or what a clearing that was cut off has left.
 * - `log-start`: records below the log's start were not applied.
 * - `log-replaced`: the topic has been deleted and made again.
 * - `tombstones`: the copy is so old that compaction may have removed tombstones which it has not seen.
 */
export type ReadAnew = "none" | "log-start" | "log-replaced" | "tombstones";

/**
 * Why a partition must be cleared and read anew; undefined where it can be followed from its position. Brokers keep a tombstone
 * for `delete.retention.ms` (KIP-58, topic settings), so a copy that had all half of that ago has seen each or can still read it, with as much
 * time again for the reading.
 */
export function whyReadAnew(
  position: CopyPosition | undefined,
  { low, high, firstLater }: LogState,
  now: number,
  deleteRetentionMs: number,
): ReadAnew | undefined {
  if (position === undefined) return "none";
  if (position.next > high) return "log-replaced";
  // What has been applied was appended at `newest` or before; a later record below the position is of another log.
  if (firstLater >= 0 && firstLater < Math.min(position.next, high)) return "log-replaced";
  // Where nothing has come since, nothing can have been missed.
  if (position.next === high) return undefined;
  if (position.next < low) return "log-start";
  return isTooOld(position, now, deleteRetentionMs) ? "tombstones" : undefined;
}

/** Whether a tombstone may have been removed that the copy has not seen. */
export function isTooOld({ since }: Pick<CopyPosition, "since">, now: number, deleteRetentionMs: number): boolean {
  return now - since > deleteRetentionMs / 2;
}

export function writePosition({ next, since, newest }: CopyPosition): Buffer {
  return Buffer.from(JSON.stringify([next, since, newest]));
}

/** Undefined for octets that `writePosition` did not make: the partition is then read anew. */
export function readPosition(octets: Buffer): CopyPosition | undefined {
  try {
    const read = JSON.parse(octets.toString()) as number[];
    if (!Array.isArray(read) || read.length !== 3 || !read.every((n) => Number.isSafeInteger(n) && n >= 0))
      return undefined;
    return { next: read[0]!, since: read[1]!, newest: read[2]! };
  } catch {
    return undefined;
  }
}
