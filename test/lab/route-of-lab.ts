import { parseProvider, parseRoute } from "../../domain/catalog/catalog.ts";
import type { Provider } from "../../domain/catalog/provider.ts";
import type { RouteStrategy } from "../../domain/catalog/route.ts";
import type { MessageFacts } from "../../domain/routing/message-facts.ts";
import { compileRoutes, type RouteTable } from "../../domain/routing/route-table.ts";
import { NETWORKS, type World } from "./world.ts";

/** The lab's time begins here, epoch ms: times in the catalog's sense must be plausible. */
export const EPOCH = 1_764_547_200_000;

/** The real route table, of providers that can take anything at any time. */
export function tableOf(
  { providers, networks }: Pick<World, "providers" | "networks">,
  strategy: RouteStrategy,
  explorePerHour: string,
): RouteTable {
  const parsed = providers.map(({ id, prices }): Provider => {
    const provider = parseProvider({
      id,
      kind: "smpp",
      rate: 10_000,
      currency: "EUR",
      smpp: { host: "127.0.0.1", port: 2775, systemId: "lab", password: "lab" },
      prices: networks.map(({ mccMnc }, n) => ({ mccMnc, price: String(prices[n]! / 1_000_000) })),
    });
    if (!provider.ok) throw new Error(JSON.stringify(provider.problems));
    return provider.value;
  });
  const route = parseRoute({
    id: "lab",
    strategy,
    providers: providers.map(({ id }) => ({ id })),
    ...(strategy === "least-cost-per-delivered" ? { delivery: { explorePerHour } } : {}),
  });
  if (!route.ok) throw new Error(JSON.stringify(route.problems));
  return compileRoutes([route.value], parsed);
}

/** A message to one of the networks. `at`: epoch ms. */
export function factsOf(network: number, at: number): MessageFacts {
  const { country, mccMnc } = NETWORKS[network]!;
  return {
    destination: "49170",
    country,
    mccMnc,
    account: "lab",
    lane: "transactional",
    from: undefined,
    labels: {},
    at,
  };
}
