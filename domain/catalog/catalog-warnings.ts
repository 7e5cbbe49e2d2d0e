import { isCurrency } from "../prices/currencies.ts";
import { someOf } from "../prices/list-problem.ts";
import { accountWarnings } from "./account-warnings.ts";
import { capWarnings } from "./cap-checks.ts";
import { type CatalogProblem, problemAt } from "./catalog-problem.ts";
import type { Catalog } from "./catalog-schema.ts";
import { contentWarnings } from "./content.ts";
import { keyWarnings } from "./key-warnings.ts";
import { listenedTo } from "./listened-to.ts";
import { portabilityWarnings } from "./portability-warnings.ts";
import { amountOf, type Priced, type PriceList, type PriceTable } from "./price-list.ts";
import type { Provider } from "./provider.ts";
import { quietHoursWarnings } from "./quiet-hours-checks.ts";
import { rerouteWarnings } from "./reroute-warnings.ts";
import type { Route } from "./route.ts";
import { routingWarnings } from "./route-warnings.ts";
import { senderWarnings } from "./sender-checks.ts";
import { noNumbers, unknownNetworks } from "./unmatched-codes.ts";

/** SMPP 3.4, 4.1.1: a password of eight octets and a NUL. */
const STANDARD_PASSWORD = 8;

/**
 * What a catalog says that can be carried out and is probably not meant: above all rows that never apply. Only for a whole
 * catalog: what one file says of another is most of it. `now`, epoch ms: tells which days are still to come.
 */
