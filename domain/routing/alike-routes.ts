import type { PlainConditions } from "./conditions.ts";
import { PrefixIds } from "./prefix-ids.ts";

/**
 * Routes that name prefixes and are alike in all their other conditions. Among them the longest prefix decides, and not their
 * order: by order a longer prefix behind a shorter one would never be reached, which nobody means who writes it.
 */
export class AlikeRoutes {
  private readonly ids = new PrefixIds();
  /** The place of the first route with each prefix, by its id. */
  private readonly places: number[] = [];
  /** Ids of the prefixes of the number that was looked at last. */
  private readonly found: number[] = [];

  add(prefixes: readonly string[], place: number): void {
    for (const prefix of prefixes) this.places[this.ids.put(prefix)] ??= place;
  }

  /** The place of the route that has the longest prefix of a number of digits; undefined when none has any. */
  longest(number: string): number | undefined {
    const count = this.ids.match(number, this.found);
    return count === 0 ? undefined : this.places[this.found[count - 1]!];
  }
}

/** By its place, for each route that has others alike, all of them. */
export function alikeRoutes(routes: readonly PlainConditions[]): Map<number, AlikeRoutes> {
  const places = new Map<string, number[]>();
  for (const [place, when] of routes.entries()) {
    if (when.prefixes === undefined) continue;
    const key = otherConditions(when);
    const alike = places.get(key);
    if (alike === undefined) places.set(key, [place]);
    else alike.push(place);
  }
  const groups = new Map<number, AlikeRoutes>();
  for (const members of places.values()) {
    if (members.length < 2) continue;
    const group = new AlikeRoutes();
    for (const place of members) {
      group.add(routes[place]!.prefixes!, place);
      groups.set(place, group);
    }
  }
  return groups;
}

/** The same text for the same conditions, however their entries are ordered. */
function otherConditions({ prefixes: _, ...others }: PlainConditions): string {
  const entries = Object.entries(others).filter(([, values]) => values !== undefined);
  return JSON.stringify(
    entries.map(([name, values]) => [name, values!.map((value) => JSON.stringify(value)).sort()]).sort(),
  );
}
