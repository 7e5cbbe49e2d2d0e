import { countriesOfMobileCode } from "../numbers/mobile-country-codes.ts";
import { networkTable } from "../numbers/network-table.ts";
import { countriesByCallingCode } from "../numbers/number-prefix.ts";
import type { Portability } from "./portability.ts";
import type { PriceList, PriceTable } from "./price-list.ts";

/** Which countries a price list is for, now or later. */
export interface ServedCountries {
  /** Whether a message to the country may have a price. */
  readonly serves: (country: string) => boolean;
  /** Whether a price names the country, or a network of it, be it one that no number is known to be of. */
  readonly names: (country: string) => boolean;
}

/** `known`: whether a number may be known to be of a network (see {@link networkMayBeKnown}). */
export function servedCountries({ tables }: PriceList, known: (network: string) => boolean): ServedCountries {
  if (tables.some(({ elsewhere }) => elsewhere !== undefined)) return { serves: () => true, names: () => true };
  const served = new Set(tables.flatMap((table) => [...countriesWithin(table, known)]));
  const named = new Set(tables.flatMap((table) => [...countriesWithin(table, () => true)]));
  return { serves: (country) => served.has(country), names: (country) => named.has(country) };
}

const networks: ReadonlySet<string> = new Set(networkTable.map(({ mccMnc }) => mccMnc));

/** Whether a number may be known to be of a network: its range says it, a look-up may answer it, or a receipt name it. */
export function networkMayBeKnown(portability: Portability | undefined): (network: string) => boolean {
  const { learned, lookups = [] } = portability ?? {};
  if (learned !== undefined || lookups.some(({ countries }) => countries === undefined)) return () => true;
  const asked = new Set(lookups.flatMap(({ countries = [] }) => countries));
  return (network) =>
    networks.has(network) ||
    (countriesOfMobileCode(network.slice(0, 3))?.some((country) => asked.has(country)) ?? false);
}

/** `means`: of the countries of a code, those that it stands for. */
function countriesWithin(
  table: PriceTable,
  known: (network: string) => boolean,
  means: (countries: readonly string[]) => readonly string[] = (countries) => countries,
): Set<string> {
  const { byNetwork, byNetworkAndCountry, byPrefix, byCountry } = table;
  const mobileCodes = new Set([...byNetwork.keys()].filter(known).map((network) => network.slice(0, 3)));
  const shared = [...byNetworkAndCountry].filter(([network]) => known(network));
  // No calling code is longer.
  const callingCodes = new Set([...byPrefix.keys()].map((prefix) => prefix.slice(0, 3)));
  return new Set([
    ...byCountry.keys(),
    ...shared.flatMap(([, countries]) => [...countries.keys()]),
    ...[...mobileCodes].flatMap((code) => means(countriesOfMobileCode(code) ?? [])),
    ...[...callingCodes].flatMap((code) => means(countriesByCallingCode(code))),
  ]);
}

/** Countries that a price list has prices for of their own: no code of several countries says which of them is meant. */
export function pricedCountries({ tables }: PriceList): Set<string> {
  const alone = (countries: readonly string[]) => (countries.length === 1 ? countries : []);
  return new Set(tables.flatMap((table) => [...countriesWithin(table, () => true, alone)]));
}
