import { PlaceTable } from "./place-table.ts";
import { type Indexed, SINGLE, type ValueIds } from "./value-ids.ts";

/**
 * Routes that have the same kinds of conditions: a message is looked up among all of them at once, by a key that is made of the
 * numbers of its values (see ValueIds).
 */
export class RouteShape {
  /** The place of its first route. */
  readonly first: number;
  readonly table: PlaceTable;
  /** Its conditions of which a message has one value: their places in SINGLE, and in how many ways each can be met. */
  private readonly single: readonly number[];
  private readonly radices: readonly number[];
  /** As many as there are of prefixes and labels, if it has such conditions; else 0. */
  private readonly prefixRadix: number;
  private readonly labelRadix: number;

  /** `places`: of its routes, in order, by the keys that `keysFor` gives. */
  constructor(parts: readonly Indexed[], ids: ValueIds, first: number, places: ReadonlyMap<number, readonly number[]>) {
    this.first = first;
    this.single = [...SINGLE.keys()].filter((place) => parts.includes(SINGLE[place]!));
    this.radices = this.single.map((place) => ids.radix(SINGLE[place]!));
    this.prefixRadix = parts.includes("prefixes") ? ids.radix("prefixes") : 0;
    this.labelRadix = parts.includes("labels") ? ids.radix("labels") : 0;
    this.table = new PlaceTable(places);
  }

  /** Puts the values of its table that the message leads to into `found`; gives how many. The message: what `ids` looked at last. */
  find(ids: ValueIds, found: number[]): number {
    const base = this.singleKey(ids);
    if (base < 0) return 0;
    const { prefixRadix, labelRadix, table } = this;
    let count = 0;
    for (let p = prefixRadix > 0 ? ids.prefixCount : 1; p > 0; p--)
      for (let l = labelRadix > 0 ? ids.labelCount : 1; l > 0; l--) {
        let key = base;
        if (prefixRadix > 0) key = key * prefixRadix + ids.prefixes[p - 1]!;
        if (labelRadix > 0) key = key * labelRadix + ids.labels[l - 1]!;
        const value = table.get(key);
        if (value !== -1) found[count++] = value;
      }
    return count;
  }

  /** -1 when the message has a value that none of the routes names. */
  private singleKey(ids: ValueIds): number {
    const { single, radices } = this;
    let key = 0;
    for (let i = 0; i < single.length; i++) {
      const id = ids.single[single[i]!]!;
      if (id === 0) return -1;
      key = key * radices[i]! + id;
    }
    return key;
  }
}

/** In which order the values of a message make a key. */
const KEY_ORDER: readonly Indexed[] = [...SINGLE, "prefixes", "labels"];

/** The keys under which a message comes to a route with these values of the conditions `parts`. */
export function keysFor(
  values: (name: Indexed) => readonly string[],
  parts: readonly Indexed[],
  ids: ValueIds,
): Set<number> {
  let keys = [0];
  for (const name of KEY_ORDER) {
    if (!parts.includes(name)) continue;
    const radix = ids.radix(name);
    const numbers = values(name).map((value) => ids.idOf(name, value));
    keys = keys.flatMap((key) => numbers.map((number) => key * radix + number));
  }
  return new Set(keys);
}
