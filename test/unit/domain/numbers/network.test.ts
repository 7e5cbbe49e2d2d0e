import { readFileSync } from "node:fs";
import fc from "fast-check";
import { type CountryCode, getCountryCallingCode } from "libphonenumber-js/max";
import { describe, expect, it } from "vitest";
import { parseDestination } from "../../../../domain/numbers/destination.ts";
import { compileNetworks, networkOf } from "../../../../domain/numbers/network.ts";
import { networkTable } from "../../../../domain/numbers/network-table.ts";
import file from "../../../../domain/numbers/networks.json" with { type: "json" };
import { mccs } from "./country-mccs.ts";

/** `150-152 160` as 150, 151, 152, 160. */
function expand(prefixes: string): string[] {
  return prefixes.split(" ").flatMap((range) => {
    const [first = "", last = first] = range.split("-");
    const count = Number(last) - Number(first) + 1;
    return Array.from({ length: count }, (_, n) => String(Number(first) + n).padStart(first.length, "0"));
  });
}

/** Valid numbers under a prefix, spread evenly, at most so many of each length; a length is left after so many that are not valid. */
function numbersUnder(prefix: string, most: number, patience: number): string[] {
  const numbers: string[] = [];
  for (let length = 8; length <= 13; length++) {
    const missing = length - prefix.length;
    for (let n = 0, found = 0; n < most && missing > 0 && (n < patience || found > 0); n++) {
      const e164 = prefix + String((n * 6_180_339_887 + 123_456_789) % 10 ** missing).padStart(missing, "0");
      if (countryOf(e164) === undefined) continue;
      numbers.push(e164);
      found++;
    }
  }
  return numbers;
}

function countryOf(e164: string): string | undefined {
  const parsed = parseDestination(e164);
  return parsed.ok && parsed.e164 === e164 ? parsed.country : undefined;
}

