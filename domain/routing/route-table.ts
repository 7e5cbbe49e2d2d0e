import type { Provider } from "../catalog/provider.ts";
import type { Route, RouteConditions } from "../catalog/route.ts";
import type { Lane } from "../message/lane.ts";

/** What routing looks at in a message. */
export interface MessageFacts {
  /** E.164 digits without a plus. */
  destination: string;
  /** ISO 3166-1 alpha-2. */
  country: string;
  mccMnc: string | undefined;
  account: string;
  lane: Lane;
  /** Sender id as requested. */
  from: string | undefined;
}

export interface RouteCandidate {
  provider: Provider;
  weight: number;
}

/** A route ready for use: its providers in tiers, of which the first that has a usable one decides. */
export interface CompiledRoute {
  id: string;
  strategy: Route["strategy"];
  tiers: readonly (readonly RouteCandidate[])[];
  matches: (facts: MessageFacts) => boolean;
}

/** Routes in order, indexed by country so that a message meets only those that could concern it. */
export interface RouteTable {
  byCountry: ReadonlyMap<string, readonly CompiledRoute[]>;
  /** For countries that no route names. */
  elsewhere: readonly CompiledRoute[];
}

/** Compiles checked routes (see catalog.ts). Throws if a route names a provider that is not given. */
export function compileRoutes(routes: readonly Route[], providers: readonly Provider[]): RouteTable {
  const byId = new Map(providers.map((provider) => [provider.id, provider]));
  const compiled = routes.map((route) => ({ when: route.when, route: compileRoute(route, byId) }));
  const countries = new Set(routes.flatMap((route) => route.when.countries ?? []));
  const concerning = (country: string | undefined): CompiledRoute[] =>
    compiled.flatMap(({ when, route }) => {
      const concerns = when.countries === undefined || (country !== undefined && when.countries.includes(country));
      return concerns ? [route] : [];
    });
  return {
    byCountry: new Map([...countries].map((country) => [country, concerning(country)])),
    elsewhere: concerning(undefined),
  };
}

/** The first route whose conditions hold. */
export function findRoute(table: RouteTable, facts: MessageFacts): CompiledRoute | undefined {
  const routes = table.byCountry.get(facts.country) ?? table.elsewhere;
  for (const route of routes) if (route.matches(facts)) return route;
  return undefined;
}

function compileRoute(route: Route, providers: ReadonlyMap<string, Provider>): CompiledRoute {
  const tiers = new Map<number, RouteCandidate[]>();
  for (const [index, { id, weight, priority }] of route.providers.entries()) {
    const provider = providers.get(id);
    if (provider === undefined) throw new Error(`route "${route.id}" names provider "${id}", which does not exist`);
    const tier = route.strategy === "weighted" ? 0 : (priority ?? index);
    const candidates = tiers.get(tier);
    if (candidates === undefined) tiers.set(tier, [{ provider, weight }]);
    else candidates.push({ provider, weight });
  }
  const ordered = [...tiers].sort(([a], [b]) => a - b).map(([, candidates]) => candidates);
  return { id: route.id, strategy: route.strategy, tiers: ordered, matches: compileConditions(route.when) };
}

/** Countries are left to the table's index. */
function compileConditions(when: RouteConditions): (facts: MessageFacts) => boolean {
  const networks = when.mccMncs && new Set(when.mccMncs);
  const accounts = when.accounts && new Set(when.accounts);
  const lanes = when.lanes && new Set<Lane>(when.lanes);
  const senders = when.senders && new Set(when.senders);
  const { prefixes } = when;
  return (facts) =>
    (lanes === undefined || lanes.has(facts.lane)) &&
    (accounts === undefined || accounts.has(facts.account)) &&
    (networks === undefined || (facts.mccMnc !== undefined && networks.has(facts.mccMnc))) &&
    (senders === undefined || (facts.from !== undefined && senders.has(facts.from))) &&
    (prefixes === undefined || prefixes.some((prefix) => facts.destination.startsWith(prefix)));
}
