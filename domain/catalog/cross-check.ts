import { countriesByCallingCode } from "../numbers/number-prefix.ts";
import type { Account } from "./account.ts";
import { type CatalogProblem, formatPath, problemAt } from "./catalog-problem.ts";
import type { Catalog } from "./catalog-schema.ts";
import type { Provider } from "./provider.ts";
import type { Route } from "./route.ts";

/** Every relation between accounts, providers and routes that does not hold. */
export function crossCheck(catalog: Catalog, partitions: number): CatalogProblem[] {
  return [
    ...repeats(["accounts"], catalog.accounts),
    ...repeats(["providers"], catalog.providers),
    ...repeats(["routes"], catalog.routes),
    ...repeats(["retired"], catalog.retired),
    ...repeatedKeys(catalog.accounts),
    ...catalog.providers.flatMap((provider, index) => checkPartitions(provider, index, partitions)),
    ...catalog.routes.flatMap((route, index) => checkRoute(route, ["routes", index], catalog)),
    ...unreachable(catalog.routes),
  ];
}

type Keys = readonly (string | number)[];

function repeats(list: Keys, entries: readonly { id: string }[]): CatalogProblem[] {
  const seen = new Map<string, number>();
  return entries.flatMap(({ id }, index) => {
    const first = seen.get(id);
    if (first === undefined) seen.set(id, index);
    return first === undefined
      ? []
      : [problemAt([...list, index, "id"], `"${id}" is also ${formatPath([...list, first])}`)];
  });
}

/** A key opens one account: two with the same hash would make it a matter of order whose message it is. */
function repeatedKeys(accounts: readonly Account[]): CatalogProblem[] {
  const owners = new Map<string, string>();
  return accounts.flatMap((account, a) =>
    account.apiKeys.flatMap((key, k) => {
      const owner = owners.get(key.sha256);
      owners.set(key.sha256, owner ?? account.id);
      const message = `account "${owner}" has the same key`;
      return owner === undefined ? [] : [problemAt(["accounts", a, "apiKeys", k, "sha256"], message)];
    }),
  );
}

function checkPartitions(provider: Provider, index: number, partitions: number): CatalogProblem[] {
  if (partitions % provider.partitions === 0) return [];
  const message = `${provider.partitions} does not divide the installation's ${partitions} partitions`;
  return [problemAt(["providers", index, "partitions"], message)];
}

function checkRoute(route: Route, at: Keys, catalog: Catalog): CatalogProblem[] {
  return [
    ...repeats([...at, "providers"], route.providers),
    ...checkProviders(route, at, catalog),
    ...checkConditions(route, [...at, "when"], catalog),
  ];
}

function checkProviders(route: Route, at: Keys, { providers }: Catalog): CatalogProblem[] {
  return route.providers.flatMap(({ id, priority }, index) => {
    const entry = [...at, "providers", index];
    const unknown = providers.some((provider) => provider.id === id)
      ? []
      : [problemAt([...entry, "id"], `no provider "${id}"`)];
    const idle =
      priority === undefined || route.strategy !== "weighted"
        ? []
        : [problemAt([...entry, "priority"], 'means nothing with strategy "weighted"')];
    return [...unknown, ...idle];
  });
}

function checkConditions({ when, providers }: Route, at: Keys, catalog: Catalog): CatalogProblem[] {
  const accounts = new Set(catalog.accounts.map((account) => account.id));
  const carried = new Map(catalog.providers.map((provider) => [provider.id, provider.lanes]));
  const unknown = (when.accounts ?? []).flatMap((id, index) =>
    accounts.has(id) ? [] : [problemAt([...at, "accounts", index], `no account "${id}"`)],
  );
  const idle = (when.lanes ?? []).flatMap((name, index) => {
    const offered = providers.some(({ id }) => carried.get(id)?.includes(name) ?? true);
    return offered ? [] : [problemAt([...at, "lanes", index], `no provider of it carries "${name}"`)];
  });
  // All conditions must hold: a prefix of another calling code matches nothing.
  const countries = when.countries ?? [];
  const foreign = (when.prefixes ?? []).flatMap((prefix, index) => {
    const sharing = countriesByCallingCode(prefix);
    if (countries.length === 0 || countries.some((country) => (sharing as string[]).includes(country))) return [];
    const where = sharing.length > 3 ? `${sharing.slice(0, 3).join(", ")} and others` : sharing.join(", ");
    const message = `"${prefix}" lies in ${where}, and this route is for ${countries.join(", ")}: it matches nothing`;
    return [problemAt([...at, "prefixes", index], message)];
  });
  return [...unknown, ...idle, ...foreign];
}

/** Routes behind one without conditions are never asked. */
function unreachable(routes: readonly Route[]): CatalogProblem[] {
  const open = routes.findIndex((route) => Object.values(route.when).every((entries) => entries === undefined));
  if (open < 0) return [];
  return routes.slice(open + 1).map((_, offset) => {
    const message = `never reached: routes[${open}] before it has no conditions`;
    return problemAt(["routes", open + 1 + offset], message);
  });
}
