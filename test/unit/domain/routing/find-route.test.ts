import fc from "fast-check";
import { expect, it } from "vitest";
import { parseRoute } from "../../../../domain/catalog/catalog.ts";
import type { Region } from "../../../../domain/catalog/region.ts";
import type { Route, RouteConditions } from "../../../../domain/catalog/route.ts";
import { lanes } from "../../../../domain/message/lane.ts";
import type { MessageFacts } from "../../../../domain/routing/message-facts.ts";
import { compileRoutes, findRoute, type RouteTable } from "../../../../domain/routing/route-table.ts";
import { exampleCatalog } from "../catalog/example.ts";

const { providers } = exampleCatalog();
const regions = [
  { id: "dach", countries: ["DE", "AT", "CH"] },
  { id: "west", countries: ["FR", "DE"] },
] as Region[];
// 2026-01-05 was a Monday; Berlin was an hour ahead of UTC.
const MONDAY = Date.UTC(2026, 0, 5);
const HOUR = 3_600_000;

const some = <T>(values: T[]) => fc.option(fc.subarray(values, { minLength: 1 }), { nil: undefined });
const times = some([
  { days: ["mon"], zone: "UTC" },
  { days: ["tue", "sun"], from: "22:00", to: "03:00", zone: "UTC" },
]);
const conditions = fc.record({
  countries: some(["DE", "FR", "US"]),
  regions: some(["dach", "west"]),
  mccMncs: some(["26201", "20801"]),
  prefixes: some(["4", "49", "4917", "49171", "336", "1"]),
  accounts: some(["acme", "globex"]),
  lanes: some([...lanes]),
  senders: some(["A", "B"]),
  labels: some(["tier=gold", "tier=", "campaign=a=b"]),
  times,
});
const message = fc.record({
  destination: fc.constantFrom("491711234567", "493012345678", "33612345678", "12125550123"),
  country: fc.constantFrom("DE", "FR", "US", "AT"),
  mccMnc: fc.constantFrom("26201", "20801", "26299", undefined),
  account: fc.constantFrom("acme", "globex", "other"),
  lane: fc.constantFrom(...lanes),
  from: fc.constantFrom("A", "C", undefined),
  labels: fc.constantFrom<Record<string, string>>(
    {},
    { tier: "gold" },
    { tier: "", campaign: "a=b" },
    { campaign: "a", toString: "x" },
  ),
  at: fc.constantFrom(0, 12, 23, 26, 47, 49, 167).map((hours) => MONDAY + hours * HOUR),
});

/** The windows above in words of their own: all of Monday; Tuesday and Sunday nights from 22:00 to 03:00. */
function inWindow({ days }: { days: string[] }, at: number): boolean {
  const hour = new Date(at).getUTCHours();
  const day = new Date(at).getUTCDay();
  if (days.includes("mon")) return day === 1;
  return hour >= 22 ? day === 2 || day === 0 : hour < 3 && (day === 3 || day === 1);
}

/** What a route's conditions say, condition by condition. */
function holds(when: RouteConditions, facts: MessageFacts): boolean {
  const within = (when.regions ?? []).flatMap(
    (id) => regions.find((region) => region.id === id)!.countries as string[],
  );
  return (
    (when.countries?.includes(facts.country) ?? true) &&
    (when.regions === undefined || within.includes(facts.country)) &&
    (when.mccMncs?.includes(facts.mccMnc as string) ?? true) &&
    (when.prefixes?.some((prefix) => facts.destination.startsWith(prefix)) ?? true) &&
    (when.accounts?.includes(facts.account) ?? true) &&
    (when.lanes?.includes(facts.lane) ?? true) &&
    (when.senders?.includes(facts.from as string) ?? true) &&
    (when.labels?.some((label) => Object.entries(facts.labels).some((entry) => entry.join("=") === label)) ?? true) &&
    (when.times?.some((window) => inWindow(window, facts.at)) ?? true)
  );
}

function routesOf(whens: readonly unknown[]) {
  return whens.map((when, place) => {
    const parsed = parseRoute({ id: `r${place}`, when, strategy: "priority", providers: [{ id: "north" }] });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    return parsed.value;
  });
}

/** The first route that holds; among those alike but for their prefixes the one with the longest, and the first of equals. */
function naive(routes: readonly Route[], facts: MessageFacts): string | undefined {
  const holding = routes.filter(({ when }) => holds(when, facts));
  const [first] = holding;
  if (first?.when.prefixes === undefined) return first?.id;
  const length = ({ when }: Route) =>
    Math.max(...when.prefixes!.map((prefix) => (facts.destination.startsWith(prefix) ? prefix.length : 0)));
  const alike = holding.filter(({ when }) => when.prefixes !== undefined && others(when) === others(first.when));
  return alike.reduce((best, route) => (length(route) > length(best) ? route : best)).id;
}

