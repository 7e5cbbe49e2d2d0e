import { describe, expect, it } from "vitest";
import { timeWindowSchema, windowsCover } from "../../../../domain/catalog/time-window.ts";
import { testOf } from "../../../../domain/routing/conditions.ts";
import { LocalTime } from "../../../../domain/routing/local-time.ts";
import type { MessageFacts } from "../../../../domain/routing/message-facts.ts";

const window = (given: object) => timeWindowSchema.parse({ zone: "Europe/Berlin", ...given });
const within = (given: object, time: string) =>
  testOf({ times: [window(given)] }, ["times"])!({ at: Date.parse(time) } as MessageFacts);

describe("a time window", () => {
  it.each([
    [{}, "2026-01-05T12:00:00Z", true],
    // 07:59 and 08:00 in Berlin, in winter and in summer.
    [{ from: "08:00", to: "20:00" }, "2026-01-05T06:59:59.999Z", false],
    [{ from: "08:00", to: "20:00" }, "2026-01-05T07:00:00Z", true],
    [{ from: "08:00", to: "20:00" }, "2026-07-06T06:00:00Z", true],
    [{ from: "08:00", to: "20:00" }, "2026-07-06T05:59:00Z", false],
    [{ from: "08:00", to: "20:00" }, "2026-01-05T18:59:59Z", true],
    [{ from: "08:00", to: "20:00" }, "2026-01-05T19:00:00Z", false],
    [{ days: ["mon"] }, "2026-01-04T22:59:00Z", false],
    [{ days: ["mon"] }, "2026-01-04T23:00:00Z", true],
    // The night of a Friday is on Saturday, too; that of a Sunday on Monday.
    [{ days: ["fri"], from: "22:00", to: "06:00" }, "2026-01-10T04:59:00Z", true],
    [{ days: ["fri"], from: "22:00", to: "06:00" }, "2026-01-10T05:00:00Z", false],
    [{ days: ["fri"], from: "22:00", to: "06:00" }, "2026-01-09T04:59:00Z", false],
    [{ days: ["sun"], from: "22:00", to: "06:00" }, "2026-01-12T04:00:00Z", true],
    // A zone whose offset is no full hour.
    [{ from: "00:00", to: "00:01", zone: "Asia/Kathmandu" }, "2026-01-05T18:15:30Z", true],
    [{ from: "00:00", to: "00:01", zone: "Asia/Kathmandu" }, "2026-01-05T18:16:00Z", false],
  ])("%j at %s: %s", (given, time, expected) => expect(within(given, time)).toBe(expected));

  it.each([
    [{ from: "8:00" }, "time of day"],
    [{ from: "24:00" }, "no time between"],
    [{ from: "08:00", to: "08:00" }, "no time between"],
    [{ days: [] }, "days"],
    [{ days: ["mon", "mon"] }, "twice"],
    [{ days: ["monday"] }, "days"],
    [{ zone: "Europe/Berlim" }, "IANA"],
    [{ zone: "+01:00" }, "IANA"],
    [{ until: "08:00" }, "until"],
  ])("is not %j", (given, message) => {
    const { error } = timeWindowSchema.safeParse({ zone: "UTC", ...given });
    expect(JSON.stringify(error?.issues)).toContain(message);
  });

  it("goes by the clocks of its zone on the days on which they change", () => {
    const clocks = LocalTime.of("Europe/Berlin");
    const at = (time: string) => {
      const minute = clocks.minuteOfWeek(Date.parse(time)) - 6 * 1_440;
      return `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, "0")}`;
    };
    expect([at("2026-03-29T00:59:00Z"), at("2026-03-29T01:00:00Z")]).toEqual(["1:59", "3:00"]);
    expect([at("2026-10-25T00:59:00Z"), at("2026-10-25T01:00:00Z")]).toEqual(["2:59", "2:00"]);
  });

  it("is covered by others of its zone, or by a whole week of any", () => {
    const night = window({ from: "22:00", to: "06:00" });
    const [evening, morning] = [window({ from: "20:00", to: "24:00" }), window({ from: "00:00", to: "08:00" })];
    expect(windowsCover([evening, morning], [night])).toBe(true);
    expect(windowsCover([evening], [night])).toBe(false);
    expect(windowsCover([night], undefined)).toBe(false);
    expect(windowsCover([night, window({ from: "06:00", to: "22:00" })], undefined)).toBe(true);
    expect(windowsCover([window({ zone: "UTC" })], [night])).toBe(true);
    expect(windowsCover([window({ zone: "UTC", from: "01:00" })], [night])).toBe(false);
  });
});
