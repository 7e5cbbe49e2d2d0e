import type { Catalog } from "../catalog/catalog-schema.ts";
import { countriesOfMobileCode } from "../numbers/mobile-country-codes.ts";

/**
 * The countries in which it matters which network a number is of: a route's condition, a sender rule, a cap, a price of a provider that a
 * route has, or a network's rate at one names a network there. Where a mobile country code has several countries, all of them.
 */
export function networkCountries(
  catalog: Pick<Catalog, "providers" | "routes" | "senders" | "caps">,
): ReadonlySet<string> {
  let countries = found.get(catalog);
  if (countries === undefined) {
    countries = find(catalog);
    found.set(catalog, countries);
  }
  return countries;
}

/** Catalogs do not change, and lists of prices are long. */
const found = new WeakMap<object, ReadonlySet<string>>();

function find({
  providers,
  routes,
  senders = [],
  caps = [],
}: Pick<Catalog, "providers" | "routes" | "senders" | "caps">): ReadonlySet<string> {
  const codes = new Set<string>();
  const named = new Set<string>();
  const add = (mccMnc: string) => codes.add(mccMnc.slice(0, 3));
  for (const route of routes) {
    for (const network of route.when.mccMncs ?? []) add(network);
    for (const { id } of route.providers) named.add(id);
  }
  for (const { mccMncs = [] } of [...senders, ...caps]) mccMncs.forEach(add);
  for (const { id, prices, networkRates } of providers) {
    if (!named.has(id)) continue;
    for (const { byNetwork, byNetworkAndCountry } of prices.tables) {
      for (const network of byNetwork.keys()) add(network);
      for (const network of byNetworkAndCountry.keys()) add(network);
    }
    for (const { mccMnc } of networkRates) if (mccMnc !== undefined) add(mccMnc);
  }
  return new Set([...codes].flatMap((code) => countriesOfMobileCode(code) ?? []));
}
