import { lanes } from "../message/lane.ts";
import { countriesOfMobileCode } from "../numbers/mobile-country-codes.ts";
import { countriesByCallingCode, liesElsewhere, mayHaveTrunkZero, withoutTrunkZero } from "../numbers/number-prefix.ts";
import { type CatalogProblem, problemAt } from "./catalog-problem.ts";
import type { Catalog } from "./catalog-schema.ts";
import type { Provider } from "./provider.ts";
import { countriesOf, type Region, some } from "./region.ts";
import type { Route } from "./route.ts";
import { carriesSender, senderFit } from "./sender-rules.ts";
import { networkMayBeKnown, pricedCountries, type ServedCountries, servedCountries } from "./served-countries.ts";
import { reached, type ShadowedRoute, shadowedRoutes } from "./shadowed-routes.ts";
import { noNumbers, unknownNetworks } from "./unmatched-codes.ts";

type Keys = readonly (string | number)[];

/** What routes refer to. */
interface Known {
  readonly providers: ReadonlyMap<string, Served>;
  readonly regions: readonly Region[];
  /** Prefixes that are still tried out: each takes up to 50 ms, and thousands of them would keep people waiting. */
  prefixTries: number;
}

interface Served extends ServedCountries {
  readonly provider: Provider;
}

const PREFIX_TRIES = 100;

/** Routes and regions that can be carried out and are probably not meant: above all what applies to no message. */
export function routingWarnings(catalog: Catalog): CatalogProblem[] {
  const { providers, routes, regions } = catalog;
  const network = networkMayBeKnown(catalog.portability);
  const known = {
    providers: new Map(
      providers.map((provider) => [provider.id, { provider, ...servedCountries(provider.prices, network) }]),
    ),
    regions,
    prefixTries: PREFIX_TRIES,
  };
  return [
    ...regions.flatMap((region, index) => ofRegion(region, ["regions", index], catalog)),
    ...routes.flatMap((route, index) => ofRoute(route, ["routes", index], known)),
    ...ofLanes(routes, known),
    ...unrouted(providers, routes, regions),
    ...shadowedRoutes(routes, regions).map((found) => ofShadowed(found, routes)),
  ];
}

function ofRegion({ id, countries }: Region, at: Keys, catalog: Catalog): CatalogProblem[] {
  const { routes, senders = [], caps = [], quietHours = [] } = catalog;
  const named = [...routes.map(({ when }) => when), ...senders, ...caps, ...quietHours].some(({ regions }) =>
    regions?.includes(id),
  );
  return [
    ...(named ? [] : [problemAt(at, "no route, sender rule, cap or quiet hours name it")]),
    ...countries.flatMap((country, index) => noNumbers(country, [...at, "countries", index])),
  ];
}

function ofRoute(route: Route, at: Keys, known: Known): CatalogProblem[] {
  const countries = countriesOf(route.when, known.regions);
  const when = [...at, "when"];
  return [
    ...(route.when.countries ?? []).flatMap((country, index) => noNumbers(country, [...when, "countries", index])),
    ...outside(route.when, countries ?? [], when),
    ...ofNetworks(route.when, countries ?? countriesOfPrefixes(route.when.prefixes), when),
    ...(countries === undefined ? [] : ofPrefixes(route.when, countries, when, known)),
    ...ofTrunkZeros(route.when, when, known),
    ...ofSenders(route, when, known),
    ...ofService(route, countries ?? [], at, known),
    ...withoutFloor(route, at, known),
    ...mixedPriorities(route, [...at, "providers"]),
  ];
}

/** Who has no priority counts by its place in the list, from 0: beside stated ones it may be before or among those that stand above it. */
function mixedPriorities({ strategy, providers }: Route, at: Keys): CatalogProblem[] {
  if (strategy !== "priority") return [];
  const rankOf = (place: number) => providers[place]!.priority ?? place;
  return providers.flatMap(({ id, priority }, place) => {
    if (priority !== undefined) return [];
    const stated = providers.findIndex(
      (other, i) => other.priority !== undefined && (i < place ? rankOf(i) >= place : rankOf(i) <= place),
    );
    if (stated < 0) return [];
    const beside = `"${providers[stated]!.id}" has ${rankOf(stated)}`;
    const message = `"${id}" has no priority and counts by its place in the list, as ${place}, and ${beside}: state one for each`;
    return [problemAt([...at, place], message)];
  });
}

