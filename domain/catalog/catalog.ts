import { z } from "zod";
import { type Account, accountSchema } from "./account.ts";
import { type Provider, providerSchema } from "./provider.ts";
import { type Route, routeSchema } from "./route.ts";

/** All configuration data of an installation, checked as a whole. */
export interface Catalog {
  accounts: Account[];
  providers: Provider[];
  /** In order: the first whose conditions hold decides. */
  routes: Route[];
}

/** One thing wrong, and where: `providers[0].smpp.port`. Secrets are not repeated. */
export interface CatalogProblem {
  path: string;
  message: string;
}

export type Parsed<T> = { ok: true; value: T } | { ok: false; problems: CatalogProblem[] };

const catalogSchema = z.strictObject({
  accounts: z.array(accountSchema).default([]),
  providers: z.array(providerSchema).default([]),
  routes: z.array(routeSchema).default([]),
});

export const parseAccount = (input: unknown): Parsed<Account> => parse(accountSchema, input);
export const parseProvider = (input: unknown): Parsed<Provider> => parse(providerSchema, input);
export const parseRoute = (input: unknown): Parsed<Route> => parse(routeSchema, input);

/**
 * Reads accounts, providers and routes from plain data and checks them against each other. `partitions` is the
 * installation's partition count. Gives every problem that can be found; relations are checked once the parts are sound.
 */
export function parseCatalog(input: unknown, partitions: number): Parsed<Catalog> {
  const parsed = parse(catalogSchema, input);
  if (!parsed.ok) return parsed;
  const problems = crossCheck(parsed.value, partitions);
  return problems.length === 0 ? parsed : { ok: false, problems };
}

/** Every relation between accounts, providers and routes that does not hold. */
export function crossCheck(catalog: Catalog, partitions: number): CatalogProblem[] {
  return [
    ...repeats("accounts", catalog.accounts),
    ...repeats("providers", catalog.providers),
    ...repeats("routes", catalog.routes),
    ...repeatedKeys(catalog.accounts),
    ...catalog.providers.flatMap((provider, index) => checkPartitions(provider, index, partitions)),
    ...catalog.routes.flatMap((route, index) => checkRoute(route, `routes[${index}]`, catalog)),
    ...unreachable(catalog.routes),
  ];
}

function parse<T>(schema: z.ZodType<T>, input: unknown): Parsed<T> {
  const result = schema.safeParse(input);
  if (result.success) return { ok: true, value: result.data };
  const problems = result.error.issues.map(({ path, message }) => ({ path: formatPath(path), message }));
  return { ok: false, problems };
}

function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");
}

function repeats(list: string, entries: readonly { id: string }[]): CatalogProblem[] {
  const seen = new Map<string, number>();
  return entries.flatMap(({ id }, index) => {
    const first = seen.get(id);
    if (first === undefined) seen.set(id, index);
    return first === undefined ? [] : [{ path: `${list}[${index}].id`, message: `"${id}" is also ${list}[${first}]` }];
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
      return owner === undefined ? [] : [{ path: `accounts[${a}].apiKeys[${k}].sha256`, message }];
    }),
  );
}

function checkPartitions(provider: Provider, index: number, partitions: number): CatalogProblem[] {
  if (partitions % provider.partitions === 0) return [];
  const message = `${provider.partitions} does not divide the installation's ${partitions} partitions`;
  return [{ path: `providers[${index}].partitions`, message }];
}

function checkRoute(route: Route, path: string, catalog: Catalog): CatalogProblem[] {
  const problems: CatalogProblem[] = repeats(`${path}.providers`, route.providers);
  const providers = new Map(catalog.providers.map((provider) => [provider.id, provider]));
  for (const [index, { id, priority }] of route.providers.entries()) {
    if (!providers.has(id)) problems.push({ path: `${path}.providers[${index}].id`, message: `no provider "${id}"` });
    if (priority !== undefined && route.strategy === "weighted") {
      problems.push({
        path: `${path}.providers[${index}].priority`,
        message: 'means nothing with strategy "weighted"',
      });
    }
  }
  const accounts = new Set(catalog.accounts.map((account) => account.id));
  for (const [index, id] of (route.when.accounts ?? []).entries()) {
    if (!accounts.has(id)) problems.push({ path: `${path}.when.accounts[${index}]`, message: `no account "${id}"` });
  }
  for (const [index, name] of (route.when.lanes ?? []).entries()) {
    const offered = route.providers.some(({ id }) => providers.get(id)?.lanes.includes(name) ?? true);
    if (!offered)
      problems.push({ path: `${path}.when.lanes[${index}]`, message: `no provider of it carries "${name}"` });
  }
  return problems;
}

/** Routes behind one without conditions are never asked. */
function unreachable(routes: readonly Route[]): CatalogProblem[] {
  const open = routes.findIndex((route) => Object.values(route.when).every((entries) => entries === undefined));
  if (open < 0) return [];
  return routes.slice(open + 1).map((_, offset) => ({
    path: `routes[${open + 1 + offset}]`,
    message: `never reached: routes[${open}] before it has no conditions`,
  }));
}
