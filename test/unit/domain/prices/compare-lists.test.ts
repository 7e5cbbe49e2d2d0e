import fc from "fast-check";
import { expect, it } from "vitest";
import { compareLists } from "../../../../domain/prices/compare-lists.ts";
import { type PriceFile, readList } from "../../../../domain/prices/read-list.ts";

function listOf(rows: readonly string[], currency = "EUR"): PriceFile {
  const list = readList(["Country,MCC,MNC,Prefix,Price,Valid from", ...rows].join("\n"), { currency });
  if (!list.ok) throw new Error(JSON.stringify(list.problems));
  return list.value;
}

function difference(before: PriceFile, after: PriceFile) {
  const compared = compareLists(before, after);
  if (!compared.ok) throw new Error(compared.message);
  return compared.value;
}

it("tells what rose, fell, is new, is missing and is unchanged, and each country's share of it", () => {
  const before = listOf([
    "DE,262,01,,0.05,",
    "DE,262,02,,0.05,",
    "FR,,,,0.04,",
    "ES,,,,0.03,",
    "World,,,,0.2,",
    "IT,,,,0,",
  ]);
  const after = listOf([
    "DE,262,01,,0.06,",
    "DE,262,02,,0.045,",
    "FR,,,,0.04,",
    "PL,,,,0.01,",
    "World,,,,0.3,",
    "IT,,,,1,",
  ]);
  const { counts, countries, prices } = difference(before, after);
  expect(counts).toEqual({ rose: 3, fell: 1, new: 1, missing: 1, moved: 0, unchanged: 1 });
  expect(prices.map(({ kind, key, percent }) => [key, kind, percent])).toEqual([
    ["26201", "rose", 20],
    ["26202", "fell", -10],
    ["ES", "missing", undefined],
    ["FR", "unchanged", 0],
    ["IT", "rose", undefined],
    ["PL", "new", undefined],
    ["*", "rose", 50],
  ]);
  expect(countries[0]).toEqual({
    country: "DE",
    counts: { rose: 1, fell: 1, new: 0, missing: 0, moved: 0, unchanged: 0 },
    largestRise: 20,
    largestFall: -10,
  });
  expect(countries.at(-1)).toMatchObject({ country: undefined, largestRise: 50, largestFall: undefined });
});

it("takes the last price of each, and a code by the countries that either list names for it", () => {
  const dated = listOf(["DE,,,,0.05,2027-03-01", "DE,,,,0.04,2027-02-01", "DE,,,,0.03,"]);
  expect(difference(listOf(["DE,,,,0.04,"]), dated).prices[0]).toMatchObject({
    kind: "rose",
    before: { price: 40_000, from: undefined },
    after: { price: 50_000, from: "2027-03-01" },
  });
  const one = listOf(["US,310,260,,0.01,"]);
  const two = listOf(["US,310,260,,0.01,", "PR,310,260,,0.03,"]);
  expect(difference(one, two).counts).toMatchObject({ unchanged: 1, new: 1 });
  expect(difference(one, two).prices.map(({ key, country }) => [key, country])).toEqual([
    ["PR310260", "PR"],
    ["US310260", "US"],
  ]);
});

it("tells of a price that is the same and holds from another day, or after another price", () => {
  const kindOf = (before: string[], after: string[]) => difference(listOf(before), listOf(after)).prices[0]!.kind;
  const rise = ["DE,,,,0.04,", "DE,,,,0.05,2027-02-01"];
  expect(kindOf(rise, rise.toReversed())).toBe("unchanged");
  expect(kindOf(rise, [...rise, rise[1]!])).toBe("unchanged");
  expect(kindOf(rise, ["DE,,,,0.04,", "DE,,,,0.05,2027-03-01"])).toBe("moved");
  expect(kindOf(rise, ["DE,,,,0.045,", "DE,,,,0.05,2027-02-01"])).toBe("moved");
  expect(kindOf(rise, ["DE,,,,0.05,2027-02-01"])).toBe("moved");
});

it("does not compare two currencies", () => {
  expect(compareLists(listOf(["DE,,,,1,"]), listOf(["DE,,,,1,"], "USD"))).toEqual({
    ok: false,
    message: "one list is in EUR, the other in USD: they cannot be compared",
  });
});

it("counts every price of either list once, and the other way round turns rises into falls", () => {
  const country = fc.constantFrom("DE", "FR", "ES", "IT", "PL");
  const list = fc.dictionary(country, fc.integer({ min: 1, max: 30 }), { minKeys: 1 }).map((prices) => ({
    prices,
    list: listOf(Object.entries(prices).map(([code, price]) => `${code},,,,0.${String(price).padStart(2, "0")},`)),
  }));
  fc.assert(
    fc.property(list, list, (a, b) => {
      const keys = new Set([...Object.keys(a.prices), ...Object.keys(b.prices)]);
      const there = difference(a.list, b.list);
      const back = difference(b.list, a.list).counts;
      expect(there.prices).toHaveLength(keys.size);
      expect(back).toEqual({
        ...there.counts,
        rose: there.counts.fell,
        fell: there.counts.rose,
        new: there.counts.missing,
        missing: there.counts.new,
      });
      for (const { key, kind } of there.prices) {
        const [old, now] = [a.prices[key], b.prices[key]];
        const naive =
          old === undefined
            ? "new"
            : now === undefined
              ? "missing"
              : now > old
                ? "rose"
                : now < old
                  ? "fell"
                  : "unchanged";
        expect(kind).toBe(naive);
      }
    }),
  );
});