/** By cost per delivered message alone who is paid on delivery is as cheap when he delivers next to nothing. */
function withoutFloor({ strategy, delivery, providers }: Route, at: Keys, known: Known): CatalogProblem[] {
  if (strategy !== "least-cost-per-delivered" || (delivery?.floor ?? 0) > 0 || providers.length < 2) return [];
  const paidLater = providers.filter(({ id }) =>
    known.providers.get(id)?.provider.prices.tables.some(({ onDelivery }) => onDelivery),
  );
  if (paidLater.length === 0) return [];
  const names = paidLater.map(({ id }) => `"${id}"`).join(", ");
  const message = `${names} charges on delivery, and costs as much for a message that arrives however few do: state a floor, such as "delivery: { floor: 0.8 }"`;
  return [problemAt(at, message)];
}

/** Countries of a route that lie in none of its regions. */
function outside({ countries = [], regions }: Route["when"], left: readonly string[], at: Keys): CatalogProblem[] {
  if (regions === undefined) return [];
  return countries.flatMap((country, index) => {
    const message = `"${country}" is not in ${regions.join(", ")}: it matches nothing`;
    return left.includes(country) ? [] : [problemAt([...at, "countries", index], message)];
  });
}

const countriesOfPrefixes = (prefixes: readonly string[] | undefined): readonly string[] | undefined =>
  prefixes && [...new Set(prefixes.flatMap(countriesByCallingCode))];

function ofNetworks(
  { mccMncs = [] }: Route["when"],
  countries: readonly string[] | undefined,
  at: Keys,
): CatalogProblem[] {
  const foreign = mccMncs.flatMap((network, index) => {
    const where = countriesOfMobileCode(network.slice(0, 3)) ?? [];
    if (countries === undefined || where.some((country) => countries.includes(country))) return [];
    const message = `"${network}" lies in ${where.join(", ") || "no country"}, and this route is for ${some(countries)}: it matches nothing`;
    return [problemAt([...at, "mccMncs", index], message)];
  });
  return [...foreign, ...unknownNetworks(mccMncs, [...at, "mccMncs"], "they match nothing")];
}

function ofPrefixes(
  { prefixes = [] }: Route["when"],
  countries: readonly string[],
  at: Keys,
  known: Known,
): CatalogProblem[] {
  const wanted = new Set(countries);
  return prefixes.flatMap((prefix, index) => {
    if (known.prefixTries === 0) return [];
    // Where one country has the calling code there is nothing to try out.
    if (countriesByCallingCode(prefix).length > 1) known.prefixTries--;
    const where = liesElsewhere(prefix, wanted);
    const message = `numbers with "${prefix}" lie in ${where?.join(", ")}, and this route is for ${some(countries)}`;
    return where === undefined ? [] : [problemAt([...at, "prefixes", index], message)];
  });
}

/** Prefixes with the zero that is dialled within a country alone. */
function ofTrunkZeros({ prefixes = [] }: Route["when"], at: Keys, known: Known): CatalogProblem[] {
  return prefixes.flatMap((prefix, index) => {
    if (known.prefixTries === 0 || !mayHaveTrunkZero(prefix)) return [];
    known.prefixTries--;
    const bare = withoutTrunkZero(prefix);
    const message = `no number begins with "${prefix}": without the zero that is dialled within the country, "${bare}"`;
    return bare === undefined ? [] : [problemAt([...at, "prefixes", index], message)];
  });
}

/** Senders that none of a route's providers takes: their messages end as sender-invalid. */
function ofSenders({ when, providers: members }: Route, at: Keys, { providers }: Known): CatalogProblem[] {
  return (when.senders ?? []).flatMap((sender, index) => {
    const named = members.flatMap(({ id }) => providers.get(id)?.provider ?? []);
    if (named.some((provider) => carriesSender(provider, senderFit(sender)))) return [];
    const message = `no provider of it carries ${JSON.stringify(sender)}: the Twilio contract has letters, digits, blanks and &, +, -, _ only`;
    return [problemAt([...at, "senders", index], message)];
  });
}

