import fc from "fast-check";
import { expect, test } from "vitest";
import { periodsAt } from "../../../../domain/catalog/calendar-period.ts";

const at = (text: string) => Date.parse(text);
const iso = ({ start, end }: { start: number; end: number }) =>
  [start, end].map((time) => new Date(time).toISOString());

test("a day and a month begin at midnight by the zone's clocks, summer time or not", () => {
  const { day, month } = periodsAt(at("2026-03-29T12:00:00Z"), "Europe/Berlin");
  expect(iso(day)).toEqual(["2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z"]);
  expect(iso(month)).toEqual(["2026-02-28T23:00:00.000Z", "2026-03-31T22:00:00.000Z"]);
  const last = periodsAt(at("2026-12-31T18:30:00Z"), "Asia/Kolkata");
  expect(iso(last.day)).toEqual(["2026-12-31T18:30:00.000Z", "2027-01-01T18:30:00.000Z"]);
  expect(iso(last.month)).toEqual(["2026-12-31T18:30:00.000Z", "2027-01-31T18:30:00.000Z"]);
});

test("every moment lies in its day and its month, the day in the month, and the next day begins where it ends", () => {
  const zones = fc.constantFrom(
    "UTC",
    "Europe/Berlin",
    "America/St_Johns",
    "Asia/Beirut",
    "Pacific/Kiritimati",
    "Pacific/Niue",
  );
  const times = fc.integer({ min: at("2024-01-01T00:00:00Z"), max: at("2030-01-01T00:00:00Z") });
  fc.assert(
    fc.property(times, zones, (time, zone) => {
      const { day, month } = periodsAt(time, zone);
      expect(time).toBeGreaterThanOrEqual(day.start);
      expect(time).toBeLessThan(day.end);
      expect(month.start).toBeLessThanOrEqual(day.start);
      expect(month.end).toBeGreaterThanOrEqual(day.end);
      expect(day.end - day.start).toBeLessThanOrEqual(25 * 3_600_000);
      expect(periodsAt(day.end, zone).day.start).toBe(day.end);
      expect(periodsAt(day.end - 1, zone).day).toEqual(day);
    }),
    { numRuns: 60 },
  );
});
