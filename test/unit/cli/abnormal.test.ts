import { expect, test } from "vitest";
import type { SaidSuspicion } from "../../../pipeline/follow/suspicion-board.ts";
import { fateOf } from "../../../pipeline/follow/suspicion-fate.ts";
import { suspicionText } from "../../../services/cli/abnormal/abnormal-report.ts";

const since = Date.UTC(2026, 10, 30, 9, 5) / 60_000;
const pumped: SaidSuspicion = {
  ...{
    id: "pumping shop UZ 1",
    kind: "pumping",
    level: "critical",
    subject: { account: "shop", country: "UZ", range: "99890111" },
  },
  ...{ measure: "of 412 otp messages into the country, those to few ranges of numbers", expected: 20.6, seen: 399 },
  ...{ surprise: 812.4, hourly: { EUR: 91_500_000 }, since, minute: since + 12, over: false },
  saidAt: (since + 40) * 60_000,
};

test("a suspicion says whom it concerns, since when, what is usual, what is seen, and what it costs", () => {
  expect(suspicionText(pumped, (since + 13) * 60_000)).toBe(
    `critical pumping: account shop, UZ, numbers +99890111…; since 2026-11-30T09:05Z, last seen 2026-11-30T09:17Z, open
  of 412 otp messages into the country, those to few ranges of numbers: 399 instead of 21 (812 nats), 91.50 EUR an hour`,
  );
  const way = {
    ...pumped,
    kind: "grey-route" as const,
    subject: { provider: "p", country: "UZ" },
    hourly: {},
    over: true,
  };
  expect(suspicionText(way, (since + 13) * 60_000)).toContain("grey-route: provider p, UZ; ");
  const together = { ...pumped, subject: { country: "UZ", range: "9989011" } };
  expect(suspicionText(together, since * 60_000)).toContain("pumping: many accounts, UZ, numbers +9989011…; ");
});

test("of what nothing was said of for half an hour nobody knows any more, whenever it was found last", () => {
  expect(fateOf(pumped, (since + 40 + 30) * 60_000)).toBe("open");
  expect(fateOf(pumped, (since + 40 + 31) * 60_000)).toBe("silent");
  expect(fateOf({ ...pumped, over: true }, (since + 40) * 60_000)).toBe("over");
});
