import { describe, expect, it } from "vitest";
import { AccountShares, type LaneLoad } from "../../../services/router/account-shares.ts";

const P = 6;
const RATE = 600;

/** Hands in so many messages a second of each account for `seconds`; says how many of each overflowed. */
function run(shares: AccountShares, rates: Record<string, number>, load: LaneLoad, seconds: number, from = 0) {
  const overflowed: Record<string, number> = {};
  const next = Object.fromEntries(Object.entries(rates).map(([account, rate]) => [account, 500 / rate]));
  for (let ms = 0; ms < seconds * 1_000; ms++)
    for (const [account, rate] of Object.entries(rates))
      for (; next[account]! <= ms; next[account]! += 1_000 / rate)
        if (shares.take("a", "marketing", account, 1, load, from + ms))
          overflowed[account] = (overflowed[account] ?? 0) + 1;
  return overflowed;
}

const behind: LaneLoad = { rate: RATE, laneSeconds: 5 };
const calm: LaneLoad = { rate: RATE, laneSeconds: 0 };

describe("account shares", () => {
  it("lets everybody into the lane while it is not behind, however much it is", () => {
    expect(run(new AccountShares(P), { flood: 1_000, other: 5 }, calm, 10)).toEqual({});
  });

  it("sends an account above its share into the overflow, and no other", () => {
    const overflowed = run(new AccountShares(P), { flood: 1_000, other: 20, third: 10 }, behind, 10);
    expect(Object.keys(overflowed)).toEqual(["flood"]);
    expect(overflowed.flood).toBeGreaterThan(9_500);
  });

  it("shares among the accounts at work: the more there are, the less each may have", () => {
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`small${i}`, 5]));
    expect(Object.keys(run(new AccountShares(P), { middle: 40, ...many }, behind, 20))).toEqual(["middle"]);
    expect(run(new AccountShares(P), { middle: 40, one: 5 }, behind, 20)).toEqual({});
  });

  it("keeps an account in the overflow until the lane has emptied, so that its messages stay in order", () => {
    const shares = new AccountShares(P);
    run(shares, { flood: 1_000 }, behind, 2);
    const nearly: LaneLoad = { rate: RATE, laneSeconds: 0.5 };
    expect(shares.take("a", "marketing", "flood", 1, nearly, 2_000)).toBe(true);
    expect(shares.take("a", "marketing", "flood", 1, calm, 2_001)).toBe(false);
    expect(shares.take("a", "marketing", "flood", 1, nearly, 2_002)).toBe(false);
  });

  it("forgives: within its share for ten seconds, and it is an account like others", () => {
    const shares = new AccountShares(P);
    run(shares, { flood: 1_000, other: 5 }, behind, 5);
    expect(run(shares, { other: 5 }, behind, 9, 5_000)).toEqual({});
    expect(shares.take("a", "marketing", "flood", 1, behind, 26_000)).toBe(false);
  });

  it("takes the first message of an account that is slower than its provider", () => {
    const slow: LaneLoad = { rate: 2, laneSeconds: 60 };
    expect(run(new AccountShares(P), { other: 0.1 }, slow, 60)).toEqual({});
  });

  it("knows each provider and lane apart", () => {
    const shares = new AccountShares(P);
    run(shares, { flood: 1_000 }, behind, 2);
    expect(shares.take("b", "marketing", "flood", 1, behind, 2_000)).toBe(false);
    expect(shares.take("a", "otp", "flood", 1, behind, 2_000)).toBe(false);
  });
});
