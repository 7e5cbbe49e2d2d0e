import fc from "fast-check";
import { expect, it } from "vitest";
import { parseCatalog } from "../../../../domain/catalog/catalog.ts";
import type { ProviderUse } from "../../../../domain/catalog/provider.ts";
import { snapshotOf } from "../../../../domain/catalog/snapshot.ts";
import { type Lane, lanes } from "../../../../domain/message/lane.ts";
import { chooseProvider, defaultBacklogLimit } from "../../../../domain/routing/choose-provider.ts";
import type { MessageFacts } from "../../../../domain/routing/message-facts.ts";

/** Decisions beside a model that does what docs/catalog.md says, step by step, and knows no index, no tiers and no strategies. */

interface PlainProvider {
  readonly id: string;
  readonly currency: string;
  readonly rate: number;
  readonly lanes: readonly Lane[];
  readonly use: ProviderUse;
  readonly kind: "smpp" | "http-twilio";
  /** By country; "" is everywhere else. Cents. */
  readonly prices: Readonly<Record<string, number>>;
  readonly charged: "submit" | "delivery";
}
interface PlainMember {
  readonly id: string;
  readonly weight: number;
  readonly priority?: number | undefined;
}
interface PlainRoute {
  readonly id: string;
  readonly when: Readonly<Partial<Record<"countries" | "lanes" | "accounts" | "prefixes", readonly string[]>>>;
  readonly strategy: string;
  readonly providers: readonly PlainMember[];
}
interface Situation {
  readonly health: Readonly<Record<string, { open: boolean; backlogSeconds: number; rate: number }>>;
  readonly tried: readonly string[];
  readonly refused: readonly string[];
  readonly draw: number;
}
interface Decision {
  readonly route: string | undefined;
  readonly provider?: string;
  readonly reason: string;
  readonly verdicts: Readonly<Record<string, string>>;
}

const IDS = ["a", "b", "c", "d"];
const IN_EURO: Readonly<Record<string, number>> = { EUR: 1, USD: 0.5, GBP: 2 };
/** What account globex may pay, cents of a euro, and whether it waits for it. */
interface PlainCap {
  readonly cents: number;
  readonly wait: boolean;
}
const RATES = { base: "EUR", date: "2026-01-31", rates: { USD: "2", GBP: "0.5" } };

/** A value in most cases, so that not everything is refused for something else. */
const mostly = <T>(value: T, rarely: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: rarely });
const cents = fc.constantFrom(1, 2, 4);

// Whole and binary numbers only: sums and products of them are exact, so a draw is never on the edge by rounding.
const provider = fc.record({
  currency: fc.constantFrom("EUR", "USD", "GBP"),
  rate: fc.constantFrom(64, 128),
  lanes: mostly([...lanes], fc.subarray([...lanes], { minLength: 1 })),
  kind: fc.constantFrom("smpp" as const, "http-twilio" as const),
  use: mostly<ProviderUse>("normal", fc.constantFrom("drain", "none")),
  charged: fc.constantFrom("submit" as const, "delivery" as const),
  prices: fc
    .tuple(fc.dictionary(fc.constantFrom("DE", "FR"), cents, { minKeys: 1 }), fc.option(cents, { nil: undefined }))
    .map(([named, elsewhere]) => (elsewhere === undefined ? named : { ...named, "": elsewhere })),
});
const route = fc
  .record({
    when: fc.record(
      {
        countries: fc.subarray(["DE", "FR"], { minLength: 1 }),
        lanes: fc.subarray<string>([...lanes], { minLength: 1 }),
        accounts: fc.constant(["acme"]),
        prefixes: fc.subarray(["49", "4917", "33"], { minLength: 1 }),
      },
      { requiredKeys: [] },
    ),
    strategy: fc.constantFrom("priority", "weighted", "balanced", "least-cost"),
    members: fc.uniqueArray(
      fc.record({ place: fc.nat(3), weight: fc.constantFrom(1, 2, 4), priority: fc.constantFrom(undefined, 0, 1) }),
      { minLength: 1, maxLength: 4, selector: ({ place }) => place },
    ),
  })
  .map(({ when, strategy, members }) => ({
    when,
    strategy,
    members: members.map(({ priority, ...rest }) =>
      priority === undefined || !["priority", "balanced"].includes(strategy) ? rest : { ...rest, priority },
    ),
  }));
