import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatMoney } from "../../../../domain/catalog/money.ts";
import { decimalSignOf, readAmount } from "../../../../domain/prices/amount.ts";
import { countryOf } from "../../../../domain/prices/country-names.ts";
import { currencyOfTitles, currencyWithin } from "../../../../domain/prices/currencies.ts";
import { dateOrderOf, readDate } from "../../../../domain/prices/local-date.ts";
import { readMccMncs, readMncs, readPrefixes } from "../../../../domain/prices/network-cells.ts";
import { dayOf, isZone, midnightOf } from "../../../../domain/prices/zone.ts";
import { timesLonger } from "../../times-longer.ts";

/** The value of a cell, or the message. */
const contentOf = <T>(cell: { ok: true; value: T } | { ok: false; message: string }) =>
  cell.ok ? cell.value : cell.message;

describe("amounts", () => {
  it("are read exactly however they are written", () => {
    const micros = fc.integer({ min: 0, max: 9_999_999_999_999 });
    const comma = fc.constantFrom("comma" as const, "point" as const);
    fc.assert(
      fc.property(micros, comma, fc.constantFrom("", "sign", " ", "'", "\u00a0"), (price, decimal, group) => {
        const [point, other] = decimal === "comma" ? [",", "."] : [".", ","];
        const [whole = "", decimals = ""] = formatMoney(price).split(".");
        const grouped = whole.replace(/\B(?=(\d{3})+$)/g, group === "sign" ? other : group);
        const text = `${grouped}${point}${decimals.padEnd(2, "0")}`;
        for (const written of [text, `€${text}`, `${text} EUR`, `EUR ${text}`])
          expect(contentOf(readAmount(written, decimal, undefined))).toMatchObject({ price });
      }),
    );
  });

  it("with an exponent are those without it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999 }), fc.integer({ min: -6, max: 3 }), (digits, exponent) => {
        const cell = readAmount(`${digits}E${exponent}`, "point", undefined);
        expect(contentOf(cell)).toMatchObject({ price: digits * 10 ** (exponent + 6) });
      }),
    );
  });

  it("say their sign alone, or by their column, or are refused", () => {
    expect(decimalSignOf(["1,234", "0,5"])).toBe("comma");
    expect(decimalSignOf(["1.234", "12", "2,000.5"])).toBe("point");
    expect(decimalSignOf(["0.5", "0,5"])).toBeUndefined();
    expect(contentOf(readAmount("1,234", "comma", undefined))).toMatchObject({ price: 1_234_000 });
    expect(contentOf(readAmount("1,234", "point", undefined))).toMatchObject({ price: 1_234_000_000 });
    expect(contentOf(readAmount("0,234", "point", undefined))).toMatchObject({ price: 234_000 });
    for (const text of [
      "1,234",
      "1.2.3",
      "1,23,456",
      "1.234.56",
      "-1",
      "1 XYZ",
      "€1 USD",
      "1 ct",
      "",
      "1..2",
      "0.0000001",
    ])
      expect(contentOf(readAmount(text, undefined, undefined))).toEqual(expect.any(String));
  });

  it("find a currency within a header, and take words for words", () => {
    expect(currencyWithin("Price (EUR)", undefined)).toMatchObject({ currency: "EUR" });
    expect(currencyWithin("€ per SMS", undefined)).toMatchObject({ currency: "EUR" });
    expect(currencyWithin("Rate, $", "CAD")).toMatchObject({ currency: "CAD" });
    expect(currencyWithin("All rates in usd", undefined)).toMatchObject({ currency: "USD" });
    for (const text of ["Price", "all networks", "MCC", "MNC"])
      expect(currencyWithin(text, undefined)).toEqual({ rest: text });
  });
});