describe("networkOf", () => {
  it("names the network a prefix was allocated to", () => {
    expect(networkOf("491701234567")).toEqual({ mcc: "262", mnc: "01", mccMnc: "26201", name: "Telekom Deutschland" });
    expect(networkOf("447400123456")?.mccMnc).toBe("23420");
    expect(networkOf("573101234567")).toMatchObject({ mcc: "732", mnc: "101" });
    expect(networkOf("12125550123")).toBeUndefined();
    expect(networkOf("")).toBeUndefined();
    expect(networkOf("not a number")).toBeUndefined();
  });

  it.each([
    ["447911123456", "GG", "23450"],
    ["447781123456", "GG", "23455"],
    ["447509123456", "JE", "23450"],
    ["447624123456", "IM", "23458"],
    ["12423591234", "BS", "36439"],
    ["18762415555", "JM", "33805"],
    ["17876123456", "PR", "330110"],
    ["38344123456", "XK", "22101"],
    ["77011234567", "KZ", "40102"],
    ["79001234567", "RU", "25020"],
    ["590690302345", "GP", "34001"],
    ["262639012345", "YT", "64700"],
  ])("gives %s its own country, %s, and network %s", (e164, country, mccMnc) => {
    expect(parseDestination(e164)).toEqual({ ok: true, e164, country });
    expect(networkOf(e164)?.mccMnc).toBe(mccMnc);
  });

  it("tells networks whose codes differ in length only apart", () => {
    const [jamaica, turks] = ["33805", "338050"].map((code) => networkTable.find((row) => row.mccMnc === code));
    expect([jamaica?.country, turks?.country]).toEqual(["JM", "TC"]);
    expect(networkOf("18762415555")).toMatchObject({ mcc: "338", mnc: "05" });
  });

  it("equals the naive longest-prefix search over every row", () => {
    const prefixes = networkTable.flatMap((row) =>
      expand(row.prefixes).map((prefix) => ({ prefix: row.callingCode + prefix, mccMnc: row.mccMnc })),
    );
    const naive = (e164: string) =>
      prefixes.filter((row) => e164.startsWith(row.prefix)).sort((a, b) => b.prefix.length - a.prefix.length)[0]
        ?.mccMnc || undefined;
    const number = fc.oneof(
      fc.stringMatching(/^\d{0,15}$/),
      fc.tuple(fc.constantFrom(...prefixes), fc.stringMatching(/^\d{0,8}$/)).map(([row, rest]) => row.prefix + rest),
    );
    fc.assert(
      fc.property(number, (e164) => {
        expect(networkOf(e164)?.mccMnc).toBe(naive(e164));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("networkTable", () => {
  const coded = networkTable.filter((row) => row.mccMnc !== "");

  it("has codes of its countries' own mobile country codes (ITU-T E.212)", () => {
    for (const row of coded) {
      expect([row.country, row.mccMnc.slice(0, 3)]).toEqual([
        row.country,
        expect.stringMatching(mccs.get(row.country)!),
      ]);
      expect(row.callingCode).toBe(getCountryCallingCode(row.country as CountryCode));
      expect(row.name).not.toBe("");
    }
    expect(new Set(coded.map((row) => row.country)).size).toBeGreaterThan(200);
  });

  it("is sorted, each network of a country once, and ends with the prefixes that have none", () => {
    const keys = coded.map((row) => `${row.country}|${row.mccMnc}|${row.name}`);
    expect(keys).toEqual(keys.toSorted());
    expect(new Set(coded.map((row) => `${row.country}|${row.mccMnc}`)).size).toBe(coded.length);
    expect(networkTable.at(-1)).toMatchObject({ country: "", mccMnc: "", callingCode: "" });
    for (const row of networkTable) expect(expand(row.prefixes)).toEqual(expand(row.prefixes).toSorted());
  });

  it("says the same of a number's country as the numbering plan, where countries share a calling code", () => {
    const shared = Map.groupBy(coded, (row) => row.callingCode);
    for (const rows of shared.values()) {
      if (new Set(rows.map((row) => row.country)).size === 1) continue;
      for (const { country, callingCode, prefixes } of rows) {
        for (const prefix of expand(prefixes)) {
          // A short prefix may hold ranges of another country, which longer prefixes name; some hold no valid number at all.
          const countries = new Set(numbersUnder(callingCode + prefix, 2, 2).map((e164) => countryOf(e164)));
          if (countries.size > 0) expect([prefix, [...countries]]).toEqual([prefix, expect.arrayContaining([country])]);
        }
      }
    }
  });

  it("names its sources, their licence and the day", () => {
    expect(file.sources.join(" ")).toMatch(/libphonenumber.*Apache-2\.0.*network-codes\.txt/);
    expect(file.taken).toMatch(/^\d{4}-\d\d-\d\d$/);
  });

  it("knows nearly all well-known prefixes of the numbering plans", () => {
    const missing: string[] = [];
    let all = 0;
    for (const line of readFileSync(new URL("well-known-prefixes.txt", import.meta.url), "utf8").split("\n")) {
      const [country = "", callingCode = "", prefixes = ""] = line.startsWith("#") ? [] : line.split("|");
      if (country === "") continue;
      for (const prefix of expand(prefixes)) {
        all++;
        const quick = numbersUnder(callingCode + prefix, 8, 3);
        const found = quick.length > 0 ? quick : numbersUnder(callingCode + prefix, 60, 60);
        const numbers = found.filter((e164) => countryOf(e164) === country);
        expect([prefix, numbers.length > 0]).toEqual([prefix, true]);
        // Within a prefix some blocks belong to virtual operators without a code.
        if (numbers.filter((e164) => networkOf(e164) !== undefined).length * 2 < numbers.length)
          missing.push(country + prefix);
      }
    }
    expect(all).toBeGreaterThan(1_800);
    expect(missing.length / all, missing.join(" ")).toBeLessThan(0.02);
  });
});

describe("compileNetworks", () => {
  const row = { country: "DE", callingCode: "49", mccMnc: "26201", name: "A", prefixes: "170" };

  it("lets the longer prefix win, as a portability extract needs", () => {
    const lookup = compileNetworks([row, { ...row, mccMnc: "26202", name: "B", prefixes: "1701234567" }]);
    expect(lookup("491701234567")?.name).toBe("B");
    expect(lookup("491701234568")?.name).toBe("A");
  });

  it("refuses a prefix of two networks and malformed rows", () => {
    expect(() => compileNetworks([row, { ...row, name: "B" }])).toThrow("49170 belongs to two networks");
    expect(() => compileNetworks([{ ...row, prefixes: "17x" }])).toThrow("not a number prefix");
    expect(() => compileNetworks([{ ...row, prefixes: "170-" }])).toThrow("not a number prefix");
    expect(() => compileNetworks([{ ...row, prefixes: "171-170" }])).toThrow("not a number prefix");
    expect(() => compileNetworks([{ ...row, prefixes: "17-1710" }])).toThrow("not a number prefix");
    expect(() => compileNetworks([{ ...row, mccMnc: "262" }])).toThrow("not a mobile country and network code");
  });

  it("reads ranges, and takes a network away where a longer prefix has none", () => {
    const lookup = compileNetworks([
      { ...row, prefixes: "150-152 17" },
      { ...row, mccMnc: "", prefixes: "1705-1706" },
    ]);
    const found = ["150", "152", "153", "17012", "17051", "1706", "1707"].map((prefix) => lookup(`49${prefix}`)?.name);
    expect(found).toEqual(["A", "A", undefined, "A", undefined, undefined, "A"]);
  });

  it("holds tables beyond 65,536 nodes, as a portability extract has", () => {
    const numbers = Array.from({ length: 9_000 }, (_, n) => String(1_701_000_000 + n * 7_919));
    const lookup = compileNetworks([{ ...row, prefixes: numbers.join(" ") }]);
    for (const number of numbers) expect(lookup(`49${number}`)?.name).toBe("A");
    expect(lookup("491701000001")).toBeUndefined();
  });
});
