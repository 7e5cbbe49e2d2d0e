import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { quietHoursSchema } from "../../../../domain/catalog/quiet-hours.ts";
import { zonesOf } from "../../../../domain/numbers/number-zones.ts";
import timeZones from "../../../../domain/numbers/time-zones.json" with { type: "json" };
import { QuietTable } from "../../../../domain/routing/quiet-hours.ts";
import { correctedZones } from "../../../../infra/time-zones/corrections.ts";

/** +1 800: it may be anywhere from Guam to Newfoundland. */
const TOLL_FREE = "18005550199";
const BERLIN = "4915112345678";
const table = (...rules: object[]) => {
  const parsed = rules.map((rule, i) => quietHoursSchema.parse({ id: `r${i}`, ...rule }));
  return new QuietTable(parsed, [{ id: "dach", countries: ["DE", "AT", "CH"] }]);
};
const of = (to: string, country: string, lane: "otp" | "transactional" | "marketing" = "marketing") => ({
  ...{ to, country, lane, account: "acme" },
});
const at = (text: string) => Date.parse(text);
const untilOf = (rule: object, to: string, country: string, now: string) => {
  const found = table(rule).ask(of(to, country), at(now));
  return found === undefined ? undefined : new Date(found.until).toISOString();
};
const DAY = { allowed: [{ from: "08:00", to: "21:00" }] };