/** What conditions say beside prefixes, countries and regions as the countries that they leave. */
function others(when: RouteConditions): string {
  const { prefixes: _, regions: named, countries, ...more } = when;
  const within = named?.flatMap((id) => regions.find((region) => region.id === id)!.countries as string[]);
  const left =
    within === undefined
      ? countries
      : [...new Set(within)].filter((one) => (countries as string[] | undefined)?.includes(one) ?? true);
  const sorted = Object.entries({ ...more, left }).map(([name, values]) => [
    name,
    (values as unknown[] | undefined)?.map((value) => JSON.stringify(value)).sort(),
  ]);
  return JSON.stringify(sorted.filter(([, values]) => values !== undefined).sort());
}

/** Its id. */
function found(table: RouteTable, facts: MessageFacts): string | undefined {
  const place = findRoute(table, facts);
  return place === undefined ? undefined : table.ids[place];
}

it("finds the route that asking every one finds", () => {
  const routeList = fc.array(conditions, { maxLength: 12 });
  const messages = fc.array(message, { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(routeList, messages, (whens, all) => {
      const routes = routesOf(whens);
      const table = compileRoutes(routes, providers, { regions });
      for (const facts of all) expect(found(table, facts)).toBe(naive(routes, facts));
    }),
    { numRuns: 2_000 },
  );
});

it("finds the longest prefix of routes that are otherwise alike, whatever stands between them", () => {
  // Prefixes and one more condition: most routes are alike.
  const when = fc.record({
    prefixes: fc.subarray(["4", "49", "4917", "49171", "336", "33"], { minLength: 1 }),
    lanes: fc.constantFrom(undefined, ["otp"], ["otp", "marketing"], ["marketing", "otp"]),
  });
  fc.assert(
    fc.property(fc.array(when, { maxLength: 8 }), message, (whens, facts) => {
      const routes = routesOf(whens);
      expect(found(compileRoutes(routes, providers, { regions }), facts)).toBe(naive(routes, facts));
    }),
    { numRuns: 2_000 },
  );
});

it("finds it among many routes of one kind, and in those that the index cannot hold whole", () => {
  const numbers = Array.from({ length: 300 }, (_, n) => `4917${String(n).padStart(3, "0")}`);
  const accounts = Array.from({ length: 20 }, (_, n) => `a-${String.fromCharCode(97 + n)}`);
  const routes = routesOf([
    { prefixes: numbers, accounts, labels: ["tier=gold"] },
    { prefixes: ["49170", "49171"], accounts: accounts.slice(0, 18) },
    ...numbers.map((prefix) => ({ prefixes: [prefix] })),
  ]);
  const table = compileRoutes(routes, providers);
  const foundFor = (destination: string, account: string, labels = {}) =>
    found(table, { ...base, destination, account, labels });
  const base: MessageFacts = {
    destination: "",
    country: "DE",
    mccMnc: undefined,
    account: "",
    lane: "otp",
    from: undefined,
    labels: {},
    at: 0,
  };
  expect(foundFor("491701234567", "a-b", { tier: "gold" })).toBe("r0");
  expect(foundFor("491701234567", "a-b")).toBe("r1");
  expect(foundFor("491701234567", "a-t")).toBe("r14");
  expect(foundFor("491729934567", "a-t", { tier: "gold" })).toBe("r0");
  expect(foundFor("491729934567", "a-z", { tier: "gold" })).toBe("r301");
  expect(foundFor("491731234567", "a-b")).toBeUndefined();
});

it("takes labels and accounts that have the names of what every object has", () => {
  const routes = routesOf([{ labels: ["constructor=x"] }, { accounts: ["constructor"] }, { labels: ["a=b"] }]);
  const table = compileRoutes(routes, providers);
  const facts = { destination: "491711234567", country: "DE", mccMnc: undefined, lane: "otp", from: undefined, at: 0 };
  const foundFor = (account: string, labels: Record<string, string>) =>
    found(table, { ...facts, lane: "otp", account, labels });
  expect(foundFor("x", {})).toBeUndefined();
  expect(foundFor("constructor", {})).toBe("r1");
  expect(foundFor("x", { constructor: "x" })).toBe("r0");
  expect(foundFor("x", { a: "b" })).toBe("r2");
});
