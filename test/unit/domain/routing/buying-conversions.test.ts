import { expect, it } from "vitest";
import { parseProvider, parseRoute } from "../../../../domain/catalog/catalog.ts";
import type { Provider } from "../../../../domain/catalog/provider.ts";
import { ConversionEstimates } from "../../../../domain/quality/conversion-estimates.ts";
import { NOTHING_SEEN } from "../../../../domain/quality/delivery-node.ts";
import { chooseProvider } from "../../../../domain/routing/choose-provider.ts";
import type { DeliveryView } from "../../../../domain/routing/delivery-view.ts";
import { compileRoutes } from "../../../../domain/routing/route-table.ts";
import { seededRandom } from "../../../../infra/simulators/behaviour/random-source.ts";

const WAY = { country: "DE", network: "26201", lane: "otp" } as const;
const MINUTE = 60_000;
/** At this age a message is counted, as analytics-sink does it. */
const COUNTED_MS = 15 * MINUTE;

interface Market {
  readonly [provider: string]: { readonly price: string; readonly converts: (at: number) => number };
}

/** Two messages a second to one network, all of which every provider says it delivers: the share of each provider, by minute. */
function run(market: Market, minutes: number, measure: "conversions" | "deliveries", seed: number) {
  const random = seededRandom(seed);
  const providers = Object.entries(market).map(([id, { price }]): Provider => {
    const smpp = { host: "h", port: 1, systemId: "s", password: "p" };
    const parsed = parseProvider({ id, kind: "smpp", currency: "EUR", rate: 10, smpp, prices: [{ price }] });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    return parsed.value;
  });
  const route = parseRoute({
    id: "codes",
    strategy: "least-cost-per-delivered",
    delivery: { measure },
    providers: providers.map(({ id }) => ({ id })),
  });
  if (!route.ok) throw new Error(JSON.stringify(route.problems));
  const routes = compileRoutes([route.value], providers);
  const estimates = new ConversionEstimates();
  const view: DeliveryView = {
    of: () => ({ ...NOTHING_SEEN, alpha: 9_500, beta: 500, delivery: 0.95 }),
    converts: (...place) => estimates.of(...place),
    spend: () => false,
  };
  const counts = new Map(providers.map(({ id }) => [id, { told: 0, converted: 0 }]));
  const due = new Map<number, { provider: string; converted: boolean }[]>();
  const share = new Map(providers.map(({ id }) => [id, new Array<number>(minutes).fill(0)]));
  const suspects: string[] = [];
  for (let at = 0; at < minutes * MINUTE; at += 500) {
    for (const { provider, converted } of due.get(at) ?? []) {
      const count = counts.get(provider)!;
      count.told++;
      if (converted) count.converted++;
      estimates.fold({ provider, ...WAY, partition: 0, since: 1, at: at + 1, ...count });
    }
    due.delete(at);
    if (at % 1_000 === 0) estimates.refresh(at, () => 0.95);
    for (const { suspect, cell } of estimates.cells()) if (suspect) suspects.push(cell.provider);
    const facts = {
      destination: "4917",
      country: "DE",
      mccMnc: "26201",
      account: "x",
      from: undefined,
      labels: {},
      at,
    };
    const input = {
      facts: { ...facts, lane: "otp" as const },
      tried: [],
      health: () => undefined,
      random,
      delivery: view,
    };
    const choice = chooseProvider(routes, input);
    if (!choice.ok) throw new Error(choice.reason);
    const provider = choice.provider.id;
    share.get(provider)![Math.floor(at / MINUTE)]! += 1 / 120;
    const converted = random() < market[provider]!.converts(at);
    due.set(at + COUNTED_MS, [{ provider, converted }]);
  }
  const mean = (provider: string, from: number, until: number) =>
    share
      .get(provider)!
      .slice(from, until)
      .reduce((sum, one) => sum + one, 0) /
    (until - from);
  return { mean, suspects: new Set(suspects) };
}

const HONEST = { price: "0.05", converts: () => 0.6 };

it.each([1, 2, 3])("leaves a provider whose receipts lie, and routes by deliveries do not (seed %i)", (seed) => {
  // From the hour on it hands over nothing, and goes on saying that it does.
  const market = { grey: { price: "0.04", converts: (at: number) => (at < 60 * MINUTE ? 0.6 : 0) }, honest: HONEST };
  const bought = run(market, 120, "conversions", seed);
  expect(bought.mean("grey", 40, 60)).toBeGreaterThan(0.85);
  expect(bought.mean("grey", 80, 120)).toBeLessThan(0.05);
  expect(run(market, 120, "deliveries", seed).mean("grey", 80, 120)).toBeCloseTo(1);
});

it.each([1, 2, 3])(
  "finds out that a cheaper one is new and good, a tenth of the messages at a time (seed %i)",
  (seed) => {
    const fresh = { price: "0.04", converts: () => 0.6 };
    const { mean, suspects } = run({ honest: HONEST, fresh }, 60, "conversions", seed);
    expect(mean("fresh", 40, 60)).toBeGreaterThan(0.9);
    expect([...suspects]).toEqual([]);
  },
);

it.each([1, 2, 3])("loses little to one that is cheap, new, and lies (seed %i)", (seed) => {
  const grey = { price: "0.01", converts: () => 0.02 };
  const { mean, suspects } = run({ honest: HONEST, grey }, 120, "conversions", seed);
  // Until the first messages are counted the price decides; and then the other one has to be found out.
  expect(mean("grey", 35, 120)).toBeLessThan(0.05);
  expect([...suspects]).toEqual(["grey"]);
});
