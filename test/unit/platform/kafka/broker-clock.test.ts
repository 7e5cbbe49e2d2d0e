import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BrokerClock } from "../../../../platform/kafka/broker-clock.ts";
import { BrokerClockProbe } from "../../../../platform/kafka/broker-clock-probe.ts";

const HOUR = 3_600_000;
const EPOCH = 1_700_000_000_000;

/** A process whose wall clock is off by `wrongBy`, and brokers whose clock is right. */
function world(wrongBy: number) {
  const at = { monotonic: 5_000.25, wrongBy };
  const clock = new BrokerClock(
    () => Math.floor(EPOCH + at.monotonic + at.wrongBy),
    () => at.monotonic,
  );
  const truth = () => EPOCH + at.monotonic;
  const write = (toLeader: number, back: number) => {
    const sentAt = at.monotonic;
    at.monotonic += toLeader;
    const appendedAt = Math.floor(truth());
    at.monotonic += back;
    clock.sample(appendedAt, sentAt, at.monotonic);
  };
  return { at, clock, truth, write };
}

describe("the brokers' clock", () => {
  it("is never ahead, and late by no more than the fastest round trip, wherever the wall clock stood at the start", () => {
    const step = fc.record({
      pause: fc.double({ min: 0, max: 60_000, noNaN: true }),
      toLeader: fc.double({ min: 0, max: 2_000, noNaN: true }),
      back: fc.double({ min: 0, max: 12_000, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: -72 * HOUR, max: 72 * HOUR }),
        fc.array(step, { minLength: 1 }),
        (wrongBy, steps) => {
          const { at, clock, truth, write } = world(wrongBy);
          let tightest = Number.POSITIVE_INFINITY;
          let before = Number.NEGATIVE_INFINITY;
          for (const { pause, toLeader, back } of steps) {
            at.monotonic += pause;
            write(toLeader, back);
            const now = clock.now();
            expect(now).toBeGreaterThanOrEqual(before);
            tightest = Math.min(tightest, toLeader + back);
            expect(now).toBeLessThanOrEqual(truth());
            expect(now).toBeGreaterThanOrEqual(truth() - tightest - 2);
            before = now;
          }
        },
      ),
    );
  });

  it("takes no notice of a wall clock that jumps while the process runs", () => {
    const { at, clock, truth, write } = world(0);
    write(1, 1);
    for (const jump of [2 * HOUR, -2 * HOUR, 72 * HOUR]) {
      at.wrongBy = jump;
      at.monotonic += 10_000;
      expect(Math.abs(clock.now() - truth())).toBeLessThan(4);
    }
  });

  it("is not moved by an answer that is slow and says nothing new", () => {
    const { at, clock, truth, write } = world(0);
    write(0, 1);
    write(11_000, 1_000);
    at.monotonic += 1;
    expect(Math.abs(clock.now() - truth())).toBeLessThan(3);
  });

  it("stands still for a small step back, and follows a large one", () => {
    const { at, clock, truth, write } = world(400);
    const first = clock.now();
    write(1, 1);
    expect(clock.now()).toBe(first);
    at.monotonic += 1_000;
    expect(Math.abs(clock.now() - truth())).toBeLessThan(4);

    const wrong = world(2 * HOUR);
    wrong.clock.now();
    wrong.write(1, 1);
    expect(Math.abs(wrong.clock.now() - wrong.truth())).toBeLessThan(4);
  });
});

describe("the probe", () => {
  it("asks once however often its start is repeated, and its start is over when the write is acknowledged", async () => {
    const stored: (() => void)[] = [];
    const producer = {
      clock: { sampledAt: Number.NEGATIVE_INFINITY },
      lastFailure: undefined,
      send: () => new Promise<void>((resolve) => stored.push(resolve)),
    };
    const probe = new BrokerClockProbe({ producer, topic: "t", instance: "one" });
    let started = 0;
    const starts = [probe.start(), probe.start()].map((start) => start.then(() => started++));
    await Promise.resolve();
    expect({ asked: stored.length, started }).toEqual({ asked: 1, started: 0 });
    stored[0]!();
    await Promise.all(starts);
    expect(started).toBe(2);
    probe.stop();
  });
});
