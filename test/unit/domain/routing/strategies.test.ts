import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseProvider, parseRoute } from "../../../../domain/catalog/catalog.ts";
import { exchangeRatesSchema } from "../../../../domain/catalog/exchange-rates.ts";
import type { Provider } from "../../../../domain/catalog/provider.ts";
import type { ProviderHealth } from "../../../../domain/routing/candidate.ts";
import { type Choice, chooseProvider } from "../../../../domain/routing/choose-provider.ts";
import type { MessageFacts } from "../../../../domain/routing/message-facts.ts";
import { compileRoutes } from "../../../../domain/routing/route-table.ts";

interface Given {
  price?: string;
  currency?: string;
  rate?: number;
  weight?: number;
  priority?: number;
}

const rates = exchangeRatesSchema.parse({ base: "EUR", date: "2026-01-31", rates: { USD: "1.25", GBP: "0.8" } });
const ids = ["a", "b", "c", "d"];
const base: MessageFacts = {
  destination: "491711234567",
  country: "DE",
  mccMnc: undefined,
  account: "acme",
  lane: "transactional",
  from: undefined,
  labels: {},
  at: 0,
};

function tableOf(strategy: string, given: readonly Given[]) {
  const providers = given.map(({ price = "0.01", currency = "EUR", rate = 100 }, place): Provider => {
    const smpp = { host: "h", port: 1, systemId: "s", password: "p" };
    const parsed = parseProvider({ id: ids[place], kind: "smpp", currency, rate, smpp, prices: [{ price }] });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    return parsed.value;
  });
  const members = given.map(({ weight = 1, priority }, place) => ({ id: ids[place], weight, priority }));
  const route = parseRoute({ id: "all", strategy, providers: members });
  if (!route.ok) throw new Error(JSON.stringify(route.problems));
  return compileRoutes([route.value], providers, { rates });
}

interface Situation {
  health?: Record<string, ProviderHealth>;
  tried?: string[];
  destination?: string;
  random?: () => number;
}

function decide(table: ReturnType<typeof tableOf>, situation: Situation = {}): Choice {
  const { health = {}, tried = [], destination = base.destination, random = () => 0 } = situation;
  return chooseProvider(table, { facts: { ...base, destination }, tried, health: (id) => health[id], random });
}

const brief = (choice: Choice) => (choice.ok ? `${choice.provider.id} by ${choice.reason}` : choice.reason);
const verdicts = (choice: Choice) => choice.candidates.map(({ provider, verdict }) => `${provider} ${verdict}`);
const waits = (backlogSeconds: number, rate = 100): ProviderHealth => ({ open: false, backlogSeconds, rate });
const dark: ProviderHealth = { open: true, backlogSeconds: 0 };

/** Numbers that are random enough, the same each time. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** How often each provider is taken. */
function shares(table: ReturnType<typeof tableOf>, situation: Situation, draws = 4_000): Record<string, number> {
  const random = seeded(7);
  const counts: Record<string, number> = {};
  for (let n = 0; n < draws; n++) {
    const choice = decide(table, { ...situation, random });
    if (choice.ok) counts[choice.provider.id] = (counts[choice.provider.id] ?? 0) + 1 / draws;
  }
  return counts;
}

