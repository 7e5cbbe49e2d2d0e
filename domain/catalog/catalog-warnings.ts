import { hasNumbers } from "../numbers/country-code.ts";
import { countriesOfMobileCode } from "../numbers/mobile-country-codes.ts";
import { networkTable } from "../numbers/network-table.ts";
import { liesElsewhere } from "../numbers/number-prefix.ts";
import { type CatalogProblem, problemAt } from "./catalog-problem.ts";
import type { Catalog } from "./catalog-schema.ts";
import type { PriceList } from "./price-list.ts";
import type { Provider } from "./provider.ts";
import type { Route } from "./route.ts";
import { carriesSender } from "./sender-rules.ts";
import { shadowedRoutes } from "./shadowed-routes.ts";

/** SMPP 3.4, 4.1.1: a password of eight octets and a NUL. */
const STANDARD_PASSWORD = 8;
/** Networks that one warning names. */
const NAMED = 8;

/**
 * What a catalog says that can be carried out and is probably not meant: above all rows that never apply. Only for a whole
 * catalog: what one file says of another is most of it.
 */
export function warningsOf(catalog: Catalog): CatalogProblem[] {
  const { providers, routes } = catalog;
  return [
    ...missing(catalog),
    ...providers.flatMap((provider, index) => ofProvider(provider, ["providers", index], routes)),
    ...routes.flatMap((route, index) => ofRoute(route, ["routes", index], providers)),
    ...shadowedRoutes(routes).map(({ index, by }) =>
      problemAt(
        ["routes", index],
        `never reached: ${by.map((id) => `"${id}"`).join(" and ")} before it take all of it`,
      ),
    ),
  ];
}

type Keys = readonly (string | number)[];

function missing({ accounts, providers, routes }: Catalog): CatalogProblem[] {
  const none = (list: string, what: string) => problemAt([list], `there is none: ${what}`);
  return [
    ...(accounts.length === 0 ? [none("accounts", "no message is accepted")] : []),
    ...(providers.length === 0 ? [none("providers", "no message can be sent")] : []),
    ...(routes.length === 0 ? [none("routes", "every message ends as failed, no-route")] : []),
  ];
}

function ofProvider(provider: Provider, at: Keys, routes: readonly Route[]): CatalogProblem[] {
  const { id, prices } = provider;
  const routed = routes.some((route) => route.providers.some((entry) => entry.id === id));
  return [
    ...(routed || routes.length === 0 ? [] : [problemAt(at, "no route names it: it gets no message")]),
    ...ofLogin(provider, at),
    ...ofEncryption(provider, at),
    ...ofCallback(provider, at),
    ...ofPrices(prices, [...at, "prices"]),
  ];
}

function ofLogin(provider: Provider, at: Keys): CatalogProblem[] {
  const blank = textsOf(provider).filter(([, , text]) => text !== undefined && /^\s|\s$|\p{Cc}/u.test(text));
  return [
    ...ofPassword(provider, at),
    ...blank.map(([kind, field]) =>
      problemAt(
        [...at, kind, field],
        "begins or ends with a blank, or holds a line break or another control character",
      ),
    ),
  ];
}

/** What is sent to the provider letter for letter. */
function textsOf(provider: Provider): [kind: string, field: string, text: string | undefined][] {
  if (provider.kind === "smpp") {
    const { systemId, password, systemType } = provider.smpp;
    return Object.entries({ systemId, password, systemType }).map(([field, text]) => ["smpp", field, text]);
  }
  const { authToken, sharedKeySecret, from } = provider.http;
  return Object.entries({ authToken, sharedKeySecret, from }).map(([field, text]) => ["http", field, text]);
}

function ofPassword(provider: Provider, at: Keys): CatalogProblem[] {
  if (provider.kind !== "smpp") return [];
  const octets = new TextEncoder().encode(provider.smpp.password).length;
  const long = `has ${octets} octets and is sent as it is; SMPP 3.4 (4.1.1) has ${STANDARD_PASSWORD} at most, and some centres refuse or cut longer ones`;
  return octets > STANDARD_PASSWORD ? [problemAt([...at, "smpp", "password"], long)] : [];
}

/** Hosts that nobody else can listen on the way to. A name without a dot is known in a private network only, such as that of containers. */
const NEAR = /^(?:localhost|.+\.localhost|127(?:\.\d+){3}|\[::1\]|[^.[\]]+)$/;

function ofEncryption(provider: Provider, at: Keys): CatalogProblem[] {
  if (provider.kind !== "http-twilio") return [];
  const { protocol, hostname } = new URL(provider.http.baseUrl);
  if (protocol !== "http:" || NEAR.test(hostname)) return [];
  const message = `http: sends messages and authToken to ${hostname} unencrypted; most providers answer with a redirect, which is not followed: write https:`;
  return [problemAt([...at, "http", "baseUrl"], message)];
}

