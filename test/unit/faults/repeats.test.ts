import { expect, test } from "vitest";
import type { Books, MessageAccount } from "../../faults/books.ts";
import type { Doubt } from "../../faults/doubt.ts";
import { arrivalOrder } from "../../faults/rebalance.ts";
import { compareRepeats } from "../../faults/repeats.ts";

function message(id: string, more: Partial<MessageAccount> = {}): MessageAccount {
  const empty = {
    finals: new Set<string>(),
    doubted: new Map<number, string>(),
    providers: new Set<string>(),
    submissions: [],
    story: [],
    unknownAt: undefined,
  };
  const account = {
    id,
    to: "491",
    lane: "otp" as const,
    offset: 0,
    ...empty,
    routed: new Map(),
    attempts: 1,
    segments: 1,
    whole: true,
    overflowed: false,
  };
  return { ...account, reasons: new Set(), returns: new Set(), delayed: false, sent: 1, ...more };
}

function books(messages: readonly MessageAccount[], arrivals: readonly string[] = []): Books {
  const byId = new Map(messages.map((one) => [one.id, one]));
  const empty = { events: 0, distinctEvents: 0, eventAt: new Map(), receipts: new Map(), receiptedAt: new Map() };
  return { ...empty, messages: byId, arrivals: new Map([["smsc", arrivals]]) };
}

function doubt(...kills: string[][]): Doubt {
  const sets = kills.map((works) => new Set(works));
  return { kills: sets, total: kills.flat().length, most: Math.max(0, ...kills.map(({ length }) => length)) };
}

const takeover = new Map([[1, "takeover"]]);
const repeated = message("a", { doubted: takeover, reasons: new Set(["2/takeover"]), sent: 2 });

test("a repeat that a kill had left in doubt is explained", () => {
  const found = compareRepeats(books([repeated, message("b")]), doubt(["a/1"]));
  expect(found).toEqual({ again: 1, againHeld: 0, stated: 1, unexplained: [] });
});

test("a takeover that is stated of a message in doubt at no kill is not explained, whether it went out again or was held", () => {
  expect(compareRepeats(books([repeated]), doubt(["b/1"])).unexplained).toHaveLength(1);
  const held = message("a", { lane: "marketing", doubted: takeover, sent: 0 });
  expect(compareRepeats(books([held]), doubt()).unexplained).toHaveLength(1);
});

test("a message that went out again more often than it was in doubt is not explained", () => {
  const thrice = { ...repeated, sent: 3 };
  expect(compareRepeats(books([thrice]), doubt(["a/1"])).unexplained).toHaveLength(1);
  expect(compareRepeats(books([thrice]), doubt(["a/1"], ["a/1"])).unexplained).toHaveLength(1);
  const refused = { ...thrice, returns: new Set(["1/throttled"]) };
  expect(compareRepeats(books([refused]), doubt(["a/1"])).unexplained).toHaveLength(1);
  const late = new Map([...takeover, [2, "response-timeout"]]);
  expect(compareRepeats(books([{ ...thrice, doubted: late }]), doubt(["a/1"])).unexplained).toEqual([]);
});

test("a repeat in a lane that holds is counted as such", () => {
  const marketing = message("a", { lane: "marketing", sent: 2 });
  expect(compareRepeats(books([marketing]), doubt(["a/1"])).againHeld).toBe(1);
});

test("a message that came before an earlier one of its number and lane is found; others and delayed ones are left out", () => {
  const [first, second, third] = [0, 1, 2].map((offset) => message(`m${offset}`, { offset }));
  const other = message("other", { offset: 7, to: "492" });
  const all = [first!, second!, third!, other];
  expect(arrivalOrder(books(all, ["other", "m0", "m1", "m2"]))).toEqual({
    kept: 2,
    delayed: 0,
    overflowed: 0,
    overtaken: [],
  });
  expect(arrivalOrder(books(all, ["m0", "m2", "m1"])).overtaken).toHaveLength(1);
  const late = { ...second!, delayed: true };
  const found = arrivalOrder(books([first!, late, third!], ["m0", "m2", "m1"]));
  expect(found).toEqual({ kept: 1, delayed: 1, overflowed: 0, overtaken: [] });
  const aside = { ...second!, overflowed: true };
  expect(arrivalOrder(books([first!, aside, third!], ["m0", "m2", "m1"]))).toMatchObject({
    overflowed: 1,
    overtaken: [],
  });
});
