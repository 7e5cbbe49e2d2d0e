import fc from "fast-check";
import { expect, test } from "vitest";
import { SegmentVolume } from "../../../services/sender/segment-volume.ts";

const at = (text: string) => Date.parse(text);
const NOON = at("2026-11-30T12:00:00Z");
const HOUR = 3_600_000;
const BERLIN = { zone: "Europe/Berlin" } as const;

test("segments are counted by partition, day and month, and told with the periods that they are of", () => {
  const volume = new SegmentVolume(BERLIN, NOON);
  volume.begin(0, undefined, [], NOON);
  volume.begin(1, undefined, [], NOON);
  volume.add(0, { at: NOON, segments: 3, spent: 150 });
  volume.add(1, { at: NOON, segments: 4, spent: 0 });
  expect(volume.of(0, NOON)).toEqual({
    dayStart: at("2026-11-29T23:00:00Z"),
    dayEnd: at("2026-11-30T23:00:00Z"),
    segmentsToday: 3,
    monthStart: at("2026-10-31T23:00:00Z"),
    monthEnd: at("2026-11-30T23:00:00Z"),
    segmentsThisMonth: 3,
    spentThisMonth: 150,
  });
  expect(volume.here).toEqual({ today: 7, thisMonth: 7 });
});

test("a new owner goes on from what was told and what was taken since, as far as that is of this day and month", () => {
  const volume = new SegmentVolume({ zone: "UTC" }, NOON);
  const told = {
    dayEnd: at("2026-12-01T00:00:00Z"),
    segmentsToday: 50,
    monthEnd: at("2026-12-01T00:00:00Z"),
    segmentsThisMonth: 900,
    spentThisMonth: 45_000,
  };
  volume.begin(0, told, [{ at: NOON - 10, segments: 2, spent: 100 }], NOON);
  expect(volume.here).toEqual({ today: 52, thisMonth: 902 });
  expect(volume.of(0, NOON).spentThisMonth).toBe(45_100);
  volume.end(0);
  expect(volume.here).toEqual({ today: 0, thisMonth: 0 });
  volume.add(0, { at: NOON, segments: 1, spent: 0 });
  expect(volume.here, "of a partition that has gone").toEqual({ today: 0, thisMonth: 0 });
  // The day is over, and the month with it; what was taken since is of both sides of midnight.
  const later = at("2026-12-01T00:00:20Z");
  const since = [-30, 5].map((seconds) => ({
    at: at("2026-12-01T00:00:00Z") + seconds * 1_000,
    segments: 4,
    spent: 200,
  }));
  volume.begin(0, told, since, later);
  expect(volume.here).toEqual({ today: 4, thisMonth: 4 });
  expect(volume.of(0, later).spentThisMonth, "what was told is of the month before").toBe(200);
});

test("counts are those of a plain sum over the periods, whatever comes when and on which partition", () => {
  const taken = fc.record({
    after: fc.integer({ min: 0, max: 20 * HOUR }),
    partition: fc.integer({ min: 0, max: 2 }),
    segments: fc.integer({ min: 1, max: 9 }),
    spent: fc.nat(900),
  });
  fc.assert(
    fc.property(
      fc.constantFrom("UTC", "Europe/Berlin", "Asia/Kolkata"),
      fc.array(taken, { maxLength: 60 }),
      (zone, list) => {
        let now = at("2026-10-30T00:00:00Z");
        const volume = new SegmentVolume({ zone }, now);
        for (const partition of [0, 1, 2]) volume.begin(partition, undefined, [], now);
        const log: { at: number; partition: number; segments: number; spent: number }[] = [];
        for (const { after, partition, segments, spent } of list) {
          now += after;
          volume.add(partition, { at: now, segments, spent });
          log.push({ at: now, partition, segments, spent });
          const told = volume.of(partition, now);
          const sum = (from: number, of: "segments" | "spent" = "segments") =>
            log.filter((one) => one.partition === partition && one.at >= from).reduce((all, one) => all + one[of], 0);
          expect([told.segmentsToday, told.segmentsThisMonth]).toEqual([sum(told.dayStart), sum(told.monthStart)]);
          expect(told.spentThisMonth).toBe(sum(told.monthStart, "spent"));
          expect(now).toBeLessThan(told.dayEnd);
        }
      },
    ),
  );
});

test("a quota leaves room for what is not taken and not under way, here and elsewhere, of the day and of the month", () => {
  let elsewhere = { today: 10, thisMonth: 100 };
  const volume = new SegmentVolume({ zone: "UTC", daily: 50, monthly: 130 }, NOON, () => elsewhere);
  volume.begin(0, undefined, [], NOON);
  volume.tick(NOON);
  expect(volume.room).toBe(30);
  volume.reserve(6);
  volume.add(0, { at: NOON, segments: 4, spent: 0 });
  expect(volume.room).toBe(20);
  expect(volume.fullUntil(26)).toBeUndefined();
  expect(volume.fullUntil(27)).toBe(at("2026-12-01T00:00:00Z"));
  elsewhere = { today: 46, thisMonth: 100 };
  expect(volume.room, "not looked at yet").toBe(20);
  volume.tick(NOON);
  expect(volume.room).toBe(0);
  volume.release(6);
  elsewhere = { today: 0, thisMonth: 0 };
  volume.tick(at("2026-12-01T00:00:00Z"));
  expect(volume.room).toBe(50);
});

test("without a quota all is counted and nothing is held back", () => {
  const volume = new SegmentVolume({ zone: "UTC" }, NOON);
  volume.begin(0, undefined, [], NOON);
  volume.add(0, { at: NOON, segments: 1_000_000, spent: 0 });
  expect(volume.room).toBe(Number.POSITIVE_INFINITY);
  expect(volume.fullUntil(1)).toBeUndefined();
});

test("another zone keeps what was counted; from its next midnight it counts by its own", () => {
  const volume = new SegmentVolume({ zone: "UTC" }, NOON);
  volume.begin(0, undefined, [], NOON);
  volume.add(0, { at: NOON, segments: 5, spent: 0 });
  volume.change({ zone: "Asia/Tokyo", daily: 6 }, NOON);
  expect(volume.room).toBe(1);
  volume.tick(at("2026-11-30T15:00:00Z"));
  expect(volume.room).toBe(6);
});
