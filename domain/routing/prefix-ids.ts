/** Ten children a node, by digit. */
const DIGITS = 10;
const INITIAL_NODES = 16;

/**
 * Finds all of many number prefixes that a number begins with, in one walk along its digits. Nodes stand in typed arrays, one behind
 * the other: with thousands of prefixes a walk through objects would mostly wait for memory.
 */
export class PrefixIds {
  /** 0 is none, since nothing leads back to the root. */
  private children = new Int32Array(INITIAL_NODES * DIGITS);
  /** What was put at a node; 0 for nothing. */
  private ids = new Int32Array(INITIAL_NODES);
  private nodes = 1;
  private count = 0;

  /** Prefixes that were put. */
  get size(): number {
    return this.count;
  }

  /** The id of a prefix of digits, from 1 on; a new one where it was not put before. */
  put(prefix: string): number {
    let node = 0;
    for (let at = 0; at < prefix.length; at++) {
      const slot = node * DIGITS + prefix.charCodeAt(at) - 48;
      if (this.children[slot] === 0) this.children[slot] = this.addNode();
      node = this.children[slot]!;
    }
    if (this.ids[node] === 0) this.ids[node] = ++this.count;
    return this.ids[node]!;
  }

  /** Puts the ids of all prefixes of a number of digits into `found`, the shortest first; gives how many. */
  match(number: string, found: number[]): number {
    const { children, ids } = this;
    let node = 0;
    let count = 0;
    for (let at = 0; at < number.length; at++) {
      node = children[node * DIGITS + number.charCodeAt(at) - 48]!;
      if (node === 0) break;
      const id = ids[node]!;
      if (id !== 0) found[count++] = id;
    }
    return count;
  }

  private addNode(): number {
    if (this.nodes === this.ids.length) {
      const { children, ids } = this;
      this.children = new Int32Array(children.length * 2);
      this.children.set(children);
      this.ids = new Int32Array(ids.length * 2);
      this.ids.set(ids);
    }
    return this.nodes++;
  }
}