const priceCap = fc.record({ cents: fc.constantFrom(0, 1, 2, 4), wait: fc.boolean() });
const message = fc
  .record({
    country: fc.constantFrom("DE", "FR"),
    lane: fc.constantFrom(...lanes),
    account: fc.constantFrom("acme", "globex"),
    from: fc.constantFrom(undefined, "ACME", "1&1"),
    segments: fc.constantFrom(undefined, 1, 2),
  })
  .map((facts): MessageFacts => {
    const destination = facts.country === "DE" ? "491711234567" : "33612345678";
    const { segments, ...rest } = facts;
    const counted = segments === undefined ? {} : { segments };
    return { ...rest, ...counted, destination, mccMnc: undefined, labels: {}, at: 0 };
  });
const situation = fc.record({
  health: fc.dictionary(
    fc.constantFrom(...IDS),
    fc.record({
      open: mostly(false, fc.boolean()),
      backlogSeconds: fc.constantFrom(0, 0.5, 4, 8, 50, 70, 4_000),
      rate: fc.constantFrom(32, 64),
    }),
  ),
  tried: mostly<string[]>([], fc.subarray(IDS)),
  refused: mostly<string[]>([], fc.subarray(IDS)),
  draw: fc.nat(15).map((n) => n / 16),
});

function holds({ when }: PlainRoute, { country, lane, account, destination }: MessageFacts): boolean {
  return (
    (when.countries?.includes(country) ?? true) &&
    (when.lanes?.includes(lane) ?? true) &&
    (when.accounts?.includes(account) ?? true) &&
    (when.prefixes?.some((prefix) => destination.startsWith(prefix)) ?? true)
  );
}

/** The first route that holds; of those that differ in their prefixes only the one with the longest. */
function routeOf(routes: readonly PlainRoute[], facts: MessageFacts): PlainRoute | undefined {
  const holding = routes.filter((one) => holds(one, facts));
  const [first] = holding;
  if (first?.when.prefixes === undefined) return first;
  const beside = ({ when }: PlainRoute) =>
    JSON.stringify(["countries", "lanes", "accounts"].map((name) => when[name as "lanes"]?.toSorted()));
  const longest = ({ when }: PlainRoute) =>
    Math.max(0, ...(when.prefixes ?? []).filter((prefix) => facts.destination.startsWith(prefix)).map((p) => p.length));
  const alike = holding.filter((one) => one.when.prefixes !== undefined && beside(one) === beside(first));
  return alike.toSorted((x, y) => longest(y) - longest(x))[0];
}

function modelOf(
  providers: readonly PlainProvider[],
  routes: readonly PlainRoute[],
  facts: MessageFacts,
  { health, tried, refused, draw }: Situation,
  cap: PlainCap,
): Decision {
  const chosen = routeOf(routes, facts);
  if (chosen === undefined) return { route: undefined, reason: "no-route", verdicts: {} };
  const named = (id: string) => providers.find((one) => one.id === id)!;
  const backlog = (id: string) => health[id]?.backlogSeconds ?? 0;
  const limit = defaultBacklogLimit[facts.lane];
  const cents = (id: string) => named(id).prices[facts.country] ?? named(id).prices[""];
  const cost = (id: string) => cents(id)! * IN_EURO[named(id).currency]!;
  const capped = facts.account === "globex";
  const against = (id: string): string | undefined => {
    if (!named(id).lanes.includes(facts.lane)) return "lane-not-carried";
    if (cents(id) === undefined) return "destination-not-served";
    if (facts.from === "1&1" && named(id).kind !== "smpp") return "sender-not-carried";
    if (capped && cost(id) * (facts.segments ?? 1) > cap.cents) return "above-price-cap";
    if (refused.includes(id)) return "refused";
    if (tried.includes(id)) return "already-tried";
    if (named(id).use !== "normal") return "out-of-use";
    if (health[id]?.open) return "circuit-open";
    return backlog(id) > limit ? "backlog-too-long" : undefined;
  };
  const verdicts: Record<string, string> = {};
  for (const { id } of chosen.providers) verdicts[id] = against(id) ?? "lower-priority";

  const rank = ({ priority }: PlainMember, place: number) =>
    chosen.strategy === "priority" ? (priority ?? place) : chosen.strategy === "balanced" ? (priority ?? 0) : 0;
  const ranked = chosen.providers.map((member, place) => ({ ...member, rank: rank(member, place) }));
  const fit = ranked.filter(({ id }) => verdicts[id] === "lower-priority");
  if (fit.length === 0) {
    // In the order in which they are asked.
    const late = ranked.filter(({ id }) => verdicts[id] === "backlog-too-long").toSorted((x, y) => x.rank - y.rank);
    const least = late.toSorted((x, y) => backlog(x.id) - backlog(y.id))[0];
    if (least !== undefined) {
      verdicts[least.id] = "chosen";
      return { route: chosen.id, provider: least.id, reason: "least-backlog", verdicts };
    }
    const said = new Set(Object.values(verdicts));
    const tooDear = said.has("above-price-cap");
    const waits = (said.has("circuit-open") || said.has("out-of-use")) && (cap.wait || !tooDear);
    return { route: chosen.id, reason: waits ? "circuits-open" : tooDear ? "price-cap" : "no-provider-left", verdicts };
  }
  const top = Math.min(...fit.map((one) => one.rank));
  let tier = fit.filter((one) => one.rank === top);
  for (const { id } of tier) verdicts[id] = "not-drawn";
  if (chosen.strategy === "least-cost") {
    const least = Math.min(...tier.map(({ id }) => cost(id)));
    const cheapest = tier.filter(({ id }) => cost(id) === least);
    const later = cheapest.filter(({ id }) => named(id).charged === "delivery");
    const best = later.length > 0 ? later : cheapest;
    for (const { id } of tier) if (!best.some((one) => one.id === id)) verdicts[id] = "dearer";
    tier = best;
  }
  const ahead = Math.min(10, limit);
  const room = ({ id, weight }: PlainMember) =>
    Math.max(0, ahead - backlog(id)) * (health[id]?.rate ?? named(id).rate) * weight;
  const share = (member: PlainMember) => (chosen.strategy === "balanced" ? room(member) : member.weight);
  const total = tier.reduce((sum, member) => sum + share(member), 0);
  let passed = 0;
  const drawn =
    total > 0
      ? tier.find((member) => {
          passed += share(member);
          return draw * total < passed;
        })!
      : tier.toSorted((x, y) => backlog(x.id) - backlog(y.id))[0]!;
  verdicts[drawn.id] = "chosen";
  const first = Math.min(...ranked.map((one) => one.rank));
  return { route: chosen.id, provider: drawn.id, reason: top === first ? chosen.strategy : "failover", verdicts };
}

