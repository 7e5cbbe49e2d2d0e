import { expect, test } from "vitest";
import { BudgetUse } from "../../../domain/budget/budget-use.ts";
import { parseCatalog } from "../../../domain/catalog/catalog.ts";
import { PartitionCounts, type ToldCount } from "../../../domain/routing/cap-counts.ts";
import type { MessageFacts } from "../../../domain/routing/message-facts.ts";
import { CapUsageBoard } from "../../../services/console/live/cap-usage.ts";
import { accountTerms } from "../../../services/console/read/account-terms.ts";

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 0, 31, 12, 30);
const HOUR_END = Date.UTC(2026, 0, 31, 13);
const DAY_END = Date.UTC(2026, 1, 1);

const parsed = parseCatalog(
  {
    accounts: [
      { id: "acme", name: "Acme", apiKeys: [{ id: "shop", sha256: "ab".repeat(32) }], maxPerSecond: 50, from: "ACME" },
      {
        id: "bank",
        name: "Bank",
        lanes: ["otp"],
        maxPrice: { currency: "EUR", amount: "0.1", countries: { US: "0.02" } },
        budget: { currency: "EUR", daily: "500", monthly: "900", zone: "Europe/Berlin", whenReached: "refuse" },
      },
    ],
    providers: [],
    routes: [],
    caps: [
      { id: "news", of: "campaign", maxPerHour: 100, maxPerDay: 1_000, accounts: ["acme"] },
      { id: "numbers", of: "sender", maxPerDay: 50, count: "segments" },
    ],
  },
  6,
);
if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
const snapshot = { catalog: parsed.value, version: 3 };

const usedOf = (caps = new CapUsageBoard(), budgets = new BudgetUse()) => ({ caps, budgets });

function told(cap: string, value: string, hour: number, day: number, partition = 0, over: Partial<ToldCount> = {}) {
  return { cap, value, partition, at: NOW, hour, hourEnd: HOUR_END, day, dayEnd: DAY_END, ...over };
}

test("keys by name, lanes, rates and price caps of each account; no digest of a key", () => {
  const { version, accounts, more } = accountTerms(snapshot, usedOf(), NOW, "viewer");
  expect([version, more]).toEqual([3, 0]);
  expect(accounts).toEqual([
    {
      id: "acme",
      name: "Acme",
      keys: ["shop"],
      lanes: null,
      maxPerSecond: 50,
      from: "ACME",
      maxPrice: null,
      budget: null,
    },
    {
      ...{ id: "bank", name: "Bank", keys: [], lanes: ["otp"], maxPerSecond: null, from: null },
      maxPrice: { currency: "EUR", amount: "0.1", lanes: {}, countries: { US: "0.02" } },
      budget: expect.objectContaining({ currency: "EUR", zone: "Europe/Berlin", whenReached: "refuse" }),
    },
  ]);
  expect(JSON.stringify(accounts)).not.toContain("abab");
});

test("what has been used of a cap is summed over the partitions, the fullest first, and what is over counts no more", () => {
  const board = new CapUsageBoard();
  board.fold(told("news", "acme/spring", 10, 200));
  board.fold(told("news", "acme/spring", 20, 300, 1));
  board.fold(told("news", "acme/autumn", 90, 90));
  board.fold(told("news", "acme/gone", 9, 9, 0, { hourEnd: NOW, dayEnd: NOW }));
  board.fold(told("news", "acme/morning", 9, 9, 0, { hourEnd: NOW - HOUR }));
  board.fold(told("removed", "x", 1, 1));
  const caps = () => accountTerms(snapshot, usedOf(board), NOW, "operator").caps;
  expect(caps()[0]).toEqual({
    ...{ id: "news", of: "campaign", accounts: ["acme"], count: "messages", maxPerHour: 100, maxPerDay: 1_000 },
    ...{ zone: "UTC", whenReached: "wait" },
    fullest: [
      { value: "acme/autumn", sharedBy: null, hour: 90, day: 90 },
      { value: "acme/spring", sharedBy: null, hour: 30, day: 500 },
      { value: "acme/morning", sharedBy: null, hour: 0, day: 9 },
    ],
  });
  board.fold(told("news", "acme/spring", 21, 301, 1));
  board.forget({ cap: "news", value: "acme/autumn" }, 0);
  expect(caps()[0]!.fullest[0]).toEqual({ value: "acme/spring", sharedBy: null, hour: 31, day: 501 });
});

