import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TerminalStatus } from "../../../../domain/message/status.ts";
import { DELAY_BOUNDS_MS, delayBucket } from "../../../../domain/quality/delay-buckets.ts";
import type { QualityCell, QualitySummary } from "../../../../domain/quality/quality-cell.ts";
import { DEFAULT_QUALITY_LIMITS, QualityCollector } from "../../../../domain/quality/quality-collector.ts";

const START = 1_764_500_000_000;
const cell: QualityCell = { provider: "a", country: "DE", network: "26201", lane: "otp" };
const other: QualityCell = { ...cell, network: null };
const LAST = DELAY_BOUNDS_MS.at(-1)!;

interface Message {
  readonly cell: QualityCell;
  readonly at: number;
  readonly outcome: TerminalStatus;
  readonly delay: number;
}

/** Tells all of these in the order in which it happens, with a tick a second; the newest summary of each cell. */
function watch(messages: readonly Message[], until: number, collector = new QualityCollector(3, START)) {
  const told = messages.flatMap((message) => [
    { at: message.at, tell: () => collector.submitted(message.cell, message.at) },
    {
      at: message.at + message.delay,
      tell: () => collector.ended(message.cell, message.outcome, message.at, message.at + message.delay),
    },
  ]);
  told.sort((a, b) => a.at - b.at);
  const newest = new Map<string, QualitySummary>();
  let next = 0;
  // With long waits there is nothing to see: the steps grow.
  for (let now = START, step = 1_000; now <= until; now += step) {
    while (next < told.length && told[next]!.at <= now) told[next++]!.tell();
    for (const summary of collector.tick(now))
      newest.set(`${summary.provider}/${summary.network}/${summary.lane}`, summary);
    if (next === told.length) step = Math.min(60_000, step * 2);
  }
  return newest;
}

const message = fc.record({
  cell: fc.constantFrom(cell, other),
  at: fc.integer({ min: START, max: START + 60_000 }),
  outcome: fc.constantFrom<TerminalStatus>("delivered", "undelivered", "rejected", "unknown"),
  delay: fc.oneof(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 0, max: 5_000_000 })),
});

