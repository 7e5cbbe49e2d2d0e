import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { readWrittenTime } from "../../../../domain/message/written-time.ts";

const NOON = Date.UTC(2026, 0, 31, 12);
const TABLES = { days: true, tables: true };
const atOf = (text: unknown, forms = {}) => {
  const read = readWrittenTime(text, forms);
  return read.ok ? read.at : read.reason;
};

describe("a written time", () => {
  it("says its zone", () => {
    for (const text of ["2026-01-31T12:00:00Z", "2026-01-31T13:00+01:00", "2026-01-31T11:30:00.000000000-00:30"])
      expect(atOf(text), text).toBe(NOON);
    expect(atOf("2026-01-31T12:00:00.9876Z")).toBe(NOON + 987);
    expect(atOf("2026-01-31T12:00:00.5Z")).toBe(NOON + 500);
  });

  it("is a day alone where that is enough, and as tables have it only of a table", () => {
    expect(atOf("2026-01-31", { days: true })).toBe(Date.UTC(2026, 0, 31));
    expect(atOf("2026-01-31")).toMatch(/a time with its zone/);
    for (const text of [
      "2026-01-31 12:00",
      "2026-01-31 12:00:00 UTC",
      "2026-01-31T12:00:00",
      "2026-01-31T14:00+0200",
    ]) {
      expect(atOf(text, TABLES), text).toBe(NOON);
      expect(atOf(text, { days: true }), text).toMatch(/zone/);
    }
  });

  it.each([
    ["2027-02-30T12:00:00Z", "there is no day 2027-02-30"],
    ["2025-02-29T12:00:00Z", "there is no day 2025-02-29"],
    ["2026-13-01T12:00:00Z", "there is no day 2026-13-01"],
    ["2026-04-31", "there is no day 2026-04-31"],
    ["2026-00-10", "there is no day 2026-00-10"],
    ["2026-01-31T24:00:00Z", "there is no time of day 24:00:00"],
    ["2026-01-31T12:60Z", "there is no time of day 12:60:00"],
    ["2026-01-31T12:00:60Z", "there is no time of day 12:00:60"],
    ["2026-01-31T12:00:00+24:00", "there is no offset +24:00"],
    ["2026-01-31T12:00:00+01:60", "there is no offset +01:60"],
  ])("is none where there is no such day, time or zone: %s", (text, reason) => {
    expect(atOf(text, { days: true })).toBe(reason);
    expect(atOf(text, TABLES)).toBe(reason);
  });

  it.each([undefined, null, 7, "", "noon", " 2026-01-31T12:00:00Z", "2026-1-31T12:00:00Z", "2026-01-31T12Z"])(
    "is not %j",
    (text) => {
      expect(atOf(text)).toBe("a time with its zone, such as 2026-01-31T12:00:00Z");
      expect(atOf(text, { days: true })).toBe("a date, or a time with its zone such as 2026-01-31T12:00:00Z");
    },
  );

  it("without a zone is told to say one", () => {
    expect(atOf("2026-01-31T12:00:00")).toBe(
      "it says no zone: Z for UTC, or an offset such as +01:00, belongs behind it",
    );
  });
});

test("what a clock anywhere shows is read as what it is, and nothing else as a time", () => {
  const moment = fc.integer({ min: Date.UTC(1970, 0, 2), max: Date.UTC(2400, 0, 1) });
  fc.assert(
    fc.property(moment, fc.integer({ min: -1_439, max: 1_439 }), (at, offset) => {
      const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60].map((n) =>
        String(n).padStart(2, "0"),
      );
      const local = new Date(at + offset * 60_000).toISOString().slice(0, -1);
      expect(atOf(`${local}${offset < 0 ? "-" : "+"}${hours}:${minutes}`)).toBe(at);
    }),
  );
  const part = (most: number) => fc.integer({ min: 0, max: most }).map((n) => String(n).padStart(2, "0"));
  fc.assert(
    fc.property(part(13), part(32), part(25), part(61), (month, day, hour, minute) => {
      const text = `2028-${month}-${day}T${hour}:${minute}:00.000Z`;
      const parsed = Date.parse(text);
      const exists = !Number.isNaN(parsed) && new Date(parsed).toISOString() === text;
      expect(readWrittenTime(text).ok).toBe(exists);
    }),
  );
});
