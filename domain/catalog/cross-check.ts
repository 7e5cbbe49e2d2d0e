import { countriesByCallingCode } from "../numbers/number-prefix.ts";
import { atOnce } from "../prices/compile-list.ts";
import type { Account } from "./account.ts";
import { checkCaps } from "./cap-checks.ts";
import { type CatalogProblem, formatPath, problemAt } from "./catalog-problem.ts";
import type { Catalog } from "./catalog-schema.ts";
import { convert, unitsPerBase } from "./exchange-rates.ts";
import { portabilityProblems } from "./portability-problems.ts";
import type { Provider } from "./provider.ts";
import { checkQuietHours } from "./quiet-hours-checks.ts";
import { countriesOf, some } from "./region.ts";
import { pricedStrategies, type Route, tieredStrategies } from "./route.ts";
import { checkSenders } from "./sender-checks.ts";

/** Every relation between the parts of a catalog that does not hold. */
export function crossCheck(catalog: Catalog, partitions: number): CatalogProblem[] {
  return atOnce(crossCheckInSteps(catalog, partitions));
}

/** Routes between two places at which the work can be put off. */
const ROUTES_A_STEP = 500;

/** As {@link crossCheck}, and yields every now and then. */
export function* crossCheckInSteps(catalog: Catalog, partitions: number): Generator<void, CatalogProblem[]> {
  const known: Known = {
    providers: new Map(catalog.providers.map((provider) => [provider.id, provider])),
    accounts: new Set(catalog.accounts.map((account) => account.id)),
    regions: new Set(catalog.regions.map((region) => region.id)),
  };
  const ofRoutes: CatalogProblem[] = [];
  for (const [index, route] of catalog.routes.entries()) {
    ofRoutes.push(...checkRoute(route, ["routes", index], catalog, known));
    if ((index + 1) % ROUTES_A_STEP === 0) yield;
  }
  return [
    ...repeats(["accounts"], catalog.accounts),
    ...repeats(["providers"], catalog.providers),
    ...repeats(["routes"], catalog.routes),
    ...repeats(["retired"], catalog.retired),
    ...repeats(["regions"], catalog.regions),
    ...repeats(["senders"], catalog.senders ?? []),
    ...repeats(["caps"], catalog.caps ?? []),
    ...repeats(["quietHours"], catalog.quietHours ?? []),
    ...repeatedKeys(catalog.accounts),
    ...catalog.accounts.flatMap(({ maxPrice, budget, sells }, index) => [
      ...checkComparable(maxPrice, ["accounts", index, "maxPrice"], catalog),
      ...checkComparable(budget, ["accounts", index, "budget"], catalog),
      ...checkComparable(sells, ["accounts", index, "sells"], catalog),
    ]),
    ...catalog.providers.flatMap((provider, index) => checkPartitions(provider, index, partitions)),
    ...ofRoutes,
    ...unreachable(catalog.routes),
    ...portabilityProblems(catalog, partitions),
    ...checkSenders(catalog),
    ...checkCaps(catalog),
    ...checkQuietHours(catalog),
  ];
}

type Keys = readonly (string | number)[];

/** What routes may name: a catalog may have thousands of each. */
interface Known {
  readonly providers: ReadonlyMap<string, Provider>;
  readonly accounts: ReadonlySet<string>;
  readonly regions: ReadonlySet<string>;
}

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

/** Amounts that providers' prices are held against: a price that cannot be compared with them would be above them at all times. */
function checkComparable(
  amounts: { readonly currency: string } | undefined,
  at: Keys,
  { providers, rates }: Catalog,
): CatalogProblem[] {
  if (amounts === undefined) return [];
  const { currency } = amounts;
  const other = providers.find((provider) => convert(rates, 1, currency, provider.currency) === undefined);
  if (other === undefined) return [];
  const lacking = unitsPerBase(rates, currency) === undefined ? currency : other.currency;
  const message = `is in ${currency} and provider "${other.id}" has prices in ${other.currency}, and rates.yaml has no rate of ${lacking}: they cannot be compared`;
  return [problemAt([...at, "currency"], message)];
}

