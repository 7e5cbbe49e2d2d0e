import type { Account } from "../catalog/account.ts";
import type { Cap } from "../catalog/cap.ts";
import { DEFAULT_DELIVERY, type DeliverySettings } from "../catalog/delivery-settings.ts";
import { type ExchangeRates, unitsPerBase } from "../catalog/exchange-rates.ts";
import type { Provider } from "../catalog/provider.ts";
import { countriesOf, type Region } from "../catalog/region.ts";
import type { Route, RouteConditions } from "../catalog/route.ts";
import type { SenderPlace } from "../catalog/sender-place.ts";
import { atOnce } from "../prices/compile-list.ts";
import { type AccountPriceCap, accountPriceCaps } from "./account-price-cap.ts";
import { AlikeRoutes } from "./alike-routes.ts";
import type { RouteMember } from "./candidate.ts";
import { type CapTable, capTable } from "./cap-table.ts";
import type { PlainConditions } from "./conditions.ts";
import { type SellingTable, sellingTables } from "./loss-stop.ts";
import type { MessageFacts } from "./message-facts.ts";
import { NetworkNumbers } from "./network-numbers.ts";
import { type PackedNumbers, packed } from "./packed-numbers.ts";
import { PriceIndex } from "./price-index.ts";
import { RouteIndex } from "./route-index.ts";
import { type SenderTable, senderTable } from "./sender-table.ts";
import { strategies } from "./strategies/strategies.ts";
import type { Strategy } from "./strategies/strategy.ts";
import { entry } from "./value-ids.ts";

/** How a route chooses: its providers by tier, of which the first that has a usable one decides. */
export interface RouteKind {
  readonly strategy: Strategy;
  readonly members: readonly RouteMember[];
  readonly delivery: DeliverySettings;
}

/** Routes in order: the first whose conditions hold decides, and among those alike but for their prefixes the longest. */
export interface RouteTable {
  /** Ids of the routes, by their places. */
  readonly ids: readonly string[];
  /**
   * In which ways routes choose, and in which of them each does, by its place. Thousands of routes choose in a few ways, which then stand
   * in the processor's cache: a decision that must fetch a route from memory takes twice as long.
   */
  readonly kinds: readonly RouteKind[];
  readonly kindOf: PackedNumbers;
  readonly index: RouteIndex;
  readonly alike: AlikeRoutes;
  readonly prices: PriceIndex;
  /** By account, for those that have one; undefined where none has. */
  readonly priceCaps: ReadonlyMap<string, AccountPriceCap> | undefined;
  /** By account, for those that have selling prices; undefined where none has. */
  readonly selling: ReadonlyMap<string, SellingTable> | undefined;
  /** Undefined where there are no sender rules. */
  readonly senders: SenderTable | undefined;
  /** Undefined where there are no caps. */
  readonly caps: CapTable | undefined;
}

/** What routes refer to beside providers. */
export interface RouteTerms {
  readonly regions?: readonly Region[] | undefined;
  readonly rates?: ExchangeRates | undefined;
  readonly accounts?: readonly Account[] | undefined;
  readonly senders?: readonly SenderPlace[] | undefined;
  readonly caps?: readonly Cap[] | undefined;
}

/** Compiles checked routes (see catalog.ts). Throws if a route names a provider that is not given. */
export function compileRoutes(
  routes: readonly Route[],
  providers: readonly Provider[],
  terms: RouteTerms = {},
): RouteTable {
  return atOnce(routesInSteps(routes, providers, terms));
}

/** As {@link compileRoutes}, and yields between its parts, so that who has other things to do can do them in between. */
export function* routesInSteps(
  routes: readonly Route[],
  providers: readonly Provider[],
  { regions = [], rates, accounts = [], senders, caps }: RouteTerms,
): Generator<void, RouteTable> {
  const byId = new Map(providers.map((provider, list) => [provider.id, { provider, list }]));
  const whens = routes.map(({ when }) => plainConditions(when, regions));
  yield;
  const kinds = new Map<string, { kind: RouteKind; number: number }>();
  const kindOf = routes.map((route) => {
    const { strategy, delivery = DEFAULT_DELIVERY } = route;
    const members = membersOf(route, byId, rates);
    const number = kinds.size;
    const kind = { strategy: strategies[strategy], members, delivery };
    return entry(kinds, kindKey(kind), () => ({ kind, number })).number;
  });
  yield;
  // Routes before prices: their networks have the lower numbers.
  const networks = new NetworkNumbers();
  const index = new RouteIndex(whens, networks);
  yield;
  const alike = new AlikeRoutes(whens, index.ids);
  yield;
  const lists = providers.map((provider) => provider.prices);
  const prices = new PriceIndex(lists, networks);
  yield;
  return {
    ids: routes.map(({ id }) => id),
    kinds: [...kinds.values()].map(({ kind }) => kind),
    kindOf: packed(kindOf),
    index,
    alike,
    prices,
    priceCaps: accountPriceCaps(accounts, providers, rates),
    selling: sellingTables(accounts, providers, rates),
    senders: senderTable(senders, regions),
    caps: capTable(caps, regions),
  };
}

/** The place of the route that decides about a message; undefined when no route's conditions hold. */
export function findRoute({ index, alike }: RouteTable, facts: MessageFacts): number | undefined {
  const first = index.find(facts);
  return first === undefined ? undefined : alike.longest(first);
}

/** The conditions with the countries of their regions. */
export function plainConditions(when: RouteConditions, regions: readonly Region[]): PlainConditions {
  const { regions: _, ...rest } = when;
  return { ...rest, countries: countriesOf(when, regions) };
}

function membersOf(
  { id: route, strategy, providers: named }: Route,
  providers: ReadonlyMap<string, Pick<RouteMember, "provider" | "list">>,
  rates: ExchangeRates | undefined,
): RouteMember[] {
  const { tierOf } = strategies[strategy];
  const entries = named.map(({ id, weight, priority }, place) => {
    const found = providers.get(id);
    if (found === undefined) throw new Error(`route "${route}" names provider "${id}", which does not exist`);
    return { ...found, weight, rank: tierOf === undefined ? 0 : (priority ?? tierOf(place)) };
  });
  const ranks = [...new Set(entries.map(({ rank }) => rank))].sort((a, b) => a - b);
  // In one currency prices are compared as they are: no quotient comes between two that are equal.
  const mixed = new Set(entries.map(({ provider }) => provider.currency)).size > 1;
  return entries
    .map(({ provider, list, weight, rank }): RouteMember => {
      const perBase = mixed ? (unitsPerBase(rates, provider.currency) ?? 1) : 1;
      return { provider, list, weight, tier: ranks.indexOf(rank), perBase };
    })
    .sort((a, b) => a.tier - b.tier);
}

/** The same for routes that choose in the same way. */
function kindKey({ strategy, members, delivery }: RouteKind): string {
  const named = members.map(({ provider, weight, tier, perBase }) => `${provider.id} ${weight} ${tier} ${perBase}`);
  const own = delivery === DEFAULT_DELIVERY ? "" : JSON.stringify(delivery);
  return `${strategy.name},${named.join()},${own}`;
}