describe("quiet hours", () => {
  it("end when it is allowed by the recipient's clocks", () => {
    expect(untilOf(DAY, BERLIN, "DE", "2026-01-15T12:00:00Z")).toBeUndefined();
    expect(untilOf(DAY, BERLIN, "DE", "2026-01-15T19:59:59Z")).toBeUndefined();
    expect(untilOf(DAY, BERLIN, "DE", "2026-01-15T20:00:00Z")).toBe("2026-01-16T07:00:00.000Z");
    expect(untilOf(DAY, BERLIN, "DE", "2026-07-15T20:00:00Z")).toBe("2026-07-16T06:00:00.000Z");
  });

  it("follow the clocks when they are put forward and back in that night", () => {
    // 29 March 2026, 02:00 is 03:00; 25 October, 03:00 is 02:00.
    expect(untilOf(DAY, BERLIN, "DE", "2026-03-28T22:00:00Z")).toBe("2026-03-29T06:00:00.000Z");
    expect(untilOf(DAY, BERLIN, "DE", "2026-10-24T22:00:00Z")).toBe("2026-10-25T07:00:00.000Z");
    // A window that begins in the hour that is skipped begins when it is over; one in the hour that comes twice begins with the first.
    const early = { allowed: [{ from: "02:30", to: "04:00" }] };
    expect(untilOf(early, BERLIN, "DE", "2026-03-28T22:00:00Z")).toBe("2026-03-29T01:00:00.000Z");
    expect(untilOf(early, BERLIN, "DE", "2026-10-24T22:00:00Z")).toBe("2026-10-25T00:30:00.000Z");
  });

  it("know days of the week, and windows over midnight", () => {
    const weekdays = { allowed: [{ days: ["mon", "tue", "wed", "thu", "fri"], from: "09:00", to: "17:00" }] };
    // A Friday evening.
    expect(untilOf(weekdays, BERLIN, "DE", "2026-01-16T17:00:00Z")).toBe("2026-01-19T08:00:00.000Z");
    const night = { allowed: [{ from: "22:00", to: "02:00" }] };
    expect(untilOf(night, BERLIN, "DE", "2026-01-16T00:30:00Z")).toBeUndefined();
    expect(untilOf(night, BERLIN, "DE", "2026-01-16T01:00:00Z")).toBe("2026-01-16T21:00:00.000Z");
  });

  it("let a number of several zones be written to when it is allowed in all of them, or in any", () => {
    expect(zonesOf(TOLL_FREE).length).toBeGreaterThan(10);
    const noonInNewYork = "2026-01-15T17:00:00Z";
    // On Guam it is three in the morning.
    const all = { allowed: [{ from: "03:00", to: "21:00" }], zones: "all" };
    expect(untilOf(all, TOLL_FREE, "US", noonInNewYork)).toBeUndefined();
    expect(untilOf(all, TOLL_FREE, "US", "2026-01-15T16:59:00Z")).toBe("2026-01-15T17:00:00.000Z");
    expect(untilOf({ ...DAY, zones: "any" }, TOLL_FREE, "US", noonInNewYork)).toBeUndefined();
    expect(untilOf({ ...all, zone: "America/New_York" }, TOLL_FREE, "US", "2026-01-15T16:59:00Z")).toBeUndefined();
  });

  it("where no hour is allowed in all zones, go by the hours allowed in most, so that nothing waits for ever and nobody is woken", () => {
    const america = { allowed: [{ from: "09:00", to: "20:00" }], zones: "all" };
    const may = Array.from({ length: 48 }, (_, half) =>
      new Date(Date.UTC(2026, 6, 15, 0, 30 * half)).toISOString(),
    ).filter((now) => untilOf(america, TOLL_FREE, "US", now) === undefined);
    // From 16:00 on in New York, 09:00 in Pago Pago, until 20:00 in St. John's; Guam is asleep.
    expect(may.map((now) => now.slice(11, 16))).toEqual(["20:00", "20:30", "21:00", "21:30", "22:00"]);
    expect(untilOf(america, TOLL_FREE, "US", "2026-07-15T07:00:30Z")).toBe("2026-07-15T20:00:00.000Z");
  });

  it.each([
    ["+61 4", "61412345678", ["Australia/Sydney"]],
    ["+7 9", "79161234567", ["Europe/Moscow"]],
    ["+62 8", "6281234567890", ["Asia/Jakarta"]],
    ["+34 6", "34612345678", ["Europe/Madrid"]],
    ["+593 9", "593991234567", ["America/Guayaquil"]],
  ])(
    "know one zone of mobile numbers that begin with %s, though the country has more, as docs/time.md says",
    (_, number, zones) => {
      expect(zonesOf(number)).toEqual(zones);
    },
  );

  it.each([
    [
      "Morocco, which keeps summer time in winter",
      "212612345678",
      "MA",
      "2026-01-15T20:30:00Z",
      "2026-01-16T07:00:00.000Z",
    ],
    ["Algeria, which has no summer time", "213551234567", "DZ", "2026-07-15T06:30:00Z", "2026-07-15T07:00:00.000Z"],
    ["Libya", "218912345678", "LY", "2026-07-15T05:30:00Z", "2026-07-15T06:00:00.000Z"],
    ["Nicaragua", "50581234567", "NI", "2026-07-15T13:30:00Z", "2026-07-15T14:00:00.000Z"],
    ["South Sudan", "211977123456", "SS", "2026-01-15T05:30:00Z", "2026-01-15T06:00:00.000Z"],
  ])("go by the clocks of %s, and not by those of a country that had the same", (_, to, country, now, until) => {
    expect(untilOf(DAY, to, country, now)).toBe(until);
  });

  it("say nothing of a number without a zone, unless the rule names one", () => {
    expect(zonesOf("881612345678")).toEqual([]);
    expect(untilOf(DAY, "881612345678", "ZZ", "2026-01-15T23:00:00Z")).toBeUndefined();
    expect(untilOf({ ...DAY, zone: "UTC" }, "881612345678", "ZZ", "2026-01-15T23:00:00Z")).toBeDefined();
  });

  it("hold for their countries, regions, lanes and accounts, and not for one-time passwords unless those are named", () => {
    const night = at("2026-01-15T23:00:00Z");
    const rules = table({ ...DAY, regions: ["dach"], accounts: ["acme"] });
    expect(rules.ask(of(BERLIN, "DE"), night)).toMatchObject({ rule: "r0", zones: ["Europe/Berlin"] });
    expect(rules.ask(of(BERLIN, "DE", "otp"), night)).toBeUndefined();
    expect(table({ ...DAY, lanes: ["otp"] }).ask(of(BERLIN, "DE", "otp"), night)).toBeDefined();
    expect(rules.ask(of("33612345678", "FR"), night)).toBeUndefined();
    expect(rules.ask({ ...of(BERLIN, "DE"), account: "globex" }, night)).toBeUndefined();
    // The first that holds decides.
    const always = { allowed: [{}], countries: ["DE"] };
    expect(table(always, DAY).ask(of(BERLIN, "DE"), night)).toBeUndefined();
  });

  it.each([
    [{ allowed: [] }, /allowed/],
    [{ allowed: [{ from: "08:00", to: "08:00" }] }, /no time between/],
    [{ ...DAY, zone: "Europe/Nowhere" }, /time zone/],
    [{ ...DAY, zones: "most" }, /all/],
  ])("cannot be %j", (rule, message) => {
    const read = quietHoursSchema.safeParse({ id: "r", ...rule });
    expect(JSON.stringify(read.error?.issues)).toMatch(message);
  });
});