describe("dates", () => {
  const days = fc.date({ min: new Date("2000-01-01"), max: new Date("2079-12-31"), noInvalidDate: true });

  it("are read in every form", () => {
    const month = (date: Date, style: "short" | "long") =>
      date.toLocaleDateString("en", { month: style, timeZone: "UTC" });
    fc.assert(
      fc.property(days, (date) => {
        const iso = date.toISOString().slice(0, 10);
        const [y, m, d] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
        const forms = [
          ...[iso, `${iso} 00:00`, `${iso}T00:00:00`, `${y}/${m}/${d}`, iso.replaceAll("-", ""), `${d}.${m}.${y}`],
          ...[`${d}-${month(date, "short")}-${y}`, `${d} ${month(date, "long")} ${y}`, `${d}.${m}.${y % 100}`].filter(
            (form) => !/\.\d$/.test(form),
          ),
          `${month(date, "long")} ${d}, ${y}`,
        ];
        for (const form of forms) expect([form, contentOf(readDate(form, undefined))]).toEqual([form, iso]);
        expect(contentOf(readDate(`${d}/${m}/${y}`, "day-first"))).toBe(iso);
        expect(contentOf(readDate(`${m}/${d}/${y}`, "month-first"))).toBe(iso);
        const both = readDate(`${d}/${m}/${y}`, undefined);
        expect(both.ok).toBe(d > 12 || d === m);
      }),
    );
  });

  it("tell their order where one of a column can be read in one way only", () => {
    expect(dateOrderOf(["01/02/2027", "13/02/2027"])).toBe("day-first");
    expect(dateOrderOf(["01-02-2027", "02-13-2027 00:00"])).toBe("month-first");
    expect(dateOrderOf(["3/1/2027 12:00:00 AM", "3/15/2027 12:00 AM"])).toBe("month-first");
    expect(contentOf(readDate("3/15/2027 12:00:00 AM", undefined))).toBe("2027-03-15");
    for (const text of ["3/15/2027 12:00:00 PM", "3/15/2027 12:00", "2027-03-15T00:00:00Z"])
      expect(contentOf(readDate(text, undefined))).toMatch(/prices change at midnight of the zone that is stated/);
    expect(dateOrderOf(["01/02/2027"])).toBeUndefined();
    for (const text of ["2027-02-29", "31.04.2027", "soon", "46000", "2027-01-01 06:00", "0027-01-01", "1 foo 2027"])
      expect(contentOf(readDate(text, undefined))).toEqual(expect.stringContaining(text));
  });
});

describe("midnight", () => {
  // Zones with half hours, with days that begin at 1:00, and on both sides of the date line.
  const zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "America/Sao_Paulo", "Africa/Cairo"];
  const far = ["Pacific/Kiritimati", "Etc/GMT+12", "Australia/Lord_Howe", "America/Havana", "Asia/Beirut"];
  const QUARTER = 900_000;

  it("is the first moment of the day, as a search by quarters of an hour finds it", () => {
    const day = fc.date({ min: new Date("2005-01-01"), max: new Date("2035-12-31"), noInvalidDate: true });
    fc.assert(
      fc.property(day, fc.constantFrom(...zones, ...far), (date, zone) => {
        const iso = date.toISOString().slice(0, 10);
        let naive = Date.parse(iso) - 16 * 4 * QUARTER;
        while (dayOf(naive, zone) < iso) naive += QUARTER;
        expect(midnightOf(iso, zone)).toBe(naive);
      }),
      { numRuns: 60 },
    );
  });

  it("is known for days that have none, and zones are told from other words", () => {
    expect(new Date(midnightOf("2027-02-01", "Europe/Berlin")).toISOString()).toBe("2027-01-31T23:00:00.000Z");
    // Clocks went from 0:00 to 1:00.
    expect(new Date(midnightOf("2018-11-04", "America/Sao_Paulo")).toISOString()).toBe("2018-11-04T03:00:00.000Z");
    expect(["UTC", "Europe/Berlin", "+01:00", "Berlin", ""].map(isZone)).toEqual([true, true, false, false, false]);
  });
});

