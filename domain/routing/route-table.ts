import type { Account } from "../catalog/account.ts";
import type { Cap } from "../catalog/cap.ts";
import { DEFAULT_DELIVERY, type DeliverySettings } from "../catalog/delivery-settings.ts";
import { type ExchangeRates, unitsPerBase } from "../catalog/exchange-rates.ts";
import type { Provider } from "../catalog/provider.ts";
import { countriesOf, type Region } from "../catalog/region.ts";
import type { Route, RouteConditions } from "../catalog/route.ts";
import type { SenderPlace } from "../catalog/sender-place.ts";
import { type AccountPriceCap, accountPriceCaps } from "./account-price-cap.ts";
import { type AlikeRoutes, alikeRoutes } from "./alike-routes.ts";
import type { RouteMember } from "./candidate.ts";
import { type CapTable, capTable } from "./cap-table.ts";
import type { PlainConditions } from "./conditions.ts";
import type { MessageFacts } from "./message-facts.ts";
import { PriceIndex } from "./price-index.ts";
import { RouteIndex } from "./route-index.ts";
import { type SenderTable, senderTable } from "./sender-table.ts";
import { strategies } from "./strategies/strategies.ts";
import type { Strategy } from "./strategies/strategy.ts";
import { entry } from "./value-ids.ts";

/** A route ready for use: its providers by tier, of which the first that has a usable one decides. */
export interface CompiledRoute {
  readonly id: string;
  readonly strategy: Strategy;
  readonly members: readonly RouteMember[];
  readonly delivery: DeliverySettings;
  /** Those that differ from it in their prefixes alone, and itself; undefined where there are none. */
  readonly alike: AlikeRoutes | undefined;
  /** With its regions resolved into countries. */
  readonly when: PlainConditions;
}

/** Routes in order: the first whose conditions hold decides, and among those alike but for their prefixes the longest. */
export interface RouteTable {
  readonly routes: readonly CompiledRoute[];
  readonly index: RouteIndex;
  readonly prices: PriceIndex;
  /** By account, for those that have one; undefined where none has. */
  readonly priceCaps: ReadonlyMap<string, AccountPriceCap> | undefined;
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
  { regions = [], rates, accounts = [], senders, caps }: RouteTerms = {},
): RouteTable {
  const byId = new Map(providers.map((provider, list) => [provider.id, { provider, list }]));
  const lists = new MemberLists();
  const whens = routes.map(({ when }) => plainConditions(when, regions));
  const alike = alikeRoutes(whens);
  const compiled = routes.map((route, place): CompiledRoute => {
    const members = lists.same(membersOf(route, byId, rates));
    const { id, strategy, delivery = DEFAULT_DELIVERY } = route;
    // What a decision reads stands first, in one line of the processor's cache.
    return { id, strategy: strategies[strategy], members, delivery, alike: alike.get(place), when: whens[place]! };
  });
  const senderRules = senderTable(senders, regions);
  const priceCaps = accountPriceCaps(accounts, providers, rates);
  const prices = new PriceIndex(providers.map((provider) => provider.prices));
  return {
    routes: compiled,
    index: new RouteIndex(whens),
    prices,
    priceCaps,
    senders: senderRules,
    caps: capTable(caps, regions),
  };
}

/** The route that decides about a message; undefined when no route's conditions hold. */
export function findRoute({ routes, index }: RouteTable, facts: MessageFacts): CompiledRoute | undefined {
  const place = index.find(facts);
  if (place === undefined) return undefined;
  const first = routes[place]!;
  const longest = first.alike?.longest(facts.destination);
  return longest === undefined ? first : routes[longest];
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

/**
 * Thousands of routes name the same few providers in the same ways: equal lists of members become one, which then stands in the
 * processor's cache. A decision that must fetch its members from memory takes twice as long.
 */
class MemberLists {
  private readonly lists = new Map<string, readonly RouteMember[]>();

  same(members: readonly RouteMember[]): readonly RouteMember[] {
    const key = members.map(({ provider, weight, tier, perBase }) => [provider.id, weight, tier, perBase].join(" "));
    return entry(this.lists, key.join(), () => members);
  }
}
