import { describe, expect, it } from "vitest";
import type { Suspicion } from "../../../../domain/abnormal/suspicion.ts";
import type { SentTraffic, TrafficMinute } from "../../../../domain/abnormal/traffic-minute.ts";
import { TrafficWatch, UntoldError } from "../../../../services/analytics-sink/abnormal/traffic-watch.ts";

const MINUTE = 60_000;
const HOUR = 60;
const DAY = 24 * HOUR;
/** A minute in the middle of an hour. */
const START = 29_000_000 + 25;
const HISTORY = 10 * DAY;

const sent = (country: string, sender: string, messages: number): SentTraffic => ({
  ...{ account: "shop", country, sender, provider: "p", messages },
  ...{ cost: messages * 50_000, currency: "EUR" },
});

/** Traffic in which a stolen key is used from a minute on. */
function world(thiefFrom: number, thiefUntil = Number.POSITIVE_INFINITY) {
  const asked: { from: number; until: number; coarse: boolean }[] = [];
  const told: { minute: number; suspicions: readonly Suspicion[] }[] = [];
  const faults = { read: 0, tell: 0 };
  const most = { minutes: HOUR };
  const minute = (at: number): TrafficMinute => {
    const steals = at >= thiefFrom && at < thiefUntil;
    const rows = steals ? [sent("DE", "SHOP", 4), sent("UZ", "WIN", 9)] : [sent("DE", "SHOP", 4)];
    return { minute: at, sent: rows, ranges: [], ends: [], told: [] };
  };
  const watch = (toldUpTo?: number, toldBefore: readonly Suspicion[] = [], earliest: number | undefined = 0) =>
    new TrafficWatch({
      earliest: async () => earliest,
      read: async (from, until, coarse) => {
        if (faults.read-- > 0) throw new Error("ClickHouse is away");
        asked.push({ from, until, coarse });
        return Array.from({ length: Math.min(most.minutes, until - from) }, (_, n) => minute(from + n));
      },
      toldBefore: async () => toldBefore,
      tell: async (suspicions, upTo) => {
        if (faults.tell-- > 0) throw new Error("the partition is another's");
        told.push({ minute: upTo, suspicions });
      },
      startedAt: START * MINUTE + 20_000,
      historyMs: HISTORY * MINUTE,
      toldUpTo,
    });
  return { watch, asked, told, faults, most, suspicions: () => told.flatMap((one) => one.suspicions) };
}

/** Lets it see all that is stored. `until`: a minute, whose records are stored, and those of some seconds after it. */
async function all(watch: TrafficWatch, until: number): Promise<void> {
  while (await watch.step((until + 1) * MINUTE + 6_000));
}

