import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseProvider, parseRoute } from "../../../../domain/catalog/catalog.ts";
import type { Provider } from "../../../../domain/catalog/provider.ts";
import type { Lane } from "../../../../domain/message/lane.ts";
import type { DeliveryEstimate } from "../../../../domain/quality/delivery-node.ts";
import { type Choice, chooseProvider } from "../../../../domain/routing/choose-provider.ts";
import type { DeliveryView } from "../../../../domain/routing/delivery-view.ts";
import { compileRoutes } from "../../../../domain/routing/route-table.ts";
import { seededRandom } from "../../../../infra/simulators/behaviour/random-source.ts";

interface Given {
  price: string;
  delivery: number;
  /** Submissions that this rests on. */
  seen?: number;
  p95Ms?: number;
  share?: number;
  tries?: boolean;
  charged?: "submit" | "delivery";
}

const ids = ["a", "b", "c", "d"];

function estimateOf({ delivery, seen = 1_000, p95Ms, share = 1, tries = false }: Given): DeliveryEstimate {
  const [alpha, beta] = [delivery * seen, (1 - delivery) * seen];
  return { alpha, beta, delivery, medianMs: undefined, p95Ms, share, mayTry: () => tries };
}

interface Situation {
  settings?: object;
  lane?: Lane;
  random?: () => number;
  spend?: DeliveryView["spend"];
  segments?: number;
}

function decide(
  given: readonly Given[],
  { settings = {}, lane = "transactional", random, spend, segments }: Situation = {},
) {
  const providers = given.map(({ price, charged = "submit" }, place): Provider => {
    const smpp = { host: "h", port: 1, systemId: "s", password: "p" };
    const parsed = parseProvider({
      id: ids[place],
      kind: "smpp",
      currency: "EUR",
      rate: 10,
      smpp,
      prices: [{ price, charged }],
    });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    return parsed.value;
  });
  const members = given.map((_, place) => ({ id: ids[place] }));
  const route = parseRoute({ id: "r", strategy: "least-cost-per-delivered", delivery: settings, providers: members });
  if (!route.ok) throw new Error(JSON.stringify(route.problems));
  const view: DeliveryView = {
    of: (provider) => estimateOf(given[ids.indexOf(provider)]!),
    spend: spend ?? (() => false),
  };
  const facts = {
    destination: "49171",
    country: "DE",
    mccMnc: "26201",
    account: "x",
    from: undefined,
    labels: {},
    at: 0,
  };
  return chooseProvider(compileRoutes([route.value], providers), {
    facts: { ...facts, lane, ...(segments === undefined ? {} : { segments }) },
    tried: [],
    health: () => undefined,
    random: random ?? (() => 0.5),
    delivery: view,
  });
}

const verdicts = (choice: Choice) => choice.candidates.map(({ provider, verdict }) => `${provider} ${verdict}`);

describe("least-cost-per-delivered", () => {
  it("takes the cheapest for each message that arrives", () => {
    const choice = decide([
      { price: "0.01", delivery: 0.4 },
      { price: "0.02", delivery: 0.9 },
      { price: "0.03", delivery: 0.98 },
    ]);
    expect(verdicts(choice)).toEqual(["a dearer-per-delivered", "b chosen", "c dearer-per-delivered"]);
    expect(choice.candidates.map(({ score }) => score)).toEqual([0.01 / 0.4, 0.02 / 0.9, 0.03 / 0.98]);
    expect(choice).toMatchObject({ reason: "least-cost-per-delivered", price: 20_000 });
  });

  it("equals looking for the least by hand, among those above the floor and not left, if there are any", () => {
    const one = fc.record({
      price: fc.constantFrom("0.01", "0.02", "0.03"),
      delivery: fc.double({ min: 0.05, max: 0.99, noNaN: true }),
      share: fc.constantFrom(0, 1),
      charged: fc.constantFrom("submit" as const, "delivery" as const),
    });
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 4 }), fc.constantFrom(0, 0.5, 0.8), (given, floor) => {
        const choice = decide(given, { settings: { floor } });
        if (!choice.ok) throw new Error(choice.reason);
        const chosen = given[ids.indexOf(choice.provider.id)]!;
        const cost = ({ price, delivery, charged }: Given) => Number(price) / (charged === "delivery" ? 1 : delivery);
        const kept = given.filter(({ share }) => share === 1);
        const fit = kept.filter(({ delivery }) => delivery >= floor);
        const least = Math.min(...fit.map(cost));
        if (fit.length > 0) {
          expect(cost(chosen)).toBeCloseTo(least, 12);
          const alike = fit.filter((one) => cost(one) === least);
          expect(chosen.delivery, "at the same cost the one that delivers more").toBe(
            Math.max(...alike.map(({ delivery }) => delivery)),
          );
        } else
          expect(chosen.delivery).toBe(Math.max(...(kept.length > 0 ? kept : given).map(({ delivery }) => delivery)));
      }),
      { numRuns: 500 },
    );
  });

  it("takes a price that is charged on delivery as what each that arrives costs, however few do", () => {
    const choice = decide([
      { price: "0.02", delivery: 0.5, charged: "delivery" },
      { price: "0.02", delivery: 0.8, charged: "delivery" },
      { price: "0.017", delivery: 0.8 },
    ]);
    expect(verdicts(choice)).toEqual(["a dearer-per-delivered", "b chosen", "c dearer-per-delivered"]);
    expect(choice.candidates.map(({ score }) => score)).toEqual([0.02, 0.02, 0.017 / 0.8]);
    expect(choice).toMatchObject({ onDelivery: true, price: 20_000 });
  });

  it("leaves out who delivers less than the floor, while another one is there", () => {
    const cheap = { price: "0.001", delivery: 0.5 };
    const settings = { floor: 0.7 };
    expect(verdicts(decide([cheap, { price: "0.05", delivery: 0.8 }], { settings }))).toEqual([
      "a below-quality-floor",
      "b chosen",
    ]);
    expect(verdicts(decide([cheap, { price: "0.05", delivery: 0.6 }], { settings }))).toEqual([
      "a below-quality-floor",
      "b chosen",
    ]);
    expect(verdicts(decide([cheap], { settings }))).toEqual(["a chosen"]);
  });

  it("leaves out who takes too long, for an otp and for nothing else", () => {
    const given = [
      { price: "0.01", delivery: 0.9, p95Ms: 31_000 },
      { price: "0.02", delivery: 0.9, p95Ms: 29_000 },
      { price: "0.03", delivery: 0.9 },
    ];
    const settings = { otpWithinSeconds: 30 };
    expect(verdicts(decide(given, { settings, lane: "otp" }))).toEqual([
      "a too-slow",
      "b chosen",
      "c dearer-per-delivered",
    ]);
    expect(verdicts(decide(given, { settings }))[0]).toBe("a chosen");
    expect(verdicts(decide(given.slice(0, 1), { settings, lane: "otp" }))).toEqual(["a chosen"]);
  });

  it("leaves whose receipts have collapsed, gives back the share that it may have, and sends who tries it", () => {
    const other = { price: "0.02", delivery: 0.9 };
    expect(verdicts(decide([{ price: "0.01", delivery: 0.9, share: 0 }, other]))).toEqual([
      "a receipts-collapsed",
      "b chosen",
    ]);
    const back = { price: "0.01", delivery: 0.9, share: 0.3 };
    const random = seededRandom(1);
    let taken = 0;
    for (let n = 0; n < 2_000; n++)
      if (verdicts(decide([back, other], { random, settings: { explorePerHour: "0" } }))[0] === "a chosen") taken++;
    expect(taken / 2_000).toBeCloseTo(0.3, 1);
    expect(verdicts(decide([{ price: "9", delivery: 0.1, share: 0, tries: true }, other]))).toEqual([
      "a chosen",
      "b dearer-per-delivered",
    ]);
  });

  it("draws among equals, and takes all for alike where nothing is known", () => {
    const given = [
      { price: "0.01", delivery: 0.9 },
      { price: "0.01", delivery: 0.9 },
    ];
    expect(verdicts(decide(given, { random: () => 0.1 }))).toEqual(["a chosen", "b not-drawn"]);
    expect(verdicts(decide(given, { random: () => 0.9 }))).toEqual(["a not-drawn", "b chosen"]);
  });
});

