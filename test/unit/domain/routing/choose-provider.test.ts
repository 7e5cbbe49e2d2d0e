import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCatalog } from "../../../../domain/catalog/catalog.ts";
import { priceOf } from "../../../../domain/catalog/price-list.ts";
import { lanes } from "../../../../domain/message/lane.ts";
import { parseDestination } from "../../../../domain/numbers/destination.ts";
import { networkOf } from "../../../../domain/numbers/network.ts";
import type { ProviderHealth } from "../../../../domain/routing/candidate.ts";
import { chooseProvider, defaultBacklogLimit } from "../../../../domain/routing/choose-provider.ts";
import type { MessageFacts } from "../../../../domain/routing/message-facts.ts";
import { compileRoutes } from "../../../../domain/routing/route-table.ts";
import { exampleCatalog, examplePlain } from "../catalog/example.ts";

const { routes, providers } = exampleCatalog();
const table = compileRoutes(routes, providers);
const german: MessageFacts = {
  destination: "491711234567",
  country: "DE",
  mccMnc: "26201",
  account: "globex",
  lane: "transactional",
  from: undefined,
  labels: {},
  at: 0,
};
const french: MessageFacts = { ...german, destination: "33612345678", country: "FR", mccMnc: "20801" };
const well: ProviderHealth = { open: false, backlogSeconds: 0 };

interface Situation {
  tried?: string[];
  health?: Record<string, ProviderHealth>;
  random?: number;
}

function choose(facts: MessageFacts, { tried = [], health = {}, random = 0 }: Situation = {}) {
  return chooseProvider(table, { facts, tried, health: (id) => health[id], random: () => random });
}

function brief(facts: MessageFacts, situation: Situation = {}) {
  const choice = choose(facts, situation);
  return choice.ok ? `${choice.provider.id} by ${choice.reason}` : choice.reason;
}

const verdicts = (facts: MessageFacts, situation: Situation = {}) =>
  choose(facts, situation).candidates.map(({ provider, verdict }) => `${provider} ${verdict}`);

describe("prices by the month's volume", () => {
  const plain = examplePlain();
  Object.assign(plain.providers[0]!, { volume: { committed: 100, tiers: [{ from: 1_000, percent: 50 }] } });
  plain.routes = [{ id: "cheapest", strategy: "least-cost", providers: [{ id: "north" }, { id: "web" }] }];
  const parsed = parseCatalog(plain, 12);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const cheapest = compileRoutes(parsed.value.routes, parsed.value.providers);
  const priced = (north: ProviderHealth | undefined, at = 0) => {
    const health = (id: string) => (id === "north" ? north : undefined);
    const choice = chooseProvider(cheapest, { facts: { ...french, at }, tried: [], health, random: () => 0 });
    return choice.ok ? [choice.provider.id, choice.price] : choice.reason;
  };
  const had = (segmentsThisMonth: number) => ({ ...well, segmentsThisMonth, monthEnd: 5_000 });

  it("are those of the tier that the senders' counts tell, in the month of the decision", () => {
    expect(priced(had(99))).toEqual(["north", 0]);
    expect(priced(had(100))).toEqual(["north", 50_000]);
    expect(priced(had(1_000))).toEqual(["north", 25_000]);
    expect(priced(had(1_000), 4_999)).toEqual(["north", 25_000]);
    expect(priced(had(1_000), 5_000), "a new month has begun").toEqual(["north", 0]);
    expect(priced(undefined), "nothing was told yet").toEqual(["north", 0]);
  });

  it("cost nothing until a commitment in money is reached, and tell what they count for it", () => {
    const spending = examplePlain();
    Object.assign(spending.providers[0]!, {
      volume: { committedSpend: "5000", tiers: [{ from: 1_000, percent: 50 }] },
    });
    spending.routes = [{ id: "first", strategy: "priority", providers: [{ id: "north" }] }];
    const read = parseCatalog(spending, 12);
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const table = compileRoutes(read.value.routes, read.value.providers);
    const at = (spentThisMonth: number, segmentsThisMonth = 0, now = 0) => {
      const health = () => ({ ...had(segmentsThisMonth), spentThisMonth });
      const choice = chooseProvider(table, { facts: { ...french, at: now }, tried: [], health, random: () => 0 });
      return choice.ok ? [choice.price, choice.tariff] : choice.reason;
    };
    expect(at(4_999_999_999)).toEqual([0, 50_000]);
    expect(at(5_000_000_000)).toEqual([50_000, 50_000]);
    expect(at(4_999_999_999, 1_000)).toEqual([0, 25_000]);
    expect(at(5_000_000_000, 1_000)).toEqual([25_000, 25_000]);
    expect(at(5_000_000_000, 1_000, 5_000), "a new month has begun").toEqual([0, 50_000]);
    const plainly = chooseProvider(cheapest, { facts: french, tried: [], health: () => had(0), random: () => 0 });
    expect(plainly).toMatchObject({ ok: true, tariff: undefined });
  });
});

