import { isNumericSender } from "../message/sender-id.ts";
import { countriesByCallingCode } from "../numbers/number-prefix.ts";
import type { Account } from "./account.ts";
import { type CatalogProblem, problemAt } from "./catalog-problem.ts";
import type { Catalog } from "./catalog-schema.ts";
import type { Content } from "./content.ts";
import type { FrequencyCap } from "./frequency-cap.ts";
import type { Guard } from "./guard.ts";
import { listenedTo } from "./listened-to.ts";
import { countriesOf } from "./region.ts";
import { noNumbers, unknownNetworks } from "./unmatched-codes.ts";

type Keys = readonly (string | number)[];

/** What of an account's bounds and rules does nothing, or stops everything. */
export function accountWarnings(catalog: Catalog): CatalogProblem[] {
  const ofEach = catalog.accounts.flatMap((account, index) => {
    const at = ["accounts", index];
    const { guard, content, frequencyCaps = [], consentWebhook } = account;
    return [
      ...ofMoney(account, at, catalog),
      ...(guard === undefined ? [] : ofGuard(guard, account, [...at, "guard"], catalog)),
      ...(content === undefined ? [] : ofContent(content, [...at, "content"])),
      ...ofFrequency(frequencyCaps, account, [...at, "frequencyCaps"]),
      ...ofWebhook(consentWebhook?.url, [...at, "consentWebhook", "url"]),
      ...ofCallbacks(account, at),
      ...ofInbound(account, at),
    ];
  });
  return [...ofEach, ...sharedNumbers(catalog.accounts)];
}

/** What is written to a number is one account's to read. */
function sharedNumbers(accounts: readonly Account[]): CatalogProblem[] {
  const owners = new Map<string, string>();
  return accounts.flatMap(({ id, inboundNumbers = [] }, a) =>
    inboundNumbers.flatMap((number, n) => {
      const owner = owners.get(number);
      owners.set(number, owner ?? id);
      const message = `"${number}" is a number of account "${owner}" as well: a STOP to it is said to both, and nothing else that is written to it is told to either`;
      return owner === undefined ? [] : [problemAt(["accounts", a, "inboundNumbers", n], message)];
    }),
  );
}

function ofMoney({ id, budget, maxPrice, sells }: Account, at: Keys, catalog: Catalog): CatalogProblem[] {
  const { daily, monthly } = budget ?? {};
  const nothing = (amount: number | undefined, keys: Keys) =>
    amount === 0 ? [problemAt([...at, ...keys], "is 0: no message that costs anything goes")] : [];
  const caps = Object.entries(maxPrice?.countries ?? {});
  return [
    ...nothing(daily, ["budget", "daily"]),
    ...nothing(monthly, ["budget", "monthly"]),
    ...(daily !== undefined && monthly !== undefined && daily > 0 && monthly >= daily * 31
      ? [problemAt([...at, "budget", "monthly"], "is 31 days of daily or more: it is never reached")]
      : []),
    ...nothing(maxPrice?.amount, ["maxPrice", "amount"]),
    ...Object.entries(maxPrice?.lanes ?? {}).flatMap(([lane, amount]) => nothing(amount, ["maxPrice", "lanes", lane])),
    ...caps.flatMap(([country, amount]) => nothing(amount, ["maxPrice", "countries", country])),
    ...caps.flatMap(([country]) => unserved(country, id, [...at, "maxPrice", "countries", country], catalog)),
    ...(sells?.prices ?? []).flatMap(({ country, price }, i) => [
      ...(country === undefined ? [] : noNumbers(country, [...at, "sells", "prices", i, "country"])),
      ...(price === 0 && sells?.whenLoss === "stop" ? nothing(price, ["sells", "prices", i, "price"]) : []),
    ]),
    ...unknownNetworks(
      (sells?.prices ?? []).flatMap(({ mccMnc }) => mccMnc ?? []),
      [...at, "sells", "prices"],
      "their prices are never asked for",
    ),
  ];
}

function ofGuard(guard: Guard, account: Account, at: Keys, catalog: Catalog): CatalogProblem[] {
  const { mode, perMinute, countries, allow } = guard;
  const most = (account.maxPerSecond ?? Number.POSITIVE_INFINITY) * 60;
  const tooHigh = (limit: number | undefined, keys: Keys) =>
    limit === undefined || limit <= most
      ? []
      : [
          problemAt(
            [...at, ...keys],
            `the account may hand in ${most} messages a minute: it is never reached over HTTP`,
          ),
        ];
  const named = Object.entries(countries);
  return [
    ...(mode === "off" && named.every(([, own]) => (own.mode ?? mode) === "off")
      ? [problemAt([...at, "mode"], "is off, and no country has another mode: the guard does nothing")]
      : []),
    ...ofLanes(guard.lanes, account, [...at, "lanes"]),
    ...tooHigh(perMinute, ["perMinute"]),
    ...named.flatMap(([country, own]) => {
      const place = ["countries", country];
      const empty = Object.values(own).every((value) => value === undefined);
      return [
        ...unserved(country, account.id, [...at, ...place], catalog),
        ...(empty ? [problemAt([...at, ...place], "says nothing: mode, perMinute or sequence")] : []),
        ...tooHigh(own.perMinute, [...place, "perMinute"]),
      ];
    }),
    ...allow.flatMap((prefix, i) => {
      const wider = allow.find((other, j) => prefix.startsWith(other) && (other !== prefix || j < i));
      return wider === undefined ? [] : [problemAt([...at, "allow", i], `"${wider}" allows it already`)];
    }),
  ];
}