/** The same catalog as an operator would write it. */
function snapshotFor(providers: readonly PlainProvider[], routes: readonly PlainRoute[], cap: PlainCap) {
  const smpp = { host: "h", port: 1, systemId: "s", password: "p" };
  const http = { baseUrl: "http://127.0.0.1", accountSid: "AC1", authToken: "t", from: "12345" };
  const plain = providers.map(({ prices, kind, charged, ...rest }) => ({
    ...rest,
    kind,
    ...(kind === "smpp" ? { smpp } : { http: { ...http, statusCallbackUrl: `https://us/webhooks/twilio/${rest.id}` } }),
    prices: Object.entries(prices).map(([country, cents]) => ({
      ...(country === "" ? {} : { country }),
      price: `0.0${cents}`,
      charged,
    })),
  }));
  const maxPrice = { currency: "EUR", amount: `0.0${cap.cents}`, wait: cap.wait };
  const accounts = [
    { id: "acme", name: "Acme" },
    { id: "globex", name: "Globex", maxPrice },
  ];
  return parseCatalog({ accounts, providers: plain, routes, rates: RATES }, 6);
}

it("decides as a model does that asks every route and every provider in turn", () => {
  let compared = 0;
  fc.assert(
    fc.property(
      fc.tuple(provider, provider, provider, provider),
      fc.array(route, { minLength: 1, maxLength: 5 }),
      fc.array(fc.tuple(message, situation), { minLength: 6, maxLength: 12 }),
      priceCap,
      (given, list, asked, cap) => {
        const providers = given.map((one, place) => ({ id: IDS[place]!, ...one }));
        // The last one is for everything: behind it there could be no other.
        const routes = list.map(({ when, strategy, members }, place) => ({
          ...{ id: `r${place}`, when: place === list.length - 1 ? {} : when, strategy },
          providers: members.map(({ place: which, ...member }) => ({ id: IDS[which]!, ...member })),
        }));
        const parsed = snapshotFor(providers, routes, cap);
        // Routes that can never hold are refused; that is another test's matter.
        fc.pre(parsed.ok);
        const { routes: table } = snapshotOf(parsed.value);
        for (const [facts, now] of asked) {
          const choice = chooseProvider(table, {
            facts,
            tried: now.tried,
            refused: new Map(now.refused.map((id) => [id, true])),
            health: (id) => now.health[id],
            random: () => now.draw,
          });
          const verdicts = Object.fromEntries(choice.candidates.map((one) => [one.provider, one.verdict]));
          const decision = { route: choice.route, reason: choice.reason, verdicts };
          expect(choice.ok ? { ...decision, provider: choice.provider.id } : decision).toEqual(
            modelOf(providers, routes, facts, now, cap),
          );
          compared++;
        }
      },
    ),
    // A catalog takes longer to be read than a message to be decided.
    { numRuns: 400 },
  );
  expect(compared).toBeGreaterThan(2_000);
});