/** Providers of a route that serve nothing of what it is for. */
function ofService(
  { when: { lanes }, providers: members }: Route,
  countries: readonly string[],
  at: Keys,
  { providers }: Known,
): CatalogProblem[] {
  const named = members.flatMap(({ id }) => providers.get(id) ?? []);
  const unserved = countries.filter((country) => !named.some(({ serves }) => serves(country)));
  const bare = unserved.filter((country) => named.some(({ names }) => names(country)));
  const without = unserved.filter((country) => !bare.includes(country));
  const nobody = `no provider of it has a price for ${some(without)}: messages there are not sent`;
  return [
    ...(without.length === 0 ? [] : [problemAt(at, nobody)]),
    ...(bare.length === 0 ? [] : [problemAt(at, unknownAlone(bare, "messages there are not sent"))]),
    ...named.flatMap(({ provider, serves, names }, index) => {
      const { id } = provider;
      const entry = [...at, "providers", index];
      const lacking = countries.filter((country) => !serves(country) && !unserved.includes(country));
      const dear = lacking.filter((country) => !names(country));
      const idle = lacking.filter(names);
      const price = `"${id}" has no price for ${some(dear)}: it gets none of those messages`;
      const lane = `"${id}" carries ${provider.lanes.join(", ")} only: it gets no message of this route`;
      return [
        ...(dear.length === 0 ? [] : [problemAt(entry, price)]),
        ...(idle.length === 0
          ? []
          : [problemAt(entry, `"${id}": ${unknownAlone(idle, "it gets none of those messages")}`)]),
        ...(lanes === undefined || lanes.some((name) => provider.lanes.includes(name)) ? [] : [problemAt(entry, lane)]),
      ];
    }),
  ];
}

/** Carriers list some countries by networks alone, and there no number says which is its own. */
const unknownAlone = (countries: readonly string[], then: string): string =>
  `prices for ${some(countries)} are of networks alone that no number is known to be of, so that ${then}: add a price of the country, or look-ups (portability.yaml)`;

/** Lanes that none of a route's providers carries, where earlier routes leave it messages of them. Those that it names are an error. */
function ofLanes(routes: readonly Route[], { providers, regions }: Known): CatalogProblem[] {
  let isReached: ReturnType<typeof reached> | undefined;
  return routes.flatMap(({ when, providers: members }, index) => {
    const carried = new Set(members.flatMap(({ id }) => providers.get(id)?.provider.lanes ?? []));
    const lost = lanes.filter((lane) => {
      if (carried.has(lane) || when.lanes !== undefined) return false;
      isReached ??= reached(routes, regions);
      return isReached(index, lane);
    });
    const message = `no provider of it carries ${lost.join(" or ")}: such messages are not sent`;
    return lost.length === 0 ? [] : [problemAt(["routes", index], message)];
  });
}

/** Countries that there are prices for, and no way to. */
function unrouted(
  providers: readonly Provider[],
  routes: readonly Route[],
  regions: readonly Region[],
): CatalogProblem[] {
  if (routes.length === 0) return [];
  const lost = new Set(providers.flatMap(({ prices }) => [...pricedCountries(prices)]));
  for (const { when } of routes) {
    if (lost.size === 0) break;
    const countries = countriesOf(when, regions);
    for (const country of lost) if (mayConcern(when, countries, country)) lost.delete(country);
  }
  if (lost.size === 0) return [];
  const message = `providers have prices for ${some([...lost])}, and no route is for these countries: messages there end as failed, no-route`;
  return [problemAt(["routes"], message)];
}

/** Whether a route takes any message to the country. */
function mayConcern(
  { mccMncs, prefixes }: Route["when"],
  countries: readonly string[] | undefined,
  country: string,
): boolean {
  return (
    (countries?.includes(country) ?? true) &&
    (mccMncs?.some((network) => countriesOfMobileCode(network.slice(0, 3))?.includes(country)) ?? true) &&
    (prefixes?.some((prefix) => countriesByCallingCode(prefix).includes(country)) ?? true)
  );
}

function ofShadowed({ index, entry, by }: ShadowedRoute, routes: readonly Route[]): CatalogProblem {
  const ids = by.map((id) => `"${id}"`).join(" and ");
  const take = by.length === 1 ? "takes" : "take";
  if (entry === undefined) return problemAt(["routes", index], `never reached: ${ids} before it ${take} all of it`);
  const { condition, place } = entry;
  const value = routes[index]!.when[condition]![place]!;
  const message = `"${value}" matches nothing here: ${ids} before it ${take} all of it`;
  return problemAt(["routes", index, "when", condition, place], message);
}
