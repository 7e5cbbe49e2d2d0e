import { describe, expect, it } from "vitest";
import { ownThreshold, PrefixGuard } from "../../../../domain/guard/prefix-guard.ts";

const MINUTE = 60_000;
const NOW = 1_764_000_000_000;
const LIMITS = { perMinute: 10, sequence: 6, quietMs: 15 * MINUTE };
const number = (last: number, prefix = "491511234") => `${prefix}${String(last).padStart(3, "0")}`;

/** Messages every so often, ms. @returns after how many the first was suspected, and the last verdict */
function send(guard: PrefixGuard, lasts: readonly number[], everyMs: number, from = NOW, share = 1) {
  const verdicts = lasts.map((last, i) => guard.judge("acme", number(last), LIMITS, share, from + i * everyMs));
  return { first: verdicts.findIndex((one) => one !== undefined), last: verdicts.at(-1) };
}
/** Far from each other. */
const apart = (n: number) => Array.from({ length: n }, (_, i) => (i * 379) % 1_000);

describe("the guard of prefixes", () => {
  it("suspects more messages a minute than are allowed, with figures and without a number", () => {
    const { first, last } = send(new PrefixGuard(), apart(30), 1_000);
    expect(first).toBe(10);
    expect(last).toMatchObject({ code: "guard-velocity" });
    expect(last!.reason).toMatch(
      /^guard: about 2\d messages a minute to \+49151123…, to 24 numbers seen here; 10 are allowed/,
    );
    expect(last!.reason).not.toMatch(/\d{9}/);
  });

  it("does not mind as many as are allowed, for hours", () => {
    expect(send(new PrefixGuard(), apart(1_000), 6_600).first).toBe(-1);
  });

  it("suspects numbers that are counted up, however slowly, and some left out", () => {
    const { first, last } = send(new PrefixGuard(), [100, 102, 103, 107, 108, 110], 90_000);
    expect(first).toBe(5);
    expect(last).toMatchObject({ code: "guard-sequence" });
    expect(send(new PrefixGuard(), [100, 102, 103, 107, 108, 110], 3 * MINUTE).first).toBe(-1);
  });

  it("one number again and again is no sequence", () => {
    expect(
      send(
        new PrefixGuard(),
        Array.from({ length: 9 }, () => 7),
        10_000,
      ).first,
    ).toBe(-1);
  });

  it("lets a prefix through when it has been quiet, and not while it goes on", () => {
    const guard = new PrefixGuard();
    send(guard, apart(30), 1_000);
    const end = NOW + 29_000;
    // What comes slowly does not keep it closed.
    expect(send(guard, apart(7), 2 * MINUTE, end + MINUTE).last).toBeDefined();
    expect(guard.judge("acme", number(1), LIMITS, 1, end + 16 * MINUTE)).toBeUndefined();
    send(guard, apart(30), 1_000, end + 20 * MINUTE);
    expect(send(guard, apart(600), 3_000, end + 21 * MINUTE).last).toBeDefined();
  });

  it("a number far from a sequence is stopped while the prefix is closed, and does not keep it closed", () => {
    const guard = new PrefixGuard();
    expect(send(guard, [100, 101, 102, 103, 104, 105], 10_000).last).toMatchObject({ code: "guard-sequence" });
    const end = NOW + 50_000;
    expect(guard.judge("acme", number(700), LIMITS, 1, end + 5 * MINUTE)).toBeDefined();
    expect(guard.judge("acme", number(900), LIMITS, 1, end + 15 * MINUTE)).toBeUndefined();
    // One that goes on with it does.
    const again = new PrefixGuard();
    send(again, [100, 101, 102, 103, 104, 105], 10_000);
    expect(again.judge("acme", number(106), LIMITS, 1, end + 5 * MINUTE)).toBeDefined();
    expect(again.judge("acme", number(900), LIMITS, 1, end + 19 * MINUTE)).toBeDefined();
  });

  it("keeps accounts and prefixes apart", () => {
    const guard = new PrefixGuard();
    send(guard, apart(30), 1_000);
    expect(guard.judge("other", number(1), LIMITS, 1, NOW + 30_000)).toBeUndefined();
    expect(guard.judge("acme", number(1, "491511235"), LIMITS, 1, NOW + 30_000)).toBeUndefined();
  });

  it("an instance with a part of the partitions judges by its part, with what chance may add", () => {
    expect(ownThreshold(10, 1)).toBe(10);
    expect(ownThreshold(30, 1 / 3)).toBeCloseTo(10 + 2 * Math.sqrt(20 / 3));
    expect(send(new PrefixGuard(), apart(30), 1_000, NOW, 1 / 3).first).toBe(6);
  });

  it("remembers a bounded number of prefixes", () => {
    const guard = new PrefixGuard();
    for (let i = 0; i < 60_000; i++) guard.judge("acme", `49${1_000_000 + i}000`, LIMITS, 1, NOW);
    expect(guard.size).toBe(50_000);
  });
});