describe("what is told of a cell", () => {
  it("is, in the end, what a count by hand gives", () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 60 }), (messages) => {
        const newest = watch(messages, START + 6_000_000);
        for (const one of [cell, other]) {
          const own = messages.filter((message) => message.cell === one);
          const summary = newest.get(`a/${one.network}/otp`);
          if (own.length === 0) expect(summary).toBeUndefined();
          if (own.length === 0 || summary === undefined) continue;
          const count = (test: (message: Message) => boolean) => own.filter(test).length;
          const arrived = own.filter(({ outcome, delay }) => outcome === "delivered" && delay < LAST);
          expect(summary.submitted).toBe(own.length);
          expect(summary.exposed).toEqual(DELAY_BOUNDS_MS.map(() => own.length));
          expect(summary.delivered).toEqual(
            DELAY_BOUNDS_MS.map((_, bucket) => arrived.filter(({ delay }) => delayBucket(delay) === bucket).length),
          );
          expect(summary.missing).toBe(count(({ outcome }) => outcome === "unknown"));
          expect(summary.failed).toBe(count(({ outcome }) => outcome === "undelivered" || outcome === "rejected"));
          expect(summary.late).toBe(count(({ outcome, delay }) => outcome === "delivered" && delay >= LAST));
        }
      }),
      { numRuns: 60 },
    );
  });

  it("counts deliveries of those alone that are counted as having lived through the bucket", () => {
    fc.assert(
      fc.property(
        fc.array(message, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 0, max: 90_000 }),
        (messages, after) => {
          for (const { at, exposed, delivered } of watch(messages, START + after).values())
            for (const [bucket, bound] of DELAY_BOUNDS_MS.entries()) {
              expect(delivered[bucket]).toBeLessThanOrEqual(exposed[bucket]!);
              expect(exposed[bucket]).toBeLessThanOrEqual(
                messages.filter((message) => message.at + bound <= at).length,
              );
            }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("does not take receipts that cannot have come yet for missing ones, whatever the traffic", () => {
    // All are delivered after 8 s. Traffic grows tenfold after a minute: of the last 8 s nothing has come.
    const messages = Array.from({ length: 1_800 }, (_, n) => {
      const at = n < 600 ? START + n * 100 : START + 60_000 + (n - 600) * 10;
      return { cell, at, outcome: "delivered" as const, delay: 8_000 };
    });
    const { submitted, exposed, delivered } = watch(messages, START + 72_000).get("a/26201/otp")!;
    const bucket = delayBucket(8_000);
    expect(delivered.reduce((sum, count) => sum + count)).toBeLessThan(submitted / 2);
    expect(delivered[bucket]).toBe(exposed[bucket]);
    expect(exposed[bucket]).toBeGreaterThan(500);
  });

  it("has the delays of late", () => {
    const messages = Array.from({ length: 400 }, (_, n) => ({
      cell,
      at: START + n * 20_000,
      outcome: "delivered" as const,
      delay: n < 200 ? 1_200 : 40_000,
    }));
    const { medianMillis, p95Millis } = watch(messages, START + 400 * 20_000).get("a/26201/otp")!;
    for (const millis of [medianMillis!, p95Millis!]) expect(delayBucket(millis)).toBe(delayBucket(40_000));
  });
});

describe("a collector", () => {
  it("leaves out what was submitted before it began", () => {
    const collector = new QualityCollector(0, START);
    collector.submitted(cell, START - 1);
    collector.submitted(cell, START);
    collector.ended(cell, "delivered", START - 1, START + 500);
    collector.ended(other, "delivered", START, START + 500);
    const [summary, ...more] = collector.tick(START + 10_000);
    expect(more).toEqual([]);
    expect(summary).toMatchObject({ ...cell, partition: 0, since: START, at: START + 10_000, submitted: 1 });
    expect(summary!.delivered.every((count) => count === 0)).toBe(true);
  });

  it("lets each submission age for itself, in whatever order they are read", () => {
    const collector = new QualityCollector(0, START, { ...DEFAULT_QUALITY_LIMITS, news: 1, waitMs: 0 });
    for (const at of [START + 5_000, START, START + 3_000]) collector.submitted(cell, at);
    const passed = [1_000, 4_000, 6_000].map((after) => collector.tick(START + after)[0]!.exposed[0]);
    expect(passed).toEqual([1, 2, 3]);
  });

  it("tells of a cell at once when much happens, and of every change within the wait", () => {
    const collector = new QualityCollector(0, START);
    const { news, waitMs } = DEFAULT_QUALITY_LIMITS;
    for (let n = 1; n < news; n++) collector.submitted(cell, START);
    expect(collector.tick(START + 1_000)).toEqual([]);
    collector.submitted(cell, START + 1_000);
    expect(collector.tick(START + 1_001)).toHaveLength(1);
    collector.submitted(cell, START + 1_001);
    expect(collector.tick(START + 1_000 + waitMs)).toEqual([]);
    expect(collector.tick(START + 1_001 + waitMs)).toHaveLength(1);
  });

  it("says no more in a tick than is allowed, and leaves nobody out for others", () => {
    const limits = { cells: 100, summaries: 7, news: 1, waitMs: 0 };
    const collector = new QualityCollector(0, START, limits);
    const seen = new Set<string>();
    for (let round = 1; round <= 10; round++) {
      for (let n = 0; n < 50; n++) collector.submitted({ ...cell, network: String(26_200 + n) }, START + round * 1_000);
      const said = collector.tick(START + round * 1_000);
      expect(said.length).toBeLessThanOrEqual(7);
      for (const { network } of said) seen.add(network!);
    }
    expect(seen.size).toBe(50);
  });

  it("holds so many cells and no more: the one longest without a submission goes", () => {
    const collector = new QualityCollector(0, START, { ...DEFAULT_QUALITY_LIMITS, cells: 3, news: 1 });
    const network = (n: number): QualityCell => ({ ...cell, network: `2620${n}` });
    for (const n of [1, 2, 3]) collector.submitted(network(n), START + n);
    collector.tick(START + 10);
    collector.submitted(network(1), START + 20);
    collector.tick(START + 30);
    collector.submitted(network(4), START + 40);
    expect(collector.size).toBe(3);
    // 2 was forgotten: an end of its earlier submission means nothing any more.
    collector.ended(network(2), "failed", START + 2, START + 50);
    collector.ended(network(1), "failed", START + 1, START + 50);
    expect(
      collector
        .tick(START + 60)
        .map(({ network, failed }) => `${network} ${failed}`)
        .sort(),
    ).toEqual(["26201 1", "26204 0"]);
  });

  it("forgets a cell in which nothing can change any more, and begins anew with it", () => {
    const collector = new QualityCollector(0, START);
    collector.submitted(cell, START);
    const wait = () => {
      for (let now = START; now < START + 2 * LAST; now += 10_000) collector.tick(now);
    };
    wait();
    expect(collector.size, "its end may still come").toBe(1);
    collector.ended(cell, "unknown", START, START + 2 * LAST);
    expect(collector.tick(START + 2 * LAST + 10_000)).toMatchObject([{ missing: 1 }]);
    collector.tick(START + 2 * LAST + 11_000);
    expect(collector.size).toBe(0);
    collector.submitted(cell, START + 2 * LAST + 12_000);
    const [summary] = collector.tick(START + 2 * LAST + 20_000);
    expect(summary).toMatchObject({ submitted: 1 });
    expect(summary!.since).toBeGreaterThan(START);
  });
});
