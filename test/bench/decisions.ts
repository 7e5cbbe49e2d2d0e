/**
 * What a routing decision costs with a small catalog and with a large one, and beside all else that the router does with a
 * message: `node test/bench/decisions.ts`. Both catalogs are asked in turns, in many short rounds, and what counts is the processor's time
 * of this thread: the median of the rounds, since others push the large catalog out of the processor's caches now and then. `ofAll`
 * is the ratio of all rounds together. A decision is all that the router does for it: it reads the message's facts, looks at the
 * providers' health, and chooses.
 *
 * `ofRouter`: the decision's part of what a Router takes for a message from the record of its request to those of its event and of its
 * order. What Kafka's client takes for them is not in it, so that the true part is smaller. The last line is JSON; the exit code is 1 when a target is missed.
 */
import { parseCatalog } from "../../domain/catalog/catalog.ts";
import { type Snapshot, snapshotOf } from "../../domain/catalog/snapshot.ts";
import { lanes } from "../../domain/message/lane.ts";
import { networkTable } from "../../domain/numbers/network-table.ts";
import { chooseProvider } from "../../domain/routing/choose-provider.ts";
import { ProviderHealth } from "../../pipeline/follow/provider-health.ts";
import { routeFacts } from "../../pipeline/records/route-facts.ts";
import type { Health, MessageFacts } from "../../schemas/generated/types.ts";
import { routerTime } from "./router-time.ts";

interface Side {
  readonly snapshot: Snapshot;
  readonly messages: readonly MessageFacts[];
  readonly health: ProviderHealth;
  /** Processor time of each round, µs. */
  readonly spent: number[];
}

/** A decision with the large catalog costs at most so many times what one with the small catalog does. */
const MOST_RATIO = 1.5;
/** Its part of the router's processor time for a message, at the most. */
const MOST_OF_ROUTER = 0.05;

const COUNTRIES = ["DE", "FR", "GB", "US", "ES", "IT", "NL", "AT", "CH", "PL", "SE", "BR", "IN", "JP", "AU", "ZA"];
const CALLING: Readonly<Record<string, string>> = {
  ...{ DE: "49", FR: "33", GB: "44", US: "1", ES: "34", IT: "39", NL: "31", AT: "43" },
  ...{ CH: "41", PL: "48", SE: "46", BR: "55", IN: "91", JP: "81", AU: "61", ZA: "27" },
};
const NETWORKS = [...new Set(networkTable.map(({ mccMnc }) => mccMnc))].filter((mccMnc) => mccMnc !== "");
const STRATEGIES = ["priority", "weighted", "balanced", "least-cost", "sticky"];
/** Ten providers share the prices; each route has three of them. */
const PROVIDERS = 10;
const ACCOUNTS = 1_000;
const MESSAGES = 4_096;
const ROUNDS = 100;
/** The first rounds are for the compiler. */
const WARM_UP = 10;

function sideOf(routes: number, prices: number, skewed: boolean): Side {
  const snapshot = catalogOf(routes, prices);
  const health = new ProviderHealth((id) => snapshot.providers.get(id)?.rate);
  for (const id of snapshot.providers.keys()) health.take(wordOf(id), 0);
  return { snapshot, messages: trafficOf(routes, skewed), health, spent: [] };
}

/** Decides about all messages once. */
function round({ snapshot: { routes }, messages, health }: Side): void {
  let taken = 0;
  for (const message of messages) {
    const choice = chooseProvider(routes, {
      facts: routeFacts(message, 0),
      tried: [],
      health: (id) => health.state(id, message.lane, 1),
      random: Math.random,
    });
    if (choice.ok) taken++;
  }
  if (taken !== messages.length) throw new Error(`${messages.length - taken} messages found no provider`);
}

/** Interleaved rounds of both catalogs; ns a decision. */
function measure(skewed: boolean) {
  const sides = [sideOf(10, 50, skewed), sideOf(10_000, 50_000, skewed)];
  for (let n = 0; n < WARM_UP; n++) for (const side of sides) round(side);
  for (let n = 0; n < ROUNDS; n++) {
    for (const side of n % 2 === 0 ? sides : sides.toReversed()) {
      const before = process.threadCpuUsage();
      round(side);
      const { user, system } = process.threadCpuUsage(before);
      side.spent.push(user + system);
    }
  }
  const nsOf = (micros: number) => (micros * 1_000) / MESSAGES;
  const [smallNs, largeNs] = sides.map(({ spent }) => nsOf(spent.toSorted((a, b) => a - b)[spent.length >> 1]!));
  const [small, large] = sides.map(({ spent }) => spent.reduce((sum, one) => sum + one, 0));
  return {
    smallNs: Math.round(smallNs!),
    largeNs: Math.round(largeNs!),
    ratio: Number((largeNs! / smallNs!).toFixed(2)),
    ofAll: Number((large! / small!).toFixed(2)),
  };
}

