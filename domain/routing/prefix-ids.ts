import { PlaceTable } from "./place-table.ts";

/** Finds all of many number prefixes that a number begins with: one look-up for each length that there is. */
export class PrefixIds {
  /** By the prefix as an integer: none begins with a zero, so each has its own. 15 digits are exact. */
  private readonly ids = new Map<number, number[]>();
  /** The bit 1 << n: there are prefixes of n digits. */
  private lengths = 0;
  /** Made of `ids` when it is first asked. */
  private table: PlaceTable | undefined;

  /** Prefixes that were put. */
  get size(): number {
    return this.ids.size;
  }

  /** The id of a prefix of digits, from 1 on; a new one where it was not put before. */
  put(prefix: string): number {
    const key = Number(prefix);
    const known = this.ids.get(key);
    if (known !== undefined) return known[0]!;
    const id = this.ids.size + 1;
    this.ids.set(key, [id]);
    this.lengths |= 1 << prefix.length;
    this.table = undefined;
    return id;
  }

  /** Puts the ids of all prefixes of a number of digits into `found`, the shortest first; gives how many. */
  match(number: string, found: number[]): number {
    const { lengths } = this;
    if (lengths === 0) return 0;
    this.table ??= new PlaceTable(this.ids);
    let key = 0;
    let count = 0;
    for (let length = 1; length <= number.length && lengths >> length !== 0; length++) {
      key = key * 10 + number.charCodeAt(length - 1) - 48;
      if ((lengths & (1 << length)) === 0) continue;
      const id = this.table.get(key);
      if (id >= 0) found[count++] = id;
    }
    return count;
  }
}
