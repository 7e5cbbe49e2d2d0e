import { expect, test } from "vitest";
import { parseCatalog } from "../../../domain/catalog/catalog.ts";
import type { ToldCount } from "../../../domain/routing/cap-counts.ts";
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

function told(cap: string, value: string, hour: number, day: number, partition = 0, over: Partial<ToldCount> = {}) {
  return { cap, value, partition, at: NOW, hour, hourEnd: HOUR_END, day, dayEnd: DAY_END, ...over };
}

test("keys by name, lanes, rates and price caps of each account; no digest of a key", () => {
  const { version, accounts, more } = accountTerms(snapshot, new CapUsageBoard(), NOW, "viewer");
  expect([version, more]).toEqual([3, 0]);
  expect(accounts).toEqual([
    { id: "acme", name: "Acme", keys: ["shop"], lanes: null, maxPerSecond: 50, from: "ACME", maxPrice: null },
    {
      ...{ id: "bank", name: "Bank", keys: [], lanes: ["otp"], maxPerSecond: null, from: null },
      maxPrice: { currency: "EUR", amount: "0.1", lanes: {}, countries: { US: "0.02" } },
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
  const caps = () => accountTerms(snapshot, board, NOW, "operator").caps;
  expect(caps()[0]).toEqual({
    ...{ id: "news", of: "campaign", accounts: ["acme"], count: "messages", maxPerHour: 100, maxPerDay: 1_000 },
    ...{ zone: "UTC", whenReached: "wait" },
    fullest: [
      { value: "acme/autumn", hour: 90, day: 90 },
      { value: "acme/spring", hour: 30, day: 500 },
      { value: "acme/morning", hour: 0, day: 9 },
    ],
  });
  board.fold(told("news", "acme/spring", 21, 301, 1));
  board.forget({ cap: "news", value: "acme/autumn" }, 0);
  expect(caps()[0]!.fullest[0]).toEqual({ value: "acme/spring", hour: 31, day: 501 });
});

test("a sender that is somebody's number is shortened for viewers", () => {
  const [acme, ...others] = snapshot.catalog.accounts;
  const catalog = { ...snapshot.catalog, accounts: [{ ...acme!, from: "491713920012" as never }, ...others] };
  const from = (role: "viewer" | "operator") =>
    accountTerms({ catalog, version: 3 }, new CapUsageBoard(), NOW, role).accounts[0]!.from;
  expect([from("viewer"), from("operator")]).toEqual(["+49171…12", "+491713920012"]);
  const board = new CapUsageBoard();
  for (const value of ["491713920012", "68849", "ACME"]) board.fold(told("numbers", value, 1, 1));
  const values = (role: "viewer" | "operator") =>
    accountTerms(snapshot, board, NOW, role).caps[1]!.fullest.map(({ value }) => value);
  expect(values("viewer")).toEqual(["+49171…12", "68849", "ACME"]);
  expect(values("operator")).toEqual(["+491713920012", "68849", "ACME"]);
});

test("of very many counts those beyond the bound are not held", () => {
  const board = new CapUsageBoard();
  for (let n = 0; n < 50_001; n++) board.fold(told("numbers", `s${n}`, 0, n + 1));
  const [, numbers] = accountTerms(snapshot, board, NOW, "operator").caps;
  expect(numbers!.fullest).toHaveLength(10);
  expect(numbers!.fullest[0]).toMatchObject({ value: "s49999" });
});