describe("TrafficWatch", () => {
  it("learns from the stored weeks, sees every minute once, and tells nothing of before it began", async () => {
    const { watch, asked, told, suspicions } = world(START - 4 * DAY, START - 4 * DAY + 30);
    const one = watch();
    await all(one, START + 9);
    const minutes = asked.flatMap(({ from, until }) => Array.from({ length: until - from }, (_, n) => from + n));
    expect(minutes).toEqual(Array.from({ length: HISTORY + 10 }, (_, n) => START - HISTORY + n));
    expect(told.map(({ minute }) => minute)).toEqual(Array.from({ length: 10 }, (_, n) => START + n));
    expect(suspicions()).toEqual([]);
    expect(one.behindMs((START + 10) * MINUTE)).toBe(0);
  });

  it("asks for an hour at the most, and for minutes of ranges only where few of them are", async () => {
    const { watch, asked } = world(Number.POSITIVE_INFINITY);
    await all(watch(), START + 3);
    expect(Math.max(...asked.map(({ from, until }) => until - from))).toBe(HOUR);
    for (const { until, coarse } of asked) {
      // A coarse row is dated in the last minute of its hour, and must lie in what was asked for.
      if (coarse) expect(until % HOUR).toBe(0);
      if (until > START - 2 * HOUR) expect(coarse).toBe(false);
    }
    expect(asked.filter(({ coarse }) => coarse).length).toBeGreaterThan(200);
  });

  it("begins with the first minute that has traffic where there is less", async () => {
    const { watch, asked, told } = world(Number.POSITIVE_INFINITY);
    await all(watch(undefined, [], START - 70), START);
    expect(asked.map(({ from, until }) => [from - START, until - START])).toEqual([
      [-70, -45],
      [-45, 0],
      [0, 1],
    ]);
    asked.length = 0;
    await all(watch(undefined, [], START + 5), START);
    expect(asked.map(({ from }) => from)).toEqual([START]);
    expect(told.map(({ minute }) => minute)).toEqual([START, START]);
  });

  it("goes on behind the minutes that it is given where they are fewer than it asked for", async () => {
    const { watch, asked, told, most } = world(Number.POSITIVE_INFINITY);
    most.minutes = 40;
    await all(watch(undefined, [], START - 70), START);
    expect(asked.map(({ from, until }) => [from - START, until - START])).toEqual([
      [-70, -45],
      [-45, 0],
      [-5, 0],
      [0, 1],
    ]);
    expect(told.map(({ minute }) => minute)).toEqual([START]);
  });

  it("waits until a minute is stored, and some seconds more", async () => {
    const { watch, asked, told } = world(Number.POSITIVE_INFINITY);
    const one = watch();
    expect(await one.step(Number.NEGATIVE_INFINITY)).toBe(false);
    await all(one, START - 1);
    expect(await one.step((START + 1) * MINUTE + 4_999)).toBe(false);
    expect(await one.step((START + 1) * MINUTE + 5_000)).toBe(true);
    expect(asked.at(-1)).toEqual({ from: START, until: START + 1, coarse: false });
    expect(told.map(({ minute }) => minute)).toEqual([START]);
  });

  it("is the next owner's to tell of what nobody was told of, up to a day", async () => {
    const { watch, told, suspicions } = world(START - 30);
    await all(watch(START - 40), START);
    expect(told[0]!.minute).toBe(START - 39);
    expect(suspicions()[0]).toMatchObject({ kind: "stolen-key", since: START - 30, over: false });
    const late = world(START - 3 * DAY, START - 3 * DAY + 10);
    await all(late.watch(START - 4 * DAY), START);
    expect(late.told[0]!.minute).toBe(START - DAY);
    expect(late.suspicions()).toEqual([]);
  });

  it("goes on with the suspicions that were told of before, under their ids", async () => {
    const { watch, suspicions } = world(START - 30);
    const first: Suspicion = {
      ...{ id: "told before", kind: "stolen-key", level: "critical", subject: { account: "shop", country: "UZ" } },
      ...{ measure: "messages", expected: 1, seen: 90, surprise: 90, hourly: {}, over: false },
      ...{ since: START - 30, minute: START - 10 },
    };
    const one = watch(START - 10, [first]);
    expect(one.open).toEqual([]);
    // It learns for a while, and shows meanwhile what was open.
    expect(await one.step(START * MINUTE)).toBe(true);
    expect(one.next).toBeLessThan(START - 9 * DAY);
    expect(one.open).toEqual([first]);
    await all(one, START + 30);
    expect(new Set(suspicions().map(({ id }) => id))).toEqual(new Set(["told before"]));
    expect(one.open).toMatchObject([{ id: "told before", since: START - 30 }]);
  });

  it("leaves nothing out and sees nothing twice when ClickHouse is away", async () => {
    const { watch, asked, faults, suspicions } = world(START + 5);
    const one = watch();
    await all(one, START);
    faults.read = 3;
    for (let n = 0; n < 3; n++) await expect(one.step((START + 90) * MINUTE)).rejects.toThrow("away");
    await all(one, START + 120);
    const minutes = asked.flatMap(({ from, until }) => Array.from({ length: until - from }, (_, n) => from + n));
    expect(new Set(minutes).size).toBe(minutes.length);
    expect(minutes.at(-1)).toBe(START + 120);
    expect(suspicions()[0]).toMatchObject({ kind: "stolen-key", since: START + 5 });
  });

  it("ends with what it could not tell of", async () => {
    const { watch, faults } = world(START);
    const one = watch();
    faults.tell = 1;
    await expect(all(one, START)).rejects.toThrow(UntoldError);
  });
});
