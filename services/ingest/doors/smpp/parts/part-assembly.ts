import type { SmppPart } from "../../../../../schemas/generated/types.ts";

/** A part as it was read. */
export interface ReadPart<Source> {
  readonly part: SmppPart;
  readonly offset: number;
  /** When it was kept, epoch ms. */
  readonly at: number;
  /** Whatever its reader wants to have with it. */
  readonly source: Source;
}

/** All parts of a message, in their order, or those that came. */
export interface Parts<Source> {
  readonly parts: readonly ReadPart<Source>[];
  /** When the first of them came, epoch ms. */
  readonly since: number;
}

interface Open<Source> {
  /** By their numbers, from 1; of a repeated one the last. */
  readonly parts: Map<number, ReadPart<Source>>;
  readonly total: number;
  readonly firstOffset: number;
  readonly since: number;
}

/** What came of a part. */
export type Assembled<Source> =
  | { readonly kind: "waits" | "repeated" }
  | { readonly kind: "whole"; readonly message: Parts<Source> };

/** Messages of a partition whose parts are not all there; beyond it the oldest is given up. */
const MOST_OPEN = 5_000;

/**
 * Puts the parts of messages together, by account, sender, destination, reference and number of parts. Pure: the same parts in the same order lead
 * to the same messages, for whoever reads them.
 */
export class PartAssembly<Source> {
  private readonly open = new Map<string, Open<Source>>();
  /** Messages that are whole: what comes again of them, since its answer was lost, is no new message. */
  private readonly done = new Map<string, Open<Source>>();
  private readonly waitMs: number;
  private readonly mostOpen: number;

  constructor(waitMs: number, mostOpen = MOST_OPEN) {
    this.waitMs = waitMs;
    this.mostOpen = mostOpen;
  }

  add(read: ReadPart<Source>): Assembled<Source> {
    const { part, offset, at } = read;
    const key = keyOf(part);
    const before = this.done.get(key);
    if (before !== undefined && isRepeat(before, part)) return { kind: "repeated" };
    let open = this.open.get(key);
    if (open === undefined) {
      open = { parts: new Map(), total: part.total, firstOffset: offset, since: at };
      this.open.set(key, open);
    }
    const repeated = open.parts.has(part.part);
    open.parts.set(part.part, read);
    if (open.parts.size < part.total) return { kind: repeated ? "repeated" : "waits" };
    this.open.delete(key);
    this.remember(key, open);
    return { kind: "whole", message: inOrder(open) };
  }

  /** Takes out what has waited for too long by `now`, epoch ms, and the oldest of those that are too many. */
  expire(now: number): Parts<Source>[] {
    for (const [key, { since }] of this.done) if (since + this.waitMs < now) this.done.delete(key);
    const over: Parts<Source>[] = [];
    // In the order in which they began.
    for (const [key, open] of this.open) {
      if (open.since + this.waitMs >= now && this.open.size <= this.mostOpen) break;
      this.open.delete(key);
      over.push(inOrder(open));
    }
    return over;
  }

  /** The offset of the first part that waits: from there on parts have to be read again. */
  get firstOffset(): number | undefined {
    let first: number | undefined;
    for (const { firstOffset } of this.open.values()) first = Math.min(first ?? firstOffset, firstOffset);
    return first;
  }

  /** Messages whose parts are not all there. */
  get waiting(): number {
    return this.open.size;
  }

  private remember(key: string, open: Open<Source>): void {
    this.done.delete(key);
    this.done.set(key, open);
    if (this.done.size > this.mostOpen) this.done.delete(this.done.keys().next().value!);
  }
}

function keyOf({ accountId, to, from, reference, total }: SmppPart): string {
  return JSON.stringify([accountId, from, to, reference, total]);
}

/** References come round: another text under the same one is another message. */
function isRepeat({ parts }: Open<unknown>, { part, octets }: SmppPart): boolean {
  return parts.get(part)?.part.octets.equals(octets) === true;
}

function inOrder<Source>({ parts, since }: Open<Source>): Parts<Source> {
  return { parts: [...parts.values()].sort((a, b) => a.part.part - b.part.part), since };
}
