import { afterEach, expect, test, vi } from "vitest";
import { SegmentRate } from "../../../../platform/flow/segment-rate.ts";
import { running } from "../../sender/provider-world.ts";

afterEach(() => void vi.useRealTimers());

/** A provider that takes `limit` segments a second and throttles what comes beyond, by one way of counting a second. */
type Meter = (limit: number) => (now: number) => boolean;

const meters: Readonly<Record<string, Meter>> = {
  "by the calendar's seconds": (limit) => {
    let [second, taken] = [-1, 0];
    return (now) => {
      if (Math.floor(now / 1_000) !== second) [second, taken] = [Math.floor(now / 1_000), 0];
      return ++taken <= limit;
    };
  },
  "by the last second": (limit) => {
    const times: number[] = [];
    return (now) => {
      while (times.length > 0 && times[0]! <= now - 1_000) times.shift();
      if (times.length >= limit) return false;
      times.push(now);
      return true;
    };
  },
  "by a bucket": (limit) => {
    let [tokens, at] = [limit / 10, 0];
    return (now) => {
      tokens = Math.min(Math.max(1, limit / 10), tokens + ((now - at) * limit) / 1_000);
      at = now;
      if (tokens < 1) return false;
      tokens--;
      return true;
    };
  },
};

interface Trial {
  readonly configured: number;
  /** Segments a second that it takes, from moment to moment. */
  readonly meter: (now: number) => boolean;
  readonly pauseMs: number;
  readonly forMs: number;
}

/** Sends under backlog, each request answered after 60 ms. Says when segments were taken, and when throttled. */
function run({ configured, meter, pauseMs, forMs }: Trial): { taken: number[]; throttled: number[] } {
  const rate = new SegmentRate();
  rate.setShare(configured, 0);
  const [taken, throttled]: [number[], number[]] = [[], []];
  const answers: { at: number; ok: boolean }[] = [];
  for (let now = 0; now < forMs; now++) {
    while (answers.length > 0 && answers[0]!.at <= now) {
      const { ok } = answers.shift()!;
      rate.answered();
      (ok ? taken : throttled).push(now);
      if (!ok) rate.throttled(now, pauseMs, answers.length);
    }
    while (answers.length < 500 && rate.allows(1, now)) {
      rate.take(1, now);
      rate.left(1, now);
      answers.push({ at: now + 60, ok: meter(now) });
    }
  }
  return { taken, throttled };
}

const SETTLED = 60_000;
const LONG = 360_000;
const perSecond = (times: readonly number[], from: number, to: number) =>
  (times.filter((at) => at >= from && at < to).length * 1_000) / (to - from);

for (const [how, meter] of Object.entries(meters))
  test.each([
    [100, 100],
    [100, 90],
    [100, 30],
    [100, 10],
    [20, 3],
    [500, 400],
    [500, 20],
  ])(
    `${how}: with %i a second configured, at least 90 percent of the %i that a provider takes are used`,
    (configured, limit) => {
      for (const pauseMs of [250, 1_000]) {
        const { taken, throttled } = run({ configured, meter: meter(limit), pauseMs, forMs: LONG });
        expect(perSecond(taken, SETTLED, LONG)).toBeGreaterThanOrEqual(0.9 * limit);
        // It asks for more seldom, and for little more then.
        expect(perSecond(throttled, SETTLED, LONG)).toBeLessThanOrEqual(Math.max(0.2, 0.02 * limit));
      }
    },
  );

test("a limit of a fiftieth is found within seconds, and little is throttled until then", () => {
  const { taken, throttled } = run({
    configured: 1_000,
    meter: meters["by the last second"]!(20),
    pauseMs: 250,
    forMs: 60_000,
  });
  expect(perSecond(taken, 12_000, 30_000)).toBeGreaterThanOrEqual(15);
  expect(perSecond(taken, 30_000, 60_000)).toBeGreaterThanOrEqual(18);
  expect(perSecond(throttled, 12_000, 60_000)).toBeLessThan(0.5);
  expect(throttled.length).toBeLessThan(1_500);
});

test("a provider that takes less for a while has its whole rate again within a minute", () => {
  const [slow, quick] = [meters["by the last second"]!(20), meters["by the last second"]!(200)];
  const meter = (now: number) => (now < 100_000 ? slow(now) : quick(now));
  const { taken } = run({ configured: 200, meter, pauseMs: 250, forMs: 200_000 });
  expect(perSecond(taken, 40_000, 100_000)).toBeGreaterThanOrEqual(18);
  expect(perSecond(taken, 160_000, 200_000)).toBeGreaterThanOrEqual(0.97 * 200);
});

test("one that throttles all for minutes is asked again and again, and gets its traffic when it takes some", () => {
  const { taken, throttled } = run({ configured: 100, meter: (now) => now >= 300_000, pauseMs: 1_000, forMs: 420_000 });
  expect(throttled.length).toBeGreaterThan(50);
  expect(throttled.length).toBeLessThan(10_000);
  expect(perSecond(taken, 400_000, 420_000)).toBeGreaterThanOrEqual(97);
});

test("a provider that throttles a little of everything is slowed down as a whole, although each network meets little of it", async () => {
  vi.useFakeTimers({ now: 2_000_000 });
  const { link, sender, submit } = await running({ rate: 100 });
  const meter = meters["by the last second"]!(40);
  const answers: { at: number; ok: boolean }[] = [];
  const [taken, throttled]: [number[], number[]] = [[], []];
  const from = performance.now();
  let n = 0;
  for (let ms = 0; ms < 150_000; ms += 5) {
    while (sender.room() > 0) submit({ facts: { network: `2620${1 + (n++ % 3)}` } });
    const now = performance.now() - from;
    for (let sent = answers.length; sent < link.inFlight; sent++) answers.push({ at: now + 50, ok: meter(now) });
    while (answers.length > 0 && answers[0]!.at <= now) {
      const { ok } = answers.shift()!;
      (ok ? taken : throttled).push(ms);
      link.answer(ok ? undefined : { outcome: "throttled", code: "ESME_RTHROTTLED", pauseMs: 250 });
    }
    await vi.advanceTimersByTimeAsync(5);
  }
  expect(perSecond(taken, 50_000, 150_000)).toBeGreaterThanOrEqual(36);
  expect(perSecond(throttled, 50_000, 150_000)).toBeLessThan(2);
  expect(sender.circuit.state).toBe("closed");
  await sender.stop();
});