describe("chooseProvider", () => {
  it("takes the first route that matches, and says why each candidate lost", () => {
    expect(choose(french)).toMatchObject({
      ok: true,
      provider: { id: "north" },
      price: 50_000,
      route: "rest",
      reason: "priority",
    });
    expect(verdicts(french)).toEqual(["north chosen", "south lower-priority", "web lower-priority"]);
    expect(choose({ ...german, account: "acme", lane: "otp" })).toMatchObject({
      route: "acme-codes",
      provider: { id: "web" },
    });
    expect(verdicts({ ...german, lane: "otp" })).toEqual(["north chosen", "south lane-not-carried"]);
  });

  it("routes and prices the islands by their own country and network, not as Great Britain", () => {
    const plain = examplePlain();
    plain.providers[0]!.prices = [
      { country: "GB", price: "0.01" },
      { country: "GG", price: "0.05" },
      { mccMnc: "23450", price: "0.06" },
    ];
    plain.routes.splice(0, plain.routes.length, {
      id: "islands",
      when: { countries: ["GG", "JE", "IM"] },
      strategy: "priority",
      providers: [{ id: "north" }],
    });
    const parsed = parseCatalog(plain, 12);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const { routes, providers } = parsed.value;
    const islands = compileRoutes(routes, providers);
    const chosen = (to: string) => {
      const destination = parseDestination(to);
      if (!destination.ok) throw new Error(destination.reason);
      const { e164, country } = destination;
      const facts = { ...german, destination: e164, country, mccMnc: networkOf(e164)?.mccMnc };
      const choice = chooseProvider(islands, { facts, tried: [], health: () => undefined, random: () => 0 });
      return choice.ok ? [country, choice.route, choice.price] : [country, choice.reason];
    };
    // JT and Sure in Guernsey; a British number has no route here.
    expect(chosen("+447911123456")).toEqual(["GG", "islands", 60_000]);
    expect(chosen("+447781123456")).toEqual(["GG", "islands", 50_000]);
    expect(chosen("+447400123456")).toEqual(["GB", "no-route"]);
  });

  it("moves on when a provider was tried, is dark, or has too much waiting", () => {
    expect(brief(french, { tried: ["north"] })).toBe("south by failover");
    expect(brief(french, { health: { north: { open: true, backlogSeconds: 0 } } })).toBe("south by failover");
    expect(brief(french, { health: { north: { open: false, backlogSeconds: 61 } } })).toBe("south by failover");
    expect(verdicts(french, { tried: ["north"], health: { south: { open: true, backlogSeconds: 0 } } })).toEqual([
      "north already-tried",
      "south circuit-open",
      "web chosen",
    ]);
    const us = { ...french, country: "US", destination: "12125550123", mccMnc: undefined };
    expect(verdicts(us, { tried: ["north"] })).toEqual([
      "north already-tried",
      "south destination-not-served",
      "web chosen",
    ]);
  });

  it("draws by weight among those that can", () => {
    expect([0, 0.74, 0.76, 0.999].map((random) => brief(german, { random }))).toEqual([
      "north by weighted",
      "north by weighted",
      "south by weighted",
      "south by weighted",
    ]);
    expect(brief(german, { random: 0, tried: ["north"] })).toBe("south by weighted");
    expect(verdicts(german, { random: 0.9 })).toEqual(["north not-drawn", "south chosen"]);
  });

  it("takes the shortest backlog when all are too long", () => {
    const health = {
      north: { open: false, backlogSeconds: 500 },
      south: { open: false, backlogSeconds: 300 },
      web: { open: true, backlogSeconds: 0 },
    };
    expect(brief(french, { health })).toBe("south by least-backlog");
    expect(verdicts(french, { health })).toEqual(["north backlog-too-long", "south chosen", "web circuit-open"]);
  });

  it("says whether waiting can help when nobody is left", () => {
    const dark = { open: true, backlogSeconds: 0 };
    expect(brief(german, { health: { north: dark, south: dark } })).toBe("circuits-open");
    expect(brief(german, { tried: ["south"], health: { north: dark } })).toBe("circuits-open");
    expect(brief(german, { tried: ["north", "south"] })).toBe("no-provider-left");
    const onlyGermany = compileRoutes(routes.slice(1, 2), providers);
    const input = { facts: french, tried: [], health: () => undefined, random: () => 0 };
    expect(chooseProvider(onlyGermany, input)).toMatchObject({
      ok: false,
      route: undefined,
      reason: "no-route",
      candidates: [],
    });
  });

  it("groups providers of one priority and draws among them", () => {
    const plain = examplePlain();
    plain.routes = [
      {
        id: "tiers",
        strategy: "priority",
        providers: [
          { id: "north", priority: 2 },
          { id: "web", priority: 1, weight: 1 },
          { id: "south", priority: 1, weight: 1 },
        ],
      },
    ];
    const parsed = parseCatalog(plain, 12);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const tiers = compileRoutes(parsed.value.routes, parsed.value.providers);
    const input = { facts: german, tried: [] as string[], health: () => well };
    expect(chooseProvider(tiers, { ...input, random: () => 0.1 })).toMatchObject({
      provider: { id: "web" },
      reason: "priority",
    });
    expect(chooseProvider(tiers, { ...input, random: () => 0.9 })).toMatchObject({
      provider: { id: "south" },
      reason: "priority",
    });
    expect(chooseProvider(tiers, { ...input, tried: ["web", "south"], random: () => 0 })).toMatchObject({
      provider: { id: "north" },
      reason: "failover",
    });
  });

  it("never takes a provider that anything hard speaks against, and always one if there is any", () => {
    const health = fc.record({ open: fc.boolean(), backlogSeconds: fc.nat(200) });
    const situation = fc.record({
      tried: fc.subarray(["north", "south", "web"]),
      health: fc.record({ north: health, south: health, web: health }),
      random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    });
    const facts = fc
      .record({
        lane: fc.constantFrom(...lanes),
        account: fc.constantFrom("acme", "globex"),
        at: fc.constantFrom(german, french),
      })
      .map(({ lane, account, at }) => ({ ...at, lane, account }));
    fc.assert(
      fc.property(facts, situation, (message, now) => {
        const choice = choose(message, now);
        const inRoute = routes.find(({ id }) => id === choice.route)?.providers.map(({ id }) => id) ?? [];
        const usable = providers.filter(
          (provider) =>
            inRoute.includes(provider.id) &&
            provider.lanes.includes(message.lane) &&
            priceOf(provider, message) !== undefined &&
            !now.tried.includes(provider.id) &&
            !now.health[provider.id as "web"].open,
        );
        expect(choice.ok).toBe(usable.length > 0);
        expect(choice.candidates.map(({ provider }) => provider).sort()).toEqual([...inRoute].sort());
        expect(choice.candidates.filter(({ verdict }) => verdict === "chosen")).toHaveLength(choice.ok ? 1 : 0);
        if (!choice.ok) return;
        expect(usable.map(({ id }) => id)).toContain(choice.provider.id);
        const limit = defaultBacklogLimit[message.lane];
        const unhurried = usable.filter(({ id }) => now.health[id as "web"].backlogSeconds <= limit);
        if (unhurried.length > 0) expect(unhurried.map(({ id }) => id)).toContain(choice.provider.id);
        else expect(choice.reason).toBe("least-backlog");
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("compileRoutes", () => {
  it("cannot compile routes that were not checked", () => {
    expect(() => compileRoutes(routes, providers.slice(1))).toThrow('names provider "north"');
  });
});