describe("exploring", () => {
  const best = { price: "0.02", delivery: 0.9 };
  /** How often the second one is taken in 5,000 decisions, with what is spent for it. */
  function explore(second: Given, situation: Situation = {}) {
    const random = seededRandom(7);
    const costs: number[] = [];
    const spend: DeliveryView["spend"] = (_route, cost) => costs.push(cost) > 0;
    let taken = 0;
    for (let n = 0; n < 5_000; n++)
      if (verdicts(decide([best, second], { random, spend, ...situation }))[1] === "b chosen") taken++;
    return { taken, costs };
  }

  it("tries who may well be cheaper, and the more seldom the surer it is that he is not", () => {
    const [unknown, known, hopeless] = [
      { price: "0.015", delivery: 0.6, seen: 5 },
      { price: "0.015", delivery: 0.6, seen: 100 },
      { price: "0.015", delivery: 0.2, seen: 1_000 },
    ].map((second) => explore(second).taken);
    expect(unknown).toBeGreaterThan(50);
    expect(known).toBeLessThan(unknown! / 3);
    expect(hopeless).toBe(0);
  });

  it("costs what the best choice would not have, for each segment", () => {
    const second = { price: "0.015", delivery: 0.6, seen: 5 };
    for (const segments of [1, 3]) {
      const { costs } = explore(second, { segments });
      expect(costs.length).toBeGreaterThan(0);
      for (const cost of costs) expect(cost).toBeCloseTo(segments * (0.015 - (0.6 * 0.02) / 0.9), 9);
    }
  });

  it("costs, of one that is charged on delivery, what it takes more if the message is delivered", () => {
    const random = seededRandom(3);
    const spent: number[] = [];
    // The best delivers surely enough; the draw may say that it does not reach the floor.
    const best = { price: "0.02", delivery: 0.55, seen: 10 };
    const given = [best, { price: "0.037", delivery: 0.6, seen: 5, charged: "delivery" as const }];
    for (let n = 0; n < 5_000; n++)
      decide(given, { random, settings: { floor: 0.5 }, spend: (_route, cost) => spent.push(cost) > 0 });
    expect(spent.length).toBeGreaterThan(0);
    for (const cost of spent) expect(cost).toBeCloseTo(0.037 - 0.02 / 0.55, 9);
  });

  it("happens to no otp, for no money, and not where there is none left", () => {
    const second = { price: "0.015", delivery: 0.6, seen: 5 };
    expect(explore(second, { lane: "otp" }).taken).toBe(0);
    expect(explore(second, { settings: { explorePerHour: "0" } }).taken).toBe(0);
    expect(explore(second, { spend: () => false }).taken).toBe(0);
  });

  it("tries nobody whose receipts have collapsed, and below the floor only who may be above it", () => {
    expect(explore({ price: "0.001", delivery: 0.6, seen: 5, share: 0 }).taken).toBe(0);
    expect(explore({ price: "0.001", delivery: 0.5, seen: 1_000 }, { settings: { floor: 0.8 } }).taken).toBe(0);
    expect(explore({ price: "0.001", delivery: 0.7, seen: 5 }, { settings: { floor: 0.8 } }).taken).toBeGreaterThan(50);
  });
});