describe("balanced", () => {
  const pair = tableOf("balanced", [{}, {}, { priority: 1 }]);

  it("shares evenly between equals, and leaves the spare alone", () => {
    const counts = shares(pair, {});
    expect(counts.a).toBeCloseTo(0.5, 1);
    expect(counts.c).toBeUndefined();
    expect(verdicts(decide(pair))).toEqual(["a chosen", "b not-drawn", "c lower-priority"]);
  });

  it("gives each what it can still take: by rate, by what waits, by weight", () => {
    expect(shares(tableOf("balanced", [{ rate: 300 }, { rate: 100 }]), {}).a).toBeCloseTo(0.75, 1);
    expect(shares(pair, { health: { a: waits(0), b: waits(5) } }).a).toBeCloseTo(2 / 3, 1);
    expect(shares(pair, { health: { a: waits(0), b: waits(30) } })).toEqual({ a: expect.closeTo(1, 5) });
    expect(shares(pair, { health: { a: waits(0, 20), b: waits(0, 80) } }).a).toBeCloseTo(0.2, 1);
    expect(shares(tableOf("balanced", [{ weight: 3 }, {}]), {}).a).toBeCloseTo(0.75, 1);
  });

  it("takes the one with the least waiting when none has room soon, and the spare when none can", () => {
    const health = { a: waits(40), b: waits(30) };
    expect(brief(decide(pair, { health }))).toBe("b by balanced");
    expect(brief(decide(pair, { health: { a: dark, b: waits(61) } }))).toBe("c by failover");
    expect(brief(decide(pair, { health: { a: dark, b: waits(61), c: dark } }))).toBe("b by least-backlog");
  });

  it("keeps a pair together where one of them has begun to fall behind", () => {
    // One of two equals does half of its rate: the load of both must come to rest at what they do.
    const random = seeded(3);
    const waiting = { a: 0, b: 0 };
    const speed = { a: 100, b: 50 };
    for (let second = 0; second < 200; second++) {
      const health = { a: waits(waiting.a / 100), b: waits(waiting.b / 100) };
      for (let n = 0; n < 120; n++) {
        const choice = decide(pair, { health, random });
        if (choice.ok) waiting[choice.provider.id as "a"]++;
      }
      for (const id of ["a", "b"] as const) waiting[id] = Math.max(0, waiting[id] - speed[id]);
    }
    expect(waiting.a).toBeLessThan(500);
    expect(waiting.b).toBeLessThan(500);
  });
});

describe("least-cost", () => {
  it("takes the cheapest that can, and by weight among equals", () => {
    const table = tableOf("least-cost", [{ price: "0.02" }, { price: "0.01" }, { price: "0.01", weight: 3 }]);
    expect(verdicts(decide(table, { random: () => 0.5 }))).toEqual(["a dearer", "b not-drawn", "c chosen"]);
    expect(shares(table, {}).c).toBeCloseTo(0.75, 1);
    expect(brief(decide(table, { tried: ["b"], health: { c: dark } }))).toBe("a by least-cost");
  });

  it("compares in one currency", () => {
    // 0.0125 USD and 0.008 GBP are 0.01 EUR each.
    const given = [
      { price: "0.0124", currency: "USD" },
      { price: "0.0081", currency: "GBP" },
      { price: "0.01", currency: "EUR" },
    ];
    const choice = decide(tableOf("least-cost", given));
    expect(brief(choice)).toBe("a by least-cost");
    expect(choice).toMatchObject({ price: 12_400 });
    expect(choice.candidates.map(({ score }) => score)).toEqual([0.00992, expect.closeTo(0.010125, 9), 0.01]);
  });

  it("equals looking for the least by hand", () => {
    const given = fc.array(
      fc.record({ price: fc.constantFrom("0.01", "0.02", "0.03"), currency: fc.constantFrom("EUR", "USD") }),
      { minLength: 1, maxLength: 4 },
    );
    const health = fc.dictionary(fc.constantFrom(...ids), fc.constantFrom(dark, waits(0), waits(99)));
    const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(given, health, draw, (list, known, random) => {
        const choice = decide(tableOf("least-cost", list), { health: known, random: () => random });
        const inEuro = ({ price, currency }: { price: string; currency: string }) =>
          Number(price) / (currency === "USD" ? 1.25 : 1);
        const usable = list.filter(
          (_, place) => (known[ids[place]!]?.backlogSeconds ?? 0) < 60 && !known[ids[place]!]?.open,
        );
        if (usable.length === 0) {
          expect(brief(choice)).not.toContain("least-cost");
          return;
        }
        if (!choice.ok) throw new Error(choice.reason);
        const paid = list[ids.indexOf(choice.provider.id)]!;
        expect(inEuro(paid)).toBeCloseTo(Math.min(...usable.map(inEuro)), 9);
        const dearer = choice.candidates.filter(({ verdict }) => verdict === "dearer");
        for (const { provider } of dearer) expect(inEuro(list[ids.indexOf(provider)]!)).toBeGreaterThan(inEuro(paid));
      }),
      { numRuns: 500 },
    );
  });
});

