import type { Event } from "../../../schemas/generated/types.ts";
import type { ExpectedRow } from "./event-log.ts";
import type { StoredRows } from "./stored-rows.ts";

/** `missing`: no row. `doubled`: more than one. `differing`: a row that says something else. `unexpected`: a row of no such event. */
export const DIFFERENCES = ["missing", "doubled", "differing", "unexpected"] as const;
export type DifferenceKind = (typeof DIFFERENCES)[number];

/** One offset at which log and rows do not agree. */
export interface Difference {
  readonly kind: DifferenceKind;
  readonly partition: number;
  readonly offset: number;
  /** Of the event; undefined where there is none. */
  readonly messageId?: string;
  readonly type?: string;
  /** When it happened, epoch ms. */
  readonly at?: number;
}

/** What an event and a row of it have in common, whatever their place: a repeat has it too. */
export function sameEvent(event: Event): string {
  const { facts, type, attempt, state, resubmitted, part } = event;
  return [facts.messageId, type, attempt, state ?? "", resubmitted ?? "", part ?? 0].join("/");
}

/** Compares events and rows, offset by offset, and gives what differs by offset. */
export function rowDifferences(
  partition: number,
  expected: readonly ExpectedRow[],
  stored: ReadonlyMap<number, StoredRows>,
): Difference[] {
  const found: Difference[] = [];
  const known = new Set<number>();
  for (const { offset, event, digest } of expected) {
    known.add(offset);
    const kind = differenceOf(digest.readBigUInt64BE(0), stored.get(offset));
    if (kind === undefined) continue;
    found.push({ kind, partition, offset, messageId: event.facts.messageId, type: event.type, at: event.at });
  }
  for (const offset of stored.keys()) if (!known.has(offset)) found.push({ kind: "unexpected", partition, offset });
  return found.sort((a, b) => a.offset - b.offset);
}

function differenceOf(hash: bigint, rows: StoredRows | undefined): DifferenceKind | undefined {
  if (rows === undefined) return "missing";
  if (rows.hashes.some((one) => one !== hash)) return "differing";
  return rows.count > 1 ? "doubled" : undefined;
}