test("what is spent of a budget is summed over the partitions, its end is near from four fifths on, and a new day begins at its zone's midnight", () => {
  const MICROS = 1_000_000;
  const BERLIN_DAY_END = Date.UTC(2026, 0, 31, 23);
  const ends = { dayEnd: BERLIN_DAY_END, monthEnd: BERLIN_DAY_END };
  const budgets = new BudgetUse();
  const spend = (partition: number, day: number, month: number, currency = "EUR") =>
    budgets.fold({
      ...{ account: "bank", currency, partition, epoch: 1, at: 0, day: day * MICROS, month: month * MICROS },
      ...{ ahead: 50 * MICROS, next: [], ...ends },
    });
  const periods = (now = NOW) =>
    accountTerms(snapshot, usedOf(undefined, budgets), now, "viewer").accounts[1]!.budget!.periods;
  spend(0, 300, 300);
  const unknown = { spent: null, left: null, used: null, state: "unknown", ends: BERLIN_DAY_END };
  expect(periods()).toEqual([
    { period: "day", most: "500", ...unknown },
    { period: "month", most: "900", ...unknown },
  ]);
  budgets.complete();
  spend(1, 100, 600);
  // In another currency it would be another budget's.
  spend(2, 400, 400, "USD");
  expect(periods()).toEqual([
    { period: "day", most: "500", spent: "400", left: "100", used: 0.8, state: "room", ends: BERLIN_DAY_END },
    { period: "month", most: "900", spent: "900", left: "0", used: 1, state: "used-up", ends: BERLIN_DAY_END },
  ]);
  spend(0, 300.07, 300);
  expect(periods()[0]).toMatchObject({ spent: "400.07", left: "99.93", state: "near-end" });
  expect(periods(BERLIN_DAY_END)).toMatchObject([
    { spent: "0", left: "500", state: "room", ends: Date.UTC(2026, 1, 1, 23) },
    { spent: "0", left: "900", state: "room", ends: Date.UTC(2026, 1, 28, 23) },
  ]);
  budgets.forget("bank", 1);
  expect(periods()[0]).toMatchObject({ spent: "300.07" });
});

test("budgets stand with what is used most first, and those that are not known last", async () => {
  const { budgetRows } = await import(
    new URL("../../../services/console/page/account-budgets.js", import.meta.url).href
  );
  const account = (id: string, ...used: (number | null)[]) => ({
    ...{
      id,
      budget: {
        currency: "EUR",
        whenReached: "wait",
        periods: used.map((one, n) => ({ period: n === 0 ? "day" : "month", used: one })),
      },
    },
  });
  const rows = budgetRows([account("a", 0.1, 0.5), { id: "b", budget: null }, account("c", 0.9), account("d", null)]);
  expect(rows.map(({ id, period }: { id: string; period: string }) => `${id} ${period}`)).toEqual([
    ...["c day", "a month", "a day", "d day"],
  ]);
});

test("a sender that is somebody's number is shortened for viewers", () => {
  const [acme, ...others] = snapshot.catalog.accounts;
  const catalog = { ...snapshot.catalog, accounts: [{ ...acme!, from: "491713920012" as never }, ...others] };
  const from = (role: "viewer" | "operator") =>
    accountTerms({ catalog, version: 3 }, usedOf(), NOW, role).accounts[0]!.from;
  expect([from("viewer"), from("operator")]).toEqual(["+49171…12", "+491713920012"]);
  const board = new CapUsageBoard();
  for (const value of ["491713920012", "68849", "ACME"]) board.fold(told("numbers", value, 1, 1));
  const values = (role: "viewer" | "operator") =>
    accountTerms(snapshot, usedOf(board), NOW, role).caps[1]!.fullest.map(({ value }) => value);
  expect(values("viewer")).toEqual(["+49171…12", "68849", "ACME"]);
  expect(values("operator")).toEqual(["+491713920012", "68849", "ACME"]);
});

test("of very many counts those beyond the bound are not held, and it is said as long as they would count", () => {
  const board = new CapUsageBoard();
  for (let n = 0; n < 50_000; n++) board.fold(told("numbers", `s${n}`, 0, n + 1));
  const terms = (now = NOW) => accountTerms(snapshot, usedOf(board), now, "operator");
  expect(terms().wholeUsage).toBe(true);
  board.fold(told("numbers", "s50000", 0, 50_001));
  const [, numbers] = terms().caps;
  expect(numbers!.fullest).toHaveLength(10);
  expect(numbers!.fullest[0]).toMatchObject({ value: "s49999" });
  expect([terms().wholeUsage, terms(DAY_END).wholeUsage]).toEqual([false, true]);
  // What is known goes on being counted.
  board.fold(told("numbers", "s0", 0, 99_999));
  expect(terms().caps[1]!.fullest[0]).toMatchObject({ value: "s0", day: 99_999 });
});

test("names of an account beyond the first 200 of a day are shown as what they are, together", async () => {
  const counts = new PartitionCounts(0, []);
  const [cap] = snapshot.catalog.caps!;
  const message = { at: NOW, segments: 1 } as MessageFacts;
  const use = (value: string) => counts.add([{ cap: cap!, value, account: "acme" }], message);
  for (let n = 0; n < 203; n++) use(`acme/c${n}`);
  const board = new CapUsageBoard();
  for (const count of counts.all(NOW)) board.fold(count);
  const [news] = accountTerms(snapshot, usedOf(board), NOW, "viewer").caps;
  expect(news!.fullest[0]).toMatchObject({ sharedBy: "acme", day: 3 });
  const { usedBy } = await import(new URL("../../../services/console/page/account-terms.js", import.meta.url).href);
  expect(usedBy({ ...news!.fullest[0], cap: { of: "campaign" } })).toBe("other campaigns of acme");
  expect(usedBy({ ...news!.fullest[1], cap: { of: "campaign" } })).toMatch(/^acme\/c\d+$/);
});