describe("codes", () => {
  it("of ranges are those of a list of them, and keep their length", () => {
    const width = fc.constantFrom(2, 3);
    fc.assert(
      fc.property(width, fc.nat(99), fc.nat(99), (digits, a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)].map((code) => String(code).padStart(digits, "0"));
        const all = Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) =>
          String(Number(from) + index).padStart(digits, "0"),
        );
        for (const text of [`${from} - ${to}`, `${from}-${to}`, all.join(", "), all.join("/"), all.join(" ")])
          expect(contentOf(readMncs(text))).toEqual(all);
        const joined = all.map((code) => `262${code}`);
        for (const text of [joined.join(";"), all.map((code) => `262-${code}`).join(","), `262${from}-262${to}`])
          expect(contentOf(readMccMncs(text))).toEqual(joined);
      }),
    );
  });

  it("of one digit have lost their zero; others are other networks", () => {
    expect(contentOf(readMncs("1"))).toEqual(["01"]);
    expect(contentOf(readMncs("05, 050"))).toEqual(["05", "050"]);
    expect(contentOf(readMccMncs("338-05, 338-050, 310 260, 262/1"))).toEqual(["33805", "338050", "310260", "26201"]);
    for (const text of ["2621", "262.1", "999999 1", "000-01", "26201-26301", "abc"])
      expect(contentOf(readMccMncs(text))).toEqual(expect.any(String));
    for (const text of ["90-110", "7-3", "1000", "x"]) expect(contentOf(readMncs(text))).toEqual(expect.any(String));
  });

  it("of prefixes may have a plus, zeros, blanks behind a plus, and ranges", () => {
    expect(contentOf(readPrefixes("+49 (151), 004916; 4917-4919"))).toEqual(["49151", "4916", "4917", "4918", "4919"]);
    // Dialled within the country alone: no number of Germany begins with 490. In Italy it may be part of it.
    expect(contentOf(readPrefixes("+49 (0)151, +49(0)160, +49 (0) 170"))).toEqual(["49151", "49160", "49170"]);
    for (const text of ["358 400", "0151", "999", "49x", "4915-49160", "+39 (0)6", "+49 151 (0)"])
      expect(contentOf(readPrefixes(text))).toEqual(expect.any(String));
  });
});

describe("countries", () => {
  it("are known by code, by name in several languages, and as providers write them", () => {
    const names = {
      DE: ["DE", "de", "DEU", "Germany", "Deutschland", "ALLEMAGNE", "Alemania", "Germany (DE)", "Germany [DEU]"],
      GB: ["UK", "United Kingdom", "Great Britain", "Vereinigtes Königreich", "GBR"],
      US: ["USA", "United States", "United States of America", "Estados Unidos", "U.S.A."],
      KR: ["South Korea", "Korea, Republic of", "Korea (Republic of)"],
      KP: ["North Korea", "Korea, Democratic People's Republic of"],
      CD: ["DR Congo", "Congo, Democratic Republic of the", "Congo - Kinshasa"],
      CG: ["Congo", "Republic of the Congo", "Congo - Brazzaville"],
      BA: ["Bosnia and Herzegovina", "Bosnia & Herzegovina", "Bosnia"],
      KN: ["St. Kitts & Nevis", "Saint Kitts and Nevis"],
      TZ: ["Tanzania, United Republic of", "Tanzania"],
      IR: ["Iran (Islamic Republic of)", "Iran"],
      MD: ["Moldova, Republic of", "Republic of Moldova"],
      VG: ["Virgin Islands, British", "British Virgin Islands"],
      XK: ["Kosovo", "XK"],
      CZ: ["Czechia", "Czech Republic", "Tschechien"],
    };
    for (const [code, all] of Object.entries(names))
      expect(all.map((name) => [name, countryOf(name)])).toEqual(all.map((name) => [name, code]));
    for (const name of ["Atlantis", "", "United", "Guinea Something", "AQ1", "Germany (FR)", "Republic of"])
      expect([name, countryOf(name)]).toEqual([name, undefined]);
  });
});

describe("long cells", () => {
  const blanks = (before: string, after: string) => (length: number) => before + " ".repeat(length) + after;
  it.each<[string, (text: string) => void, (length: number) => string]>([
    ["a date with blanks within", (text) => readDate(text, undefined), blanks("2026", "x")],
    ["a named month with blanks behind it", (text) => readDate(text, undefined), blanks("Jan 1", "x")],
    ["a prefix with blanks within", (text) => readPrefixes(text), blanks("49", "x")],
    ["a currency with blanks behind it", (text) => currencyOfTitles([text], undefined), blanks("currency", ";")],
  ])("%s is read in a time that grows with its length", (_, task, textOf) => {
    expect(timesLonger(task, textOf, 16_000)).toBeLessThan(8);
  });

  it("are read as before where blanks stand between their parts", () => {
    expect(contentOf(readDate("Jan 5 , 2026", undefined))).toBe("2026-01-05");
    expect(contentOf(readDate("Jan 5, 2026", undefined))).toBe("2026-01-05");
    expect(contentOf(readDate("Jan 5 2026", undefined))).toBe("2026-01-05");
    expect(contentOf(readDate("2026-01-05  00:00", undefined))).toBe("2026-01-05");
    expect(contentOf(readPrefixes("4917  -  4919"))).toEqual(["4917", "4918", "4919"]);
    for (const title of ["currency : EUR", "currency EUR", "currency:EUR", "in EUR"])
      expect(currencyOfTitles([title], undefined)).toBe("EUR");
  });
});