function checkPartitions(provider: Provider, index: number, partitions: number): CatalogProblem[] {
  if (partitions % provider.partitions === 0) return [];
  const message = `${provider.partitions} does not divide the installation's ${partitions} partitions`;
  return [problemAt(["providers", index, "partitions"], message)];
}

function checkRoute(route: Route, at: Keys, catalog: Catalog, known: Known): CatalogProblem[] {
  return [
    ...repeats([...at, "providers"], route.providers),
    ...checkProviders(route, at, known),
    ...checkCurrencies(route, at, catalog, known),
    ...checkDelivery(route, at),
    ...checkConditions(route, [...at, "when"], known),
    ...checkCountries(route, [...at, "when"], catalog),
  ];
}

function checkProviders(route: Route, at: Keys, { providers }: Known): CatalogProblem[] {
  return route.providers.flatMap(({ id, priority }, index) => {
    const entry = [...at, "providers", index];
    const unknown = providers.has(id) ? [] : [problemAt([...entry, "id"], `no provider "${id}"`)];
    const idle =
      priority === undefined || tieredStrategies.has(route.strategy)
        ? []
        : [problemAt([...entry, "priority"], `means nothing with strategy "${route.strategy}"`)];
    return [...unknown, ...idle];
  });
}

function checkDelivery({ strategy, delivery }: Route, at: Keys): CatalogProblem[] {
  if (delivery === undefined || strategy === "least-cost-per-delivered") return [];
  return [problemAt([...at, "delivery"], `means nothing with strategy "${strategy}"`)];
}

/** Amounts of two currencies are never compared as if they were of one. */
function checkCurrencies(route: Route, at: Keys, { rates }: Catalog, { providers }: Known): CatalogProblem[] {
  if (!pricedStrategies.has(route.strategy)) return [];
  const currencies = route.providers.map(({ id }) => providers.get(id)?.currency);
  if (new Set(currencies.filter((code) => code !== undefined)).size < 2) return [];
  return currencies.flatMap((code, index) => {
    if (code === undefined || unitsPerBase(rates, code) !== undefined) return [];
    const message = `its prices are in ${code}, others of this route are not, and rates.yaml has no rate of ${code}: they cannot be compared`;
    return [problemAt([...at, "providers", index], message)];
  });
}

function checkConditions({ when, providers }: Route, at: Keys, known: Known): CatalogProblem[] {
  const unknown = (list: "accounts" | "regions", noun: string) =>
    (when[list] ?? []).flatMap((id, index) =>
      known[list].has(id) ? [] : [problemAt([...at, list, index], `no ${noun} "${id}"`)],
    );
  const idle = (when.lanes ?? []).flatMap((name, index) => {
    const offered = providers.some(({ id }) => known.providers.get(id)?.lanes.includes(name) ?? true);
    return offered ? [] : [problemAt([...at, "lanes", index], `no provider of it carries "${name}"`)];
  });
  return [...unknown("accounts", "account"), ...unknown("regions", "region"), ...idle];
}

/** All conditions must hold: countries outside of the regions, or a prefix of another calling code, match nothing. */
function checkCountries({ when }: Route, at: Keys, { regions }: Catalog): CatalogProblem[] {
  const countries = countriesOf(when, regions);
  if (countries === undefined) return [];
  if (countries.length === 0) {
    // A region that does not exist is told of already.
    const exist = when.regions?.every((id) => regions.some((region) => region.id === id)) ?? true;
    const message = `none of ${when.countries?.join(", ")} is in ${when.regions?.join(", ")}: it matches nothing`;
    return exist ? [problemAt([...at, "countries"], message)] : [];
  }
  return (when.prefixes ?? []).flatMap((prefix, index) => {
    const sharing = countriesByCallingCode(prefix);
    if (countries.some((country) => sharing.includes(country))) return [];
    const where = sharing.length > 3 ? `${sharing.slice(0, 3).join(", ")} and others` : sharing.join(", ");
    const message = `"${prefix}" lies in ${where}, and this route is for ${some(countries)}: it matches nothing`;
    return [problemAt([...at, "prefixes", index], message)];
  });
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
