import type { InRecord } from "../../../platform/kafka/record.ts";

/** What an event is, as its id header says: enough to leave most events undecoded. */
export type EventKind =
  | "routed"
  | "submitted"
  | "returned"
  | "in_doubt"
  | "postponed"
  | "closed"
  | "receipt"
  | "rerouted"
  | "final";

const SLASH = 0x2f;

/** `part/state` of a receipt's id is all that has a fourth component; the other ids end in their own name. */
const KINDS: ReadonlyMap<string, EventKind> = new Map([
  ["routed", "routed"],
  ["submitted", "submitted"],
  ["resubmitted", "submitted"],
  ["returned", "returned"],
  ["in_doubt", "in_doubt"],
  ["postponed", "postponed"],
  ["closed", "closed"],
  ["rerouted", "rerouted"],
  ["final", "final"],
  ["delivered", "receipt"],
  ["undelivered", "receipt"],
  ["failed", "receipt"],
  ["expired", "receipt"],
  ["rejected", "receipt"],
  ["unknown", "receipt"],
  ["enroute", "receipt"],
]);

/** Kinds that are of no concern once their message has ended. */
export const OF_OPEN: ReadonlySet<EventKind> = new Set(["receipt", "returned", "postponed", "rerouted"]);

/** Undefined for an id that is none of ours: then the event itself must be asked. */
export function eventKind(id: Buffer): EventKind | undefined {
  const cut = id.lastIndexOf(SLASH);
  return cut < 0 ? undefined : KINDS.get(id.toString("latin1", cut + 1));
}

const REROUTED = Buffer.from("/rerouted");

/** Whether an event is a `rerouted` one, asked of every event before it is processed: most differ in the first octet looked at. */
export function isRerouted(id: Uint8Array): boolean {
  const start = id.length - REROUTED.length;
  return start > 0 && id[start] === SLASH && REROUTED.compare(id, start) === 0;
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
