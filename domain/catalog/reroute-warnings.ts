import { lanes } from "../message/lane.ts";
import { type CatalogProblem, problemAt } from "./catalog-problem.ts";
import type { Catalog } from "./catalog-schema.ts";
import { copyAllowed, type Provider } from "./provider.ts";
import type { Route } from "./route.ts";

/** What routes say of failed and missing receipts that never applies. */
export function rerouteWarnings({ routes, providers }: Catalog): CatalogProblem[] {
  const byId = new Map(providers.map((provider) => [provider.id, provider]));
  return routes.flatMap((route, index) => {
    const at = ["routes", index, "reroute"];
    const own = route.providers.flatMap(({ id }) => byId.get(id) ?? []);
    if (saysSomething(route) && own.length < 2)
      return [problemAt(at, "means nothing: the route has no other provider to go to")];
    return waitsInVain(route, own).map((lane) =>
      problemAt(
        [...at, "receiptAfterSeconds"],
        `means nothing for ${lane}: none of the providers sends again there what is in doubt (inDoubt, inDoubtLimit)`,
      ),
    );
  });
}

function saysSomething({ reroute: { lanes: byLane, ...rest } }: Route): boolean {
  return [rest, ...Object.values(byLane)].some((rule) => Object.values(rule).some((value) => value !== undefined));
}

/** Lanes in which a missing receipt would lead on, and no provider may. */
function waitsInVain({ reroute, when }: Route, own: readonly Provider[]): string[] {
  return lanes.filter((lane) => {
    if (when.lanes !== undefined && !when.lanes.includes(lane)) return false;
    // What is said of all lanes is not meant for those that hold.
    const said = reroute.lanes[lane]?.receiptAfterSeconds ?? (when.lanes && reroute.receiptAfterSeconds);
    if (said === undefined) return false;
    return !own.some((provider) => provider.lanes.includes(lane) && copyAllowed(provider, lane, 1));
  });
}
