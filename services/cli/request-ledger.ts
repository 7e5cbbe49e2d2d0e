import { keyOf } from "./key-set.ts";
import { withRoom } from "./uuid-table.ts";

/** A request record as it stands in its topic, read without the code that gives messages their ids. */
export interface RequestRecord {
  readonly accountId: string;
  readonly messageId: string | null;
  readonly to: string;
  readonly from: string | null;
  readonly text: string;
}

/** A request that no decision names. */
export interface Undecided {
  /** `topic/partition/offset`. */
  readonly place: string;
  /** The number that its message has in the audit. */
  readonly row: number;
}

const NO_ID = -1;
/** What programs write that have no id, when blanks, control characters and what UUIDs are written with are left out. */
const NOTHING = /^(?:|0{32}|f{32})$/i;

const OPEN = 0;
const DECIDED = 1;

/** The requests of one topic, in the order of their offsets. */
interface Queue {
  readonly topic: string;
  offsets: Float64Array;
  identities: Float64Array;
  rows: Uint32Array;
  states: Uint8Array;
  size: number;
}

/**
 * Compares request records with decisions by where they stand: every event of the router names the place of the record
 * that it is about. So a loss shows however ids are made: what was dropped as a repeat and repeats nothing is named. About
 * 21 octets a request.
 */
export class RequestLedger {
  readonly #partition: number;
  readonly #queues = new Map<string, Queue>();

  constructor(partition: number) {
    this.#partition = partition;
  }

  /** A request, in ascending order of the offsets of its topic. `row`: of its message. */
  add(topic: string, offset: number, request: RequestRecord, row: number): void {
    let queue = this.#queues.get(topic);
    if (queue === undefined) {
      const none = { offsets: new Float64Array(0), identities: new Float64Array(0) };
      queue = { topic, ...none, rows: new Uint32Array(0), states: new Uint8Array(0), size: 0 };
      this.#queues.set(topic, queue);
    }
    const at = queue.size++;
    queue.offsets = withRoom(queue.offsets, queue.size);
    queue.identities = withRoom(queue.identities, queue.size);
    queue.rows = withRoom(queue.rows, queue.size);
    queue.states = withRoom(queue.states, queue.size);
    queue.offsets[at] = offset;
    queue.identities[at] = identityOf(request);
    queue.rows[at] = row;
    queue.states[at] = OPEN;
  }

  /** A decision, a dead letter or a moved record names this place (`topic/partition/offset`). */
  decided(place: string): void {
    const end = place.lastIndexOf("/");
    const middle = place.lastIndexOf("/", end - 1);
    const queue = this.#queues.get(place.slice(0, middle));
    if (queue === undefined || Number(place.slice(middle + 1, end)) !== this.#partition) return;
    const at = indexOf(queue, Number(place.slice(end + 1)));
    if (at >= 0) queue.states[at] = DECIDED;
  }

  /** What no decision names, without what says word for word the same as one that was decided, under an id of its own: a repeat. */
  finish(): { readonly repeats: number; readonly undecided: readonly Undecided[] } {
    const decided = new Set<number>();
    const open: { readonly queue: Queue; readonly at: number }[] = [];
    for (const queue of this.#queues.values())
      for (let at = 0; at < queue.size; at++) if (queue.states[at] === OPEN) open.push({ queue, at });
    if (open.length === 0) return { repeats: 0, undecided: [] };
    const sought = new Set(open.map(({ queue, at }) => queue.identities[at]!));
    for (const queue of this.#queues.values())
      for (let at = 0; at < queue.size; at++)
        if (queue.states[at] === DECIDED && sought.has(queue.identities[at]!)) decided.add(queue.identities[at]!);
    decided.delete(NO_ID);
    const undecided = open.filter(({ queue, at }) => !decided.has(queue.identities[at]!));
    return {
      repeats: open.length - undecided.length,
      undecided: undecided.map(({ queue, at }) => ({
        place: `${queue.topic}/${this.#partition}/${queue.offsets[at]!}`,
        row: queue.rows[at]!,
      })),
    };
  }
}

/** A full number as sender, with 00 in the place of its plus. */
const ZEROS = /^00(?=\d{7,}$)/;

/** What a repeat has in common with the first; none for a request that names no message. */
function identityOf({ accountId, messageId, to, from, text }: RequestRecord): number {
  if (messageId === null || NOTHING.test(messageId.replace(/[\s\p{C}{}-]/gu, ""))) return NO_ID;
  const parts = [messageId.trim().toLowerCase(), to.replace(/\D/g, ""), (from ?? "").replace(ZEROS, ""), text];
  return keyOf(accountId, JSON.stringify(parts));
}

function indexOf({ offsets, size }: Queue, offset: number): number {
  let low = 0;
  let high = size - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = offsets[middle]!;
    if (found === offset) return middle;
    if (found < offset) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
