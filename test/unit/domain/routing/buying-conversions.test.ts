import { expect, it } from "vitest";
import { parseProvider, parseRoute } from "../../../../domain/catalog/catalog.ts";
import type { Provider } from "../../../../domain/catalog/provider.ts";
import type { Lane } from "../../../../domain/message/lane.ts";
import { ConversionEstimates } from "../../../../domain/quality/conversion-estimates.ts";
import { NOTHING_SEEN } from "../../../../domain/quality/delivery-node.ts";
import { chooseProvider } from "../../../../domain/routing/choose-provider.ts";
import type { DeliveryView } from "../../../../domain/routing/delivery-view.ts";
import { ExplorationBudget } from "../../../../domain/routing/exploration-budget.ts";
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
    delivery: { measure, explorePerHour: "1000" },
    providers: providers.map(({ id }) => ({ id })),
  });
  if (!route.ok) throw new Error(JSON.stringify(route.problems));
  const routes = compileRoutes([route.value], providers);
  const estimates = new ConversionEstimates();
  const budget = new ExplorationBudget();
  const view: DeliveryView = {
    of: () => ({ ...NOTHING_SEEN, alpha: 9_500, beta: 500, delivery: 0.95 }),
    converts: (...place) => estimates.of(...place),
    spend: (...asked) => budget.spend(...asked),
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

/** Of `proven` it is known that six of ten convert; of `fresh`, which is cheaper and delivers as well, nobody ever tells. */
function tryFresh(explorePerHour: string, lane: Lane, segments: number) {
  const random = seededRandom(5);
  const providers = Object.entries({ proven: "0.05", fresh: "0.04" }).map(([id, price]): Provider => {
    const smpp = { host: "h", port: 1, systemId: "s", password: "p" };
    const parsed = parseProvider({ id, kind: "smpp", currency: "EUR", rate: 10, smpp, prices: [{ price }] });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    return parsed.value;
  });
  const delivery = { measure: "conversions", explorePerHour };
  const named = providers.map(({ id }) => ({ id }));
  const route = parseRoute({ id: "codes", strategy: "least-cost-per-delivered", delivery, providers: named });
  if (!route.ok) throw new Error(JSON.stringify(route.problems));
  const routes = compileRoutes([route.value], providers);
  const budget = new ExplorationBudget();
  const level = { trials: 200, successes: 120 };
  const told = { levels: [level, level, level], told: 200, converted: 120, suspect: false };
  const view: DeliveryView = {
    of: () => ({ ...NOTHING_SEEN, alpha: 950, beta: 50, delivery: 0.95 }),
    converts: (provider) => (provider === "proven" ? told : undefined),
    spend: (...asked) => budget.spend(...asked),
  };
  const spent: { at: number; cost: number }[] = [];
  const reasons = new Set<string>();
  const messages = 3 * 60 * 120;
  for (let n = 0; n < messages; n++) {
    const at = n * 500;
    const where = { destination: "4917", country: "DE", mccMnc: "26201", account: "x", from: undefined, labels: {} };
    const facts = { ...where, at, lane, segments };
    const choice = chooseProvider(routes, { facts, tried: [], health: () => undefined, random, delivery: view });
    if (!choice.ok) throw new Error(choice.reason);
    if (choice.provider.id === "fresh") spent.push({ at, cost: 0.04 * segments });
    else reasons.add(choice.candidates[1]!.verdict);
  }
  let most = 0;
  let within = 0;
  for (let first = 0, next = 0; next < spent.length; next++) {
    within += spent[next]!.cost;
    while (spent[next]!.at - spent[first]!.at >= 60 * MINUTE) within -= spent[first++]!.cost;
    most = Math.max(most, within);
  }
  return { most, share: spent.length / messages, reasons };
}

it.each([
  ["otp", 1],
  ["marketing", 1],
  ["otp", 7],
] as const)(
  "pays for finding out how another converts no more than the route's money: %s, %i segments",
  (lane, segments) => {
    const { most, share } = tryFresh("1", lane, segments);
    expect(most).toBeLessThanOrEqual(1 + 1e-9);
    expect(most).toBeGreaterThan(0.5);
    expect(share).toBeLessThan(0.05);
    expect(tryFresh("0", lane, segments)).toMatchObject({ most: 0, reasons: new Set(["not-drawn"]) });
  },
);

it("never gives more than a tenth of the messages to one of which nothing was told beside one that is known", () => {
  const { share } = tryFresh("100000", "otp", 1);
  expect(share).toBeGreaterThan(0.08);
  expect(share).toBeLessThan(0.12);
});