export function warningsOf(catalog: Catalog, now?: number): CatalogProblem[] {
  const { providers, routes } = catalog;
  return [
    ...missing(catalog),
    ...keyWarnings(catalog, now),
    ...accountWarnings(catalog),
    ...ofCurrencies(catalog),
    ...ofRatesDay(catalog, now),
    ...providers.flatMap((provider, index) => ofProvider(provider, ["providers", index], routes)),
    ...routingWarnings(catalog),
    ...rerouteWarnings(catalog),
    ...portabilityWarnings(catalog),
    ...senderWarnings(catalog),
    ...capWarnings(catalog),
    ...quietHoursWarnings(catalog),
    ...contentWarnings(catalog),
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

function ofCurrencies({ accounts, providers, rates }: Catalog): CatalogProblem[] {
  const named: [keys: Keys, code: string | undefined][] = [
    ...providers.map(({ currency }, index): [Keys, string] => [["providers", index, "currency"], currency]),
    ...accounts.flatMap((account, index) =>
      (["maxPrice", "budget", "sells"] as const).map((field): [Keys, string | undefined] => [
        ["accounts", index, field, "currency"],
        account[field]?.currency,
      ]),
    ),
    [["rates", "base"], rates?.base],
    ...Object.keys(Object(rates?.rates)).map((code): [Keys, string] => [["rates", "rates", code], code]),
  ];
  return named.flatMap(([keys, code]) =>
    code === undefined || isCurrency(code) ? [] : [problemAt(keys, `no currency of ISO 4217 has the code ${code}`)],
  );
}

/** Where it is the next day already, which it is first at UTC+14. */
const EARLIEST_DAY_MS = 14 * 3_600_000;

/** Rates hold from the moment at which they are applied, whatever their day says. */
function ofRatesDay({ rates }: Catalog, now: number | undefined): CatalogProblem[] {
  if (rates === undefined || now === undefined || Date.parse(rates.date) <= now + EARLIEST_DAY_MS) return [];
  const message = `${rates.date} is still to come, and these rates hold as soon as they are applied: is the day right?`;
  return [problemAt(["rates", "date"], message)];
}

function ofProvider(provider: Provider, at: Keys, routes: readonly Route[]): CatalogProblem[] {
  const { id, prices } = provider;
  const routed = routes.some((route) => route.providers.some((entry) => entry.id === id));
  return [
    ...(routed || routes.length === 0 ? [] : [problemAt(at, "no route names it: it gets no message")]),
    ...(provider.use === "normal" ? [] : [problemAt([...at, "use"], `is ${provider.use}: it gets no message`)]),
    ...ofLogin(provider, at),
    ...ofEncryption(provider, at),
    ...ofCallback(provider, at),
    ...ofPrices(prices, [...at, "prices"]),
    ...ofNetworkRates(provider, [...at, "networkRates"]),
    ...ofVolume(provider, [...at, "volume"]),
  ];
}

/** No month has more days. */
const DAYS = 31;

/** What a month's quota leaves no segments for. */
function ofVolume({ volume, quota: { daily, monthly } }: Provider, at: Keys): CatalogProblem[] {
  const most = Math.min(monthly ?? Number.POSITIVE_INFINITY, (daily ?? Number.POSITIVE_INFINITY) * DAYS);
  if (volume === undefined) return [];
  const takes = `its quota takes ${most} segments of a month at the most`;
  return [
    ...((volume.committed ?? 0) < most
      ? []
      : [problemAt([...at, "committed"], `is never used up, so that no segment costs anything: ${takes}`)]),
    ...volume.tiers.flatMap(({ from }, index) =>
      from < most ? [] : [problemAt([...at, "tiers", index, "from"], `is never reached: ${takes}`)],
    ),
  ];
}

function ofNetworkRates({ rate, networkRates }: Provider, at: Keys): CatalogProblem[] {
  const named = networkRates.flatMap(({ mccMnc }) => (mccMnc === undefined ? [] : [mccMnc]));
  return [
    ...unknownNetworks(named, at, "their rates hold nothing back"),
    ...networkRates.flatMap((entry, index) => [
      ...(entry.country === undefined ? [] : noNumbers(entry.country, [...at, index, "country"])),
      ...(entry.rate < rate
        ? []
        : [problemAt([...at, index, "rate"], `is not below the provider's own ${rate}: it never holds anything back`)]),
    ]),
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
  const { authToken, sharedKeySecret } = provider.http;
  return Object.entries({ authToken, sharedKeySecret }).map(([field, text]) => ["http", field, text]);
}

function ofPassword(provider: Provider, at: Keys): CatalogProblem[] {
  if (provider.kind !== "smpp") return [];
  const octets = new TextEncoder().encode(provider.smpp.password).length;
  const long = `has ${octets} octets and is sent as it is; SMPP 3.4 (4.1.1) has ${STANDARD_PASSWORD} at most, and some centres refuse or cut longer ones`;
  return octets > STANDARD_PASSWORD ? [problemAt([...at, "smpp", "password"], long)] : [];
}

function ofEncryption(provider: Provider, at: Keys): CatalogProblem[] {
  if (provider.kind !== "http-twilio") return [];
  const hostname = listenedTo(provider.http.baseUrl);
  if (hostname === undefined) return [];
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

/** What a file holds was told by line when it was read. */
function ofPrices({ table, ofFile }: PriceList, at: Keys): CatalogProblem[] {
  const { byNetwork, byCountry, elsewhere } = table;
  if (ofFile) return [];
  if (byNetwork.size === 0 && byCountry.size === 0 && elsewhere === undefined)
    return [problemAt(at, "there is none: it serves no destination and gets no message")];
  return [
    ...unknownNetworks([...byNetwork.keys()], at, "their prices apply to no message"),
    ...[...byCountry.keys()].flatMap((country) => noNumbers(country, at)),
    ...ofNoPrice(table, at),
  ];
}

/** Routes by cost take whoever asks nothing first, and reports say that nothing was spent. */
function ofNoPrice({ byNetwork, byCountry, elsewhere }: PriceTable, at: Keys): CatalogProblem[] {
  const places = [...byNetwork, ...byCountry, ["everywhere else", elsewhere] as const];
  const free = places.flatMap(([place, price]) => (isNothing(price) ? [place] : []));
  return free.length === 0 ? [] : [problemAt(at, `the price is 0: ${someOf(free)}`)];
}

const isNothing = (price: Priced | undefined): boolean =>
  typeof price === "object" && price.from !== undefined
    ? isNothing(price.price)
    : price !== undefined && amountOf(price) === 0;