function ofCallback(provider: Provider, at: Keys): CatalogProblem[] {
  if (provider.kind !== "http-twilio") return [];
  const wanted = `/webhooks/twilio/${provider.id}`;
  if (new URL(provider.http.statusCallbackUrl).pathname.replace(/\/+$/, "").endsWith(wanted)) return [];
  const message = `does not end in ${wanted}, where its callbacks are taken: unless something before the dlr-collector changes the path, its receipts are lost`;
  return [problemAt([...at, "http", "statusCallbackUrl"], message)];
}

function ofPrices({ byNetwork, byCountry, elsewhere }: PriceList, at: Keys): CatalogProblem[] {
  if (byNetwork.size === 0 && byCountry.size === 0 && elsewhere === undefined)
    return [problemAt(at, "there is none: it serves no destination and gets no message")];
  return [
    ...unknownNetworks([...byNetwork.keys()], at, "their prices apply to no message"),
    ...[...byCountry.keys()].flatMap((country) => noNumbers(country, at)),
  ];
}

function ofRoute(route: Route, at: Keys, providers: readonly Provider[]): CatalogProblem[] {
  const { countries, prefixes } = route.when;
  const when = [...at, "when"];
  const wanted = new Set<string>(countries);
  return [
    ...(countries ?? []).flatMap((country, index) => noNumbers(country, [...when, "countries", index])),
    ...ofNetworks(route.when, when),
    ...(countries === undefined ? [] : (prefixes ?? [])).flatMap((prefix, index) => {
      const where = liesElsewhere(prefix, wanted);
      const message = `numbers with "${prefix}" lie in ${where?.join(", ")}, and this route is for ${countries?.join(", ")}`;
      return where === undefined ? [] : [problemAt([...when, "prefixes", index], message)];
    }),
    ...ofSenders(route, when, providers),
    ...ofService(route, at, providers),
  ];
}

function ofNetworks({ countries, mccMncs = [] }: Route["when"], at: Keys): CatalogProblem[] {
  const foreign = mccMncs.flatMap((network, index) => {
    const where = countriesOfMobileCode(network.slice(0, 3)) ?? [];
    if (countries === undefined || where.some((country) => countries.includes(country))) return [];
    const message = `"${network}" lies in ${where.join(", ") || "no country"}, and this route is for ${countries.join(", ")}: it matches nothing`;
    return [problemAt([...at, "mccMncs", index], message)];
  });
  return [...foreign, ...unknownNetworks(mccMncs, [...at, "mccMncs"], "they match nothing")];
}

/** Senders that none of a route's providers takes: their messages end as sender-invalid. */
function ofSenders({ when, providers: members }: Route, at: Keys, providers: readonly Provider[]): CatalogProblem[] {
  const named = providers.filter(({ id }) => members.some((member) => member.id === id));
  return (when.senders ?? []).flatMap((sender, index) => {
    if (named.some((provider) => carriesSender(provider, sender))) return [];
    const message = `no provider of it carries ${JSON.stringify(sender)}: the Twilio contract has letters, digits, blanks and &, +, -, _ only`;
    return [problemAt([...at, "senders", index], message)];
  });
}

/** Providers of a route that serve nothing of what it is for. */
function ofService({ when, providers: members }: Route, at: Keys, providers: readonly Provider[]): CatalogProblem[] {
  const { countries, lanes } = when;
  const known = new Map(providers.map((provider) => [provider.id, provider]));
  return members.flatMap(({ id }, index) => {
    const provider = known.get(id);
    if (provider === undefined) return [];
    const entry = [...at, "providers", index];
    const dear = (countries ?? []).filter((country) => !serves(provider.prices, country));
    const price = `"${id}" has no price for ${dear.join(", ")}: it gets none of those messages`;
    const lane = `"${id}" carries ${provider.lanes.join(", ")} only: it gets no message of this route`;
    return [
      ...(dear.length === 0 ? [] : [problemAt(entry, price)]),
      ...(lanes === undefined || lanes.some((name) => provider.lanes.includes(name)) ? [] : [problemAt(entry, lane)]),
    ];
  });
}

function serves({ byNetwork, byCountry, elsewhere }: PriceList, country: string): boolean {
  if (elsewhere !== undefined || byCountry.has(country)) return true;
  return [...byNetwork.keys()].some((network) => countriesOfMobileCode(network.slice(0, 3))?.includes(country));
}

const networks: ReadonlySet<string> = new Set(networkTable.map(({ mccMnc }) => mccMnc));

/** A price list may name every network of the world: one warning for all of them. */
function unknownNetworks(named: readonly string[], at: Keys, then: string): CatalogProblem[] {
  const unknown = named.filter((network) => !networks.has(network));
  if (unknown.length === 0) return [];
  const some = unknown.slice(0, NAMED).map((network) => `"${network}"`);
  const more = unknown.length > NAMED ? ` and ${unknown.length - NAMED} more` : "";
  const message = `no number is known to be of these networks, so ${then}: ${some.join(", ")}${more} (domain/numbers/networks.json has those that are)`;
  return [problemAt(at, message)];
}

function noNumbers(country: string, at: Keys): CatalogProblem[] {
  return hasNumbers(country)
    ? []
    : [problemAt(at, `"${country}" has no telephone numbers of its own: it matches nothing`)];
}