test("the moment is the first at which it is allowed, minute by minute", { timeout: 60_000 }, () => {
  const clock = fc.integer({ min: 0, max: 1_439 }).map((m) => `${pad(m / 60)}:${pad(m % 60)}`);
  const zone = fc.constantFrom("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu");
  const start = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2026, 11, 20) });
  fc.assert(
    fc.property(clock, clock, zone, start, (from, to, name, now) => {
      fc.pre(from !== to);
      const rule = { allowed: [{ from, to }], zone: name };
      const found = table(rule).ask(of(BERLIN, "DE"), now);
      const format = new Intl.DateTimeFormat("en-GB", { timeZone: name, hour: "2-digit", minute: "2-digit" });
      const isAllowed = (time: number) => {
        const local = format.format(time);
        return from < to ? local >= from && local < to : local >= from || local < to;
      };
      let expected = now;
      while (!isAllowed(expected)) expected = (Math.floor(expected / 60_000) + 1) * 60_000;
      expect(found?.until ?? now).toBe(expected);
    }),
    { numRuns: 25 },
  );
});

test("a table that has been asked before says what a new one says, whoever asks and when", () => {
  const rules = [
    { ...DAY, countries: ["DE"] },
    { ...DAY, countries: ["US"], zones: "any" },
    { countries: ["SE"], allowed: [{ from: "09:00", to: "20:30" }], zone: "Asia/Kathmandu" },
  ];
  const people = [of(BERLIN, "DE"), of(TOLL_FREE, "US"), of("12125550123", "US"), of("46701740605", "SE")];
  const hours = fc.array(fc.tuple(fc.constantFrom(...people), fc.integer({ min: 0, max: 48 * 60 }), fc.boolean()));
  fc.assert(
    fc.property(hours, (questions) => {
      const asked = table(...rules);
      for (const [who, minute, once] of questions) {
        const now = at("2026-01-15T00:00:00Z") + minute * 60_000;
        for (const moment of once ? [now] : [now + 59_999, now])
          expect(asked.ask(who, moment)).toEqual(table(...rules).ask(who, moment));
      }
    }),
    { numRuns: 50 },
  );
});

function pad(n: number): string {
  return String(Math.floor(n)).padStart(2, "0");
}

test("the zones of the countries that share a prefix's data with another one are corrected where the file is made", () => {
  const given = new Map([
    ["212", ["Atlantic/Canary"]],
    ["34822", ["Atlantic/Canary"]],
    ["52", ["America/Cancun", "America/New_York"]],
    ["7840", ["Europe/Bucharest", "Europe/Moscow"]],
    ["74012", ["Europe/Bucharest"]],
    ["40", ["Europe/Bucharest"]],
  ]);
  expect([...correctedZones(given)]).toEqual([
    ["212", ["Africa/Casablanca"]],
    ["34822", ["Atlantic/Canary"]],
    ["52", ["America/Cancun"]],
    ["7840", ["Europe/Moscow"]],
    ["74012", ["Europe/Kaliningrad"]],
    ["40", ["Europe/Bucharest"]],
  ]);
  const { zones } = timeZones as { zones: string[][] };
  const stands = new Map(zones.flatMap(([of, prefixes]) => prefixes!.split(" ").map((one) => [one, of!.split(" ")])));
  expect(correctedZones(stands)).toEqual(stands);
});
