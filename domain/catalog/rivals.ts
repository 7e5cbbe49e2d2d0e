import type { Catalog } from "./catalog.ts";
import type { Provider } from "./provider.ts";

/** Ids of the providers that may get a message when this one cannot have it: they share a route and a lane with it. */
export function rivalsOf(
  { id, lanes }: Provider,
  { routes, providers }: Pick<Catalog, "routes" | "providers">,
): string[] {
  const others = new Set<string>();
  for (const route of routes)
    if (route.providers.some((entry) => entry.id === id)) for (const entry of route.providers) others.add(entry.id);
  return providers
    .filter(
      (other) =>
        other.id !== id &&
        other.use === "normal" &&
        others.has(other.id) &&
        other.lanes.some((lane) => lanes.includes(lane)),
    )
    .map((other) => other.id);
}
