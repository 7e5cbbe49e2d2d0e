/** What is known of each part of a long message. */
export interface LongMessagePart {
  /** Parts of the message. */
  readonly total: number;
  /** Which it is, from 1. */
  readonly part: number;
  readonly octets: Buffer;
}

/** A part as it was read. */
export interface ReadPart<Part extends LongMessagePart, Source> {
  readonly part: Part;
  readonly offset: number;
  /** When it was kept, epoch ms. */
  readonly at: number;
  /** Whatever its reader wants to have with it. */
  readonly source: Source;
}

/** All parts of a message, in their order, or those that came. */
export interface Parts<Part extends LongMessagePart, Source> {
  readonly parts: readonly ReadPart<Part, Source>[];
  /** When the first of them came, epoch ms. */
  readonly since: number;
}

interface Open<Part extends LongMessagePart, Source> {
  /** By their numbers, from 1; of a repeated one the last. */
  readonly parts: Map<number, ReadPart<Part, Source>>;
  readonly total: number;
  readonly firstOffset: number;
  readonly since: number;
}

/** What came of a part. */
export type Assembled<Part extends LongMessagePart, Source> =
  | { readonly kind: "waits" | "repeated" }
  | { readonly kind: "whole"; readonly message: Parts<Part, Source> };

/** Messages of a partition whose parts are not all there; beyond it the oldest is given up. */
const MOST_OPEN = 5_000;

/**
 * Puts the parts of messages together: those of one key. Pure: the same parts in the same order lead to the same messages, for whoever reads them.
 */
export class PartAssembly<Part extends LongMessagePart, Source> {
  private readonly open = new Map<string, Open<Part, Source>>();
  /** Messages that are whole: what comes again of them, since its answer was lost, is no new message. */
  private readonly done = new Map<string, Open<Part, Source>>();
  private readonly keyOf: (part: Part) => string;
  private readonly waitMs: number;
  private readonly mostOpen: number;

  /** `keyOf`: what all parts of one message have in common. `waitMs`: how long parts are waited for. `mostOpen`: messages that may be incomplete. */
  constructor(keyOf: (part: Part) => string, waitMs: number, mostOpen = MOST_OPEN) {
    this.keyOf = keyOf;
    this.waitMs = waitMs;
    this.mostOpen = mostOpen;
  }

  add(read: ReadPart<Part, Source>): Assembled<Part, Source> {
    const { part, offset, at } = read;
    const key = this.keyOf(part);
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
  expire(now: number): Parts<Part, Source>[] {
    for (const [key, { since }] of this.done) if (since + this.waitMs < now) this.done.delete(key);
    const over: Parts<Part, Source>[] = [];
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

  private remember(key: string, open: Open<Part, Source>): void {
    this.done.delete(key);
    this.done.set(key, open);
    if (this.done.size > this.mostOpen) this.done.delete(this.done.keys().next().value!);
  }
}

/** References come round: another text under the same one is another message. */
function isRepeat<Part extends LongMessagePart>({ parts }: Open<Part, unknown>, { part, octets }: Part): boolean {
  return parts.get(part)?.part.octets.equals(octets) === true;
}

function inOrder<Part extends LongMessagePart, Source>({ parts, since }: Open<Part, Source>): Parts<Part, Source> {
  return { parts: [...parts.values()].sort((a, b) => a.part.part - b.part.part), since };
}