describe("sticky", () => {
  const numbers = Array.from({ length: 4_000 }, (_, n) => `4917${String(n * 7_919 + 10_000_000)}`);
  const takers = (given: readonly Given[], situation: Situation = {}) => {
    const table = tableOf("sticky", given);
    return numbers.map((destination) => {
      const choice = decide(table, { ...situation, destination, random: () => expect.unreachable() as never });
      return choice.ok ? choice.provider.id : choice.reason;
    });
  };
  const share = (all: readonly string[], id: string) => all.filter((one) => one === id).length / all.length;

  it("shares the numbers by weight, asking nobody for chance", () => {
    const all = takers([{ weight: 3 }, {}, {}]);
    expect(share(all, "a")).toBeCloseTo(0.6, 1);
    expect(share(all, "b")).toBeCloseTo(0.2, 1);
  });

  it("moves only the numbers of one that cannot, and gives them back", () => {
    const before = takers([{}, {}, {}]);
    const during = takers([{}, {}, {}], { health: { b: dark } });
    for (const [n, id] of before.entries()) expect([n, during[n]]).toEqual([n, id === "b" ? during[n] : id]);
    expect(during).not.toContain("b");
    expect(share(during, "a")).toBeCloseTo(0.5, 1);
    expect(takers([{}, {}, {}])).toEqual(before);
  });

  it("gives a provider that comes its share of all others', and moves nothing between those", () => {
    const before = takers([{}, {}, {}]);
    const after = takers([{}, {}, {}, {}]);
    const moved = before.filter((id, n) => after[n] !== id);
    for (const [n, id] of after.entries()) if (id !== before[n]) expect(id).toBe("d");
    expect(moved.length / before.length).toBeCloseTo(0.25, 1);
    // More weight takes numbers from the others, and loses none.
    const heavier = takers([{ weight: 2 }, {}, {}]);
    for (const [n, id] of heavier.entries()) if (id !== before[n]) expect(id).toBe("a");
  });

  it("says that the others come after it for this number", () => {
    const choice = decide(tableOf("sticky", [{}, {}]));
    expect(verdicts(choice).sort((a, b) => a.length - b.length)).toEqual([
      expect.stringMatching(/^[ab] chosen$/),
      expect.stringMatching(/^[ab] less-preferred$/),
    ]);
    expect(choice).toMatchObject({ reason: "sticky" });
  });
});

describe("every strategy", () => {
  const given = fc.array(
    fc.record({ weight: fc.double({ min: 0.001, max: 1_000, noNaN: true }), rate: fc.integer({ min: 1, max: 1_000 }) }),
    { minLength: 1, maxLength: 4 },
  );
  const state = fc.record({ open: fc.boolean(), backlogSeconds: fc.nat(100), rate: fc.constantFrom(0, 50, 100) });
  const situation = fc.record({
    health: fc.dictionary(fc.constantFrom(...ids), state),
    tried: fc.subarray(ids),
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }).map((value) => () => value),
  });

  it.each(["priority", "weighted", "balanced", "least-cost", "sticky"])(
    "%s takes one that can, if there is any",
    (name) => {
      fc.assert(
        fc.property(given, situation, (list, now) => {
          const choice = decide(tableOf(name, list), now);
          const fit = ids.slice(0, list.length).filter((id) => !now.tried.includes(id) && !now.health[id]?.open);
          const unhurried = fit.filter((id) => (now.health[id]?.backlogSeconds ?? 0) <= 60);
          expect(choice.ok).toBe(fit.length > 0);
          expect(choice.candidates.filter(({ verdict }) => verdict === "chosen")).toHaveLength(choice.ok ? 1 : 0);
          if (!choice.ok) return;
          expect(unhurried.length > 0 ? unhurried : fit).toContain(choice.provider.id);
          if (unhurried.length === 0) expect(choice.reason).toBe("least-backlog");
          else expect([name, "failover"]).toContain(choice.reason);
        }),
        { numRuns: 500 },
      );
    },
  );
});