function ofContent({ allow, deny, domains = [], onlyAllowed }: Content, at: Keys): CatalogProblem[] {
  const allowed = new Set(allow.flatMap(({ phrases }) => phrases));
  return [
    ...(onlyAllowed && deny.length > 0
      ? [
          problemAt(
            [...at, "deny"],
            "does nothing with onlyAllowed: what allow matches goes whatever deny says, and nothing else does",
          ),
        ]
      : deny.flatMap(({ phrases }, rule) =>
          phrases.flatMap((phrase, i) =>
            allowed.has(phrase)
              ? [
                  problemAt(
                    [...at, "deny", rule, "phrases", i],
                    "never denies anything: allow has the same phrase, and goes first",
                  ),
                ]
              : [],
          ),
        )),
    ...domains.flatMap((domain, i) => {
      const above = domains.find((other, j) => domain.endsWith(`.${other}`) || (domain === other && j < i));
      return above === undefined ? [] : [problemAt([...at, "domains", i], `"${above}" allows it already`)];
    }),
  ];
}

function ofFrequency(caps: readonly FrequencyCap[], account: Account, at: Keys): CatalogProblem[] {
  return caps.flatMap((cap, index) => {
    const tighter = caps.find(
      (other, j) =>
        j !== index &&
        other.most <= cap.most &&
        other.hours >= cap.hours &&
        cap.lanes.every((lane) => other.lanes.includes(lane)) &&
        (j < index || other.most < cap.most || other.hours > cap.hours || other.lanes.length > cap.lanes.length),
    );
    return [
      ...(tighter === undefined
        ? []
        : [problemAt([...at, index], `never reached: "${tighter.id}" allows no more, in no less time`)]),
      ...ofLanes(cap.lanes, account, [...at, index, "lanes"]),
    ];
  });
}

/** Requests over Kafka may be of any lane; accounts that hand in over HTTP are the ones that have theirs named. */
function ofLanes(lanes: readonly string[], account: Account, at: Keys): CatalogProblem[] {
  const own: readonly string[] | undefined = account.lanes;
  if (own === undefined || lanes.some((lane) => own.includes(lane))) return [];
  return [problemAt(at, `the account may use ${own.join(", ")} alone over HTTP: it sees none of these messages`)];
}

function unserved(country: string, account: string, at: Keys, { routes, regions }: Catalog): CatalogProblem[] {
  const without = noNumbers(country, at);
  const served = routes.some(
    ({ when }) =>
      (when.accounts?.includes(account) ?? true) &&
      (countriesOf(when, regions)?.includes(country) ?? true) &&
      (when.prefixes?.some((prefix) => countriesByCallingCode(prefix).includes(country)) ?? true),
  );
  if (without.length > 0 || served || routes.length === 0) return without;
  return [problemAt(at, `no route of the account is for "${country}": no message comes to it`)];
}

function ofCallbacks({ callbackUrl, callbacks }: Account, at: Keys): CatalogProblem[] {
  if (callbackUrl === undefined) return [];
  if (callbacks === undefined)
    return [
      problemAt([...at, "callbackUrl"], "is not called: the account has no callbacks, which say what signs them"),
    ];
  return ofWebhook(callbackUrl, [...at, "callbackUrl"]);
}

function ofInbound({ inboundUrl, inboundNumbers, from, callbacks, smpp }: Account, at: Keys): CatalogProblem[] {
  const url = [...at, "inboundUrl"];
  const hasNumber = inboundNumbers !== undefined || (from !== undefined && isNumericSender(from));
  const nothing = "does nothing: the account has no inboundNumbers, and no message is its own";
  return [
    ...(inboundUrl !== undefined && callbacks === undefined
      ? [problemAt(url, "is not called: the account has no callbacks, which say what signs it")]
      : ofWebhook(inboundUrl, url)),
    ...(inboundUrl !== undefined && !hasNumber ? [problemAt(url, nothing)] : []),
    ...(smpp?.inbound === true && !hasNumber ? [problemAt([...at, "smpp", "inbound"], nothing)] : []),
  ];
}

function ofWebhook(url: string | undefined, at: Keys): CatalogProblem[] {
  const host = url === undefined ? undefined : listenedTo(url);
  return host === undefined ? [] : [problemAt(at, `numbers go to ${host} unencrypted: https`)];
}
