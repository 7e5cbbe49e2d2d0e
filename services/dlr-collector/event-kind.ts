import type { InRecord } from "../../platform/kafka/record.ts";

/** What an event is, as its id header says: enough to leave most events undecoded. */
export type EventKind = "routed" | "submitted" | "returned" | "in_doubt" | "closed" | "receipt" | "final";

const SLASH = 0x2f;

/** `part/state` of a receipt's id is all that has a fourth component; the other ids end in their own name. */
const KINDS: ReadonlyMap<string, EventKind> = new Map([
  ["routed", "routed"],
  ["submitted", "submitted"],
  ["resubmitted", "submitted"],
  ["returned", "returned"],
  ["in_doubt", "in_doubt"],
  ["closed", "closed"],
  ["final", "final"],
  ["delivered", "receipt"],
  ["undelivered", "receipt"],
  ["failed", "receipt"],
  ["expired", "receipt"],
  ["rejected", "receipt"],
  ["unknown", "receipt"],
  ["enroute", "receipt"],
]);

/** Undefined for an id that is none of ours: then the event itself must be asked. */
export function eventKind(id: Buffer): EventKind | undefined {
  const cut = id.lastIndexOf(SLASH);
  return cut < 0 ? undefined : KINDS.get(id.toString("latin1", cut + 1));
}

/** The message that an event's id begins with. */
export function messageIdOf(id: Buffer): string {
  const cut = id.indexOf(SLASH);
  return id.toString("latin1", 0, cut < 0 ? id.length : cut);
}

/** The destination of the message that an event speaks of: the record's key. */
export function destinationOf({ key }: InRecord): string {
  return key?.toString("latin1") ?? "";
}
