import { type Lane, lanes } from "../message/lane.ts";
import type { Route } from "./route.ts";

/** A route that no message reaches, since earlier ones take all that it is for. */
export interface ShadowedRoute {
  readonly index: number;
  /** Ids of the earlier routes, in order. */
  readonly by: readonly string[];
}

/**
 * Routes of which every message is taken by an earlier route; those behind a route without any condition are left out, which
 * is an error already. It looks lane by lane, and country by country where the route names some: other ways in which several
 * routes together take everything are not found.
 */
export function shadowedRoutes(routes: readonly Route[]): ShadowedRoute[] {
  const open = routes.findIndex(({ when }) => Object.values(when).every((entries) => entries === undefined));
  const asked = open < 0 ? routes : routes.slice(0, open + 1);
  return asked.flatMap((route, index) => {
    const by = takenBy(route, asked.slice(0, index));
    return by === undefined ? [] : [{ index, by }];
  });
}

function takenBy({ when }: Route, before: readonly Route[]): string[] | undefined {
  const by = new Set<string>();
  for (const lane of when.lanes ?? lanes) {
    for (const country of when.countries ?? [undefined]) {
      const first = before.find((other) => takes(other.when, when, lane, country));
      if (first === undefined) return undefined;
      by.add(first.id);
    }
  }
  return [...by];
}

type When = Route["when"];

/** Whether a route's conditions hold for every message of a lane and country for which the later route's do. */
function takes(earlier: When, later: When, lane: Lane, country: string | undefined): boolean {
  return (
    (earlier.lanes?.includes(lane) ?? true) &&
    (earlier.countries === undefined || (country !== undefined && earlier.countries.includes(country))) &&
    holds(earlier.mccMncs, later.mccMncs) &&
    holds(earlier.accounts, later.accounts) &&
    holds(earlier.senders, later.senders) &&
    (earlier.prefixes === undefined ||
      (later.prefixes?.every((prefix) => earlier.prefixes?.some((wider) => prefix.startsWith(wider))) ?? false))
  );
}

function holds(earlier: readonly string[] | undefined, later: readonly string[] | undefined): boolean {
  return earlier === undefined || (later?.every((entry) => earlier.includes(entry)) ?? false);
}
