import { wholeText } from "./whole-text.ts";

/**
 * The last `capacity` distinct ids, for repeats from writers that do not write in input order. `add` is O(1) and
 * memory is bounded by the capacity.
 */
export class IdRing {
  private readonly ring: (string | undefined)[];
  private readonly known = new Set<string>();
  private next = 0;

  constructor(capacity: number) {
    this.ring = new Array<string | undefined>(capacity).fill(undefined);
  }

  /** Remembers the id; false when it is among the last ones already. */
  add(id: string): boolean {
    if (this.known.has(id)) return false;
    const evicted = this.ring[this.next];
    if (evicted !== undefined) this.known.delete(evicted);
    const kept = wholeText(id);
    this.ring[this.next] = kept;
    this.known.add(kept);
    this.next = (this.next + 1) % this.ring.length;
    return true;
  }

  has(id: string): boolean {
    return this.known.has(id);
  }
}
