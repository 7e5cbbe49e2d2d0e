import type { PlainConditions } from "./conditions.ts";
import { type PackedNumbers, packed } from "./packed-numbers.ts";
import { PlaceTable } from "./place-table.ts";
import { entry, type ValueIds } from "./value-ids.ts";

/**
 * Routes that name prefixes and are alike in all their other conditions. Among them the longest prefix decides, and not their
 * order: by order a longer prefix behind a shorter one would never be reached, which nobody means who writes it.
 */
export class AlikeRoutes {
  private readonly ids: ValueIds;
  /** By a route's place its group; 0: no other one is like it. */
  private readonly groups: PackedNumbers;
  /** The place of the first route of a group with a prefix. */
  private readonly places: PlaceTable;
  private readonly radix: number;

  /** `ids`: of the index of these routes. */
  constructor(routes: readonly PlainConditions[], ids: ValueIds) {
    this.ids = ids;
    const groups = alikeRoutes(routes);
    this.groups = packed(routes.map((_, place) => groups.get(place) ?? 0));
    this.radix = ids.radix("prefixes");
    const places = new Map<number, number[]>();
    for (const [place, group] of groups)
      for (const prefix of routes[place]!.prefixes!)
        entry(places, this.keyOf(group, ids.idOf("prefixes", prefix)), () => [place]);
    this.places = new PlaceTable(places);
  }

  /**
   * Of the routes like the one at a place, and itself, that with the longest prefix of the message that `ids` looked at last: its
   * place. The message: one for which the route holds.
   */
  longest(place: number): number {
    const group = this.groups[place]!;
    if (group === 0) return place;
    const { prefixes, prefixCount } = this.ids;
    for (let i = prefixCount - 1; i >= 0; i--) {
      const found = this.places.get(this.keyOf(group, prefixes[i]!));
      if (found >= 0) return found;
    }
    return place;
  }

  private keyOf(group: number, prefix: number): number {
    return group * this.radix + prefix;
  }
}

/** The number of its group, from 1 on, for the place of each route that has others alike; in the order of places within a group. */
export function alikeRoutes(routes: readonly PlainConditions[]): Map<number, number> {
  const alike = new Map<string, number[]>();
  for (const [place, when] of routes.entries())
    if (when.prefixes !== undefined) entry(alike, otherConditions(when), () => []).push(place);
  const groups = [...alike.values()].filter(({ length }) => length > 1);
  return new Map(groups.flatMap((places, n) => places.map((place) => [place, n + 1] as const)));
}

/** The same text for the same conditions, however their entries are ordered. */
function otherConditions({ prefixes: _, ...others }: PlainConditions): string {
  const entries = Object.entries(others).filter(([, values]) => values !== undefined);
  return JSON.stringify(
    entries.map(([name, values]) => [name, values!.map((value) => JSON.stringify(value)).sort()]).sort(),
  );
}