/** Routes of all kinds in turns, with one for everything at the end. */
export function catalogOf(routeCount: number, priceCount: number): Snapshot {
  const kinds = Array.from({ length: routeCount - 1 }, (_, n) => ({
    id: `r-${n}`,
    when: conditions(n),
    strategy: STRATEGIES[n % STRATEGIES.length],
    providers: [0, 1, 2].map((place) => ({ id: `p-${(n + place) % PROVIDERS}` })),
  }));
  const rest = { id: "rest", strategy: "weighted", providers: [{ id: "p-0" }, { id: "p-1" }, { id: "p-2" }] };
  const providers = Array.from({ length: PROVIDERS }, (_, n) => ({
    id: `p-${n}`,
    kind: "smpp",
    rate: 100,
    currency: "EUR",
    smpp: { host: "127.0.0.1", port: 1, systemId: "s", password: "p" },
    prices: prices(priceCount / PROVIDERS, n),
  }));
  const accounts = Array.from({ length: ACCOUNTS }, (_, n) => ({ id: `a-${n}`, name: `Account ${n}` }));
  const parsed = parseCatalog({ accounts, providers, routes: [...kinds, rest] }, 6);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems.slice(0, 5)));
  return snapshotOf(parsed.value);
}

function prices(count: number, provider: number): object[] {
  const named = Array.from({ length: count - 1 }, (_, n) => ({
    // Real networks first, then others with the same country codes.
    mccMnc: NETWORKS[n] ?? `${NETWORKS[n % 500]!.slice(0, 3)}${String(999 - Math.floor(n / 500))}`,
    price: `0.0${(n % 89) + 10}`,
  }));
  const networks = new Map(named.map((entry) => [entry.mccMnc, entry]));
  return [{ price: `0.0${provider + 1}` }, ...networks.values()];
}

/** What the n-th route is for: a customer, a prefix, a network, a sender, a label in turns, some within a country or a lane. */
function conditions(n: number): object {
  const { accountId: account, country, lane, network, from, to } = messageFor(n);
  switch (n % 6) {
    case 0:
      return { accounts: [account], countries: [country], lanes: [lane] };
    case 1:
      return { prefixes: [to.slice(0, 7)], accounts: [account] };
    case 2:
      return { mccMncs: [network], accounts: [account] };
    case 3:
      return { senders: [from], countries: [country] };
    case 4:
      return { labels: [`campaign=c${n}`] };
    default:
      return { countries: [country, COUNTRIES[(n + 5) % COUNTRIES.length]], accounts: [account] };
  }
}

/** A message that the n-th route is for. */
function messageFor(n: number): MessageFacts {
  const country = COUNTRIES[n % COUNTRIES.length]!;
  const serial = Math.floor(n / 6);
  return {
    messageId: "m",
    to: `${CALLING[country]}${String(1_000_000_000 + ((serial * 7_919_017) % 900_000_000))}`,
    country,
    network: NETWORKS[serial % NETWORKS.length]!,
    accountId: `a-${(n * 7) % ACCOUNTS}`,
    lane: lanes[n % lanes.length]!,
    from: n % 6 === 3 ? `S${serial}` : null,
    metadata: n % 6 === 4 ? { order: "1", campaign: `c${n}` } : {},
    ...{ encoding: "gsm7", segments: 1, reference: null, callbackUrl: null, acceptedAt: 0, expiresAt: 0 },
    networkSource: null,
    sentAs: null,
    segmentsSaved: 0,
    receiptTo: null,
  };
}

/**
 * Messages in an order that no processor can foresee: for all routes alike, or, as traffic is, skewed, the n-th most used route
 * being asked for in proportion to 1/n.
 */
export function trafficOf(routeCount: number, skewed: boolean): MessageFacts[] {
  let state = 1;
  return Array.from({ length: MESSAGES }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const uniform = state / 2 ** 32;
    const place = Math.floor(skewed ? routeCount ** uniform : uniform * routeCount);
    // Used routes stand all over the list.
    return messageFor((place * 7_919) % routeCount);
  });
}

function wordOf(provider: string): Health {
  return {
    ...{ provider, partition: 0, instance: "s", circuit: "closed", reason: null, rate: 100, configuredRate: 100 },
    ...{ rateReason: null, effectiveRate: 0, backlog: 20, queues: [0, 0, 20, 0, 0, 0], inFlight: 0, at: 0 },
    ...{
      dayStart: 0,
      dayEnd: 0,
      segmentsToday: 0,
      monthStart: 0,
      monthEnd: 0,
      segmentsThisMonth: 0,
      spentThisMonth: 0,
      heldNetworks: [],
    },
  };
}

if (import.meta.main) {
  const [decisionsSkewed, decisionsUniform] = [measure(true), measure(false)];
  const routerNs = await routerTime(catalogOf(10_000, 50_000), trafficOf(10_000, true));
  const ofRouter = Number((decisionsSkewed.largeNs / routerNs).toFixed(3));
  const targets = { ratio: MOST_RATIO, ofRouter: MOST_OF_ROUTER };
  const met = Math.max(decisionsSkewed.ratio, decisionsUniform.ratio) <= MOST_RATIO && ofRouter <= MOST_OF_ROUTER;
  const result = { decisionsSkewed, decisionsUniform, routerNs, ofRouter, targets, met };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exitCode = met ? 0 : 1;
}
