import { expect, it } from "vitest";
import { type Acceptance, RecentAcceptances } from "../../../../services/ingest/acceptance/recent-acceptances.ts";

const of = (accountId: string, destination = "491701234567"): Acceptance => ({
  ...{ accountId, destination, from: undefined, lane: "otp", encoding: "gsm7", segments: 1 },
  ...{ reference: undefined, acceptedAt: 0, sendAt: undefined },
});

it("gives an account its own of the last minute, each once", () => {
  const recent = new RecentAcceptances(10_000, 0);
  recent.add("a", of("acme"), 0);
  recent.add("b", of("globex"), 0);
  recent.add("c", of("acme"), 1);
  recent.add("a", of("acme"), 2);
  expect([...recent.latest("acme", 3).keys()]).toEqual(["a", "c"]);
  expect([...recent.latest("nobody", 3).keys()]).toEqual([]);
  expect(recent.latest("acme", 200_000).size).toBe(0);
});

it("keeps the newest thousand of an account that has more, and never as many as two thousand", () => {
  const recent = new RecentAcceptances(100_000, 0);
  for (let i = 0; i < 12_345; i++) recent.add(`m${i}`, of("acme"), 1);
  const ids = [...recent.latest("acme", 2).keys()];
  expect(ids.length).toBeGreaterThanOrEqual(1_000);
  expect(ids.length).toBeLessThan(2_000);
  expect(ids.at(-1)).toBe("m12344");
  expect(ids.at(-1_000)).toBe("m11345");
});
