import { expect, test } from "vitest";
import type { SaidSuspicion } from "../../../pipeline/follow/suspicion-board.ts";
import { shownSuspicions } from "../../../services/console/read/suspicions.ts";

const SINCE = 29_000_000;
const NOW = (SINCE + 40) * 60_000;
const pumping: SaidSuspicion = {
  ...{ id: "a", kind: "pumping", level: "critical", measure: "of 40 otp messages, those to few ranges" },
  ...{ subject: { account: "shop", country: "UZ", range: "99890111" }, expected: 2.04, seen: 399 },
  ...{ surprise: 82.4, hourly: { EUR: 91_500_000 }, since: SINCE, minute: SINCE + 12, over: false },
  saidAt: (SINCE + 30) * 60_000,
};
const stolen: SaidSuspicion = {
  ...pumping,
  ...{ id: "b", kind: "stolen-key", level: "warning", saidAt: (SINCE + 39) * 60_000 },
  subject: { account: "bank", sender: "491713920012" },
};

test("what goes on stands with its reason in words, the newest word first; what is over or silent does not", () => {
  const over = { ...pumping, id: "c", over: true };
  const silent = { ...pumping, id: "d", saidAt: (SINCE + 9) * 60_000 };
  const { open, ...counts } = shownSuspicions([silent, over, pumping, stolen], "operator", NOW);
  expect(counts).toEqual({ more: 0, silent: 1 });
  expect(open.map(({ account }) => account)).toEqual(["bank", "shop"]);
  expect(open[1]).toEqual({
    ...{ kind: "pumping", level: "critical", account: "shop", provider: null, country: "UZ" },
    ...{ range: "+99890111…", sender: null, score: 82, hourly: { EUR: "91.50" } },
    words:
      "Codes go to few ranges of numbers, as when somebody earns by them. of 40 otp messages, those to few ranges: 399 instead of 2.",
    ...{ since: SINCE * 60_000, seenAt: (SINCE + 12) * 60_000, saidAt: pumping.saidAt },
  });
  expect(open[0]).toMatchObject({ sender: "+491713920012", range: null });
});

test("viewers see ranges and senders that are numbers shortened", () => {
  const named = { ...stolen, subject: { account: "bank", sender: "ACME" } };
  const { open } = shownSuspicions([named, pumping, stolen], "viewer", NOW);
  expect(open.map(({ range, sender }) => [range, sender])).toEqual([
    [null, "+49171…12"],
    ["+99890…", null],
    [null, "ACME"],
  ]);
});

test("of very many the newest are shown, and the others counted", () => {
  const many = Array.from({ length: 130 }, (_, n) => ({ ...pumping, id: String(n), surprise: n }));
  const { open, more } = shownSuspicions(many, "viewer", NOW);
  expect([open.length, more, open[0]!.score]).toEqual([100, 30, 129]);
});
