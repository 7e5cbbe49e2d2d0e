import { describe, expect, it } from "vitest";
import { BurstParts } from "../../../../domain/abnormal/burst-parts.ts";
import type { SentTraffic } from "../../../../domain/abnormal/traffic-minute.ts";
import { VolumeWatch } from "../../../../domain/abnormal/volume-watch.ts";

const DAY = 1_440;
const never = (): boolean => false;
const sent = (country: string, sender: string, provider: string, messages: number): SentTraffic => ({
  ...{ account: "shop", country, sender, provider, messages },
  ...{ cost: messages * 50_000, currency: "EUR" },
});
/** By day much to DE, by night little; always some to FR as another sender, through another provider. */
const usual = (minute: number): SentTraffic[] => [
  sent("DE", "SHOP", "alpha", minute % DAY < DAY / 2 ? 20 : 2),
  sent("FR", "BOUTIQUE", "beta", 4),
];

/** Nine days of what is usual, and what a minute then finds with further messages. */
function burst(at: number, ...more: SentTraffic[]) {
  const watch = new VolumeWatch();
  const start = 9 * DAY + at;
  for (let minute = 0; minute < start; minute++) expect(watch.see(seen(minute, usual(minute)), never)).toEqual([]);
  return watch.see(seen(start, [...usual(start), ...more]), never);
}
const seen = (minute: number, rows: readonly SentTraffic[]) => ({ minute, sent: rows, ranges: [], ends: [], told: [] });

describe("a burst", () => {
  it("is told of with the country, the sender and the provider that have it, however little they usually have", () => {
    const [found, ...others] = burst(DAY / 4, sent("FR", "BOUTIQUE", "beta", 300));
    expect(others).toEqual([]);
    expect(found?.subject).toEqual({ account: "shop", country: "FR", sender: "BOUTIQUE", provider: "beta" });
    expect(found?.measure).toMatch(/^messages a minute \(of what is beyond the usual, \d+ % to this country, \d+ % as/);
    expect(found?.measure).not.toContain("BOUTIQUE");
  });

  it("names none where it is spread, and what is alone beyond the usual where the rest is not", () => {
    const [spread] = burst(DAY / 4, sent("FR", "BOUTIQUE", "alpha", 200), sent("DE", "SHOP", "beta", 200));
    expect(spread).toMatchObject({ kind: "burst", subject: { account: "shop" }, measure: "messages a minute" });
    expect(Object.keys(spread!.subject)).toEqual(["account"]);
    const [routes] = burst(DAY / 4, sent("DE", "SHOP", "alpha", 200), sent("DE", "SHOP", "beta", 200));
    expect(routes?.subject).toEqual({ account: "shop", country: "DE", sender: "SHOP" });
  });

  /** Ten days of what is usual with a campaign of ten minutes every morning; a new account sends one message a minute from the ninth on. */
  function findings(today: (minute: number) => SentTraffic[]): (string | undefined)[] {
    const watch = new VolumeWatch();
    const isCampaign = (minute: number): boolean => minute % DAY >= DAY / 4 && minute % DAY < DAY / 4 + 10;
    const found = new Set<string | undefined>();
    for (let minute = 0; minute < 11 * DAY; minute++) {
      const rows = usual(minute);
      if (minute >= 8 * DAY) rows.push({ ...sent("DE", "FRESH", "alpha", 1), account: "fresh" });
      if (isCampaign(minute)) rows.push(...(minute < 10 * DAY ? [sent("DE", "SHOP", "alpha", 200)] : today(minute)));
      for (const { subject } of watch.see(seen(minute, rows), never)) found.add(subject.account);
    }
    return [...found];
  }

  it("is no campaign at its usual hour that is three times as large as those before, but one that is five times as large", () => {
    expect(findings(() => [sent("DE", "SHOP", "alpha", 700)])).toEqual([]);
    expect(findings(() => [sent("DE", "SHOP", "alpha", 1_200)])).toEqual(["shop"]);
  });

  it("is no first campaign of a new account that is as large as those of the largest one, but one that is twice as large", () => {
    const first = (messages: number) => () => [{ ...sent("DE", "FRESH", "alpha", messages), account: "fresh" }];
    expect(findings(first(250))).toEqual([]);
    expect(findings(first(600))).toEqual(["fresh"]);
  });

  it("is compared with what is usual of each at this hour", () => {
    const rows = [sent("DE", "SHOP", "alpha", 20), sent("FR", "BOUTIQUE", "beta", 4)];
    // At noon DE has as many every day; by night that is ten times as many.
    for (const [at, meant] of [
      [DAY - 60, "DE"],
      [DAY / 4, undefined],
    ] as const) {
      const parts = new BurstParts(1.5);
      const now = 9 * DAY + at;
      for (let minute = 0; minute < now; minute++) parts.see(minute, usual(minute), true);
      parts.see(now, rows, false);
      expect(parts.place(now, rows, 15).subject.country, `at ${at}`).toBe(meant);
    }
  });

  it("is learned from only where it is usual, and forgets the part not seen for the longest time", () => {
    const parts = new BurstParts(1.5, 3);
    const rows = [sent("DE", "SHOP", "alpha", 20)];
    for (let minute = 0; minute < DAY; minute++) parts.see(minute, rows, false);
    expect(parts.place(DAY, rows, 20).subject).toEqual({ country: "DE", sender: "SHOP", provider: "alpha" });
    parts.see(DAY, [sent("FR", "BOUTIQUE", "beta", 1)], true);
    expect(parts.memory[0]).toMatchObject({ size: 3, limit: 3, evicted: 3 });
  });
});
