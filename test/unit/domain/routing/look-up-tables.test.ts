import fc from "fast-check";
import { expect, it } from "vitest";
import { NetworkNumbers } from "../../../../domain/routing/network-numbers.ts";
import { packed } from "../../../../domain/routing/packed-numbers.ts";
import { PlaceTable } from "../../../../domain/routing/place-table.ts";
import { TextTable } from "../../../../domain/routing/text-table.ts";

it("has the places of each key, and none for another, as a map does", () => {
  // Some keys do not fit into 32 bits, and many are alike in their lower halves.
  const key = fc.oneof(
    fc.nat(50),
    fc.constantFrom(2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 32 + 1),
    fc.nat(20).map((n) => n * 2 ** 32),
    fc.maxSafeNat(),
  );
  const entries = fc.array(fc.tuple(key, fc.array(fc.nat(2 ** 31 - 1), { minLength: 1, maxLength: 3 })));
  fc.assert(
    fc.property(entries, fc.array(key, { minLength: 30 }), (all, others) => {
      const map = new Map(all);
      const table = new PlaceTable(map);
      for (const one of [...map.keys(), ...others]) {
        const value = table.get(one);
        const places = value === -1 ? undefined : value < 0 ? [...table.list(value)] : [value];
        expect(places).toEqual(map.get(one));
        if (value >= -1) continue;
        expect(table.countOf(value)).toBe(places?.length);
        expect(places?.map((_, n) => table.nth(value, n))).toEqual(places);
      }
      expect(table.get(Number.NaN)).toBe(-1);
    }),
    { numRuns: 500 },
  );
});

it("has the number of each text, and 0 for another, as a map does", () => {
  const text = fc.oneof(
    fc.string({ maxLength: 3 }),
    fc.constantFrom("a", "b", "ab", "ba", "a-1", "a-2", "\ud83d", "\u0161", "a".repeat(300)),
    fc.string({ unit: "binary", maxLength: 12 }),
  );
  const entries = fc.array(fc.tuple(text, fc.integer({ min: 1, max: 2 ** 32 - 1 })), { maxLength: 40 });
  fc.assert(
    fc.property(entries, fc.array(text, { minLength: 10 }), (all, others) => {
      const map = new Map(all);
      const table = new TextTable(map);
      for (const one of [...map.keys(), ...others]) expect(table.get(one)).toBe(map.get(one) ?? 0);
    }),
    { numRuns: 100 },
  );
});

it("tells texts of one hash apart", () => {
  // FNV-1a over UTF-16 units: both have 0x14efecdf.
  const [one, other] = ["haeisp", "ajsusv"];
  const table = new TextTable(new Map([[one, 7]]));
  expect(table.get(one)).toBe(7);
  expect(table.get(other)).toBe(0);
  const both = new Map([
    [one, 1],
    [other, 2],
  ]);
  expect([one, other].map((text) => new TextTable(both).get(text))).toEqual([1, 2]);
});

it("numbers networks, whatever is asked in between, and knows no others", () => {
  const code = fc.oneof(
    fc.constantFrom("26201", "262001", "26202", "338050", "33805", "99999", "999999", "00000", "000000"),
    fc.integer({ min: 10_000, max: 999_999 }).map(String),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(code, fc.boolean())), (steps) => {
      const numbers = new NetworkNumbers();
      const model = new Map<string, number>();
      for (const [mccMnc, put] of steps) {
        if (put && !model.has(mccMnc)) model.set(mccMnc, model.size + 1);
        if (put) expect(numbers.put(mccMnc)).toBe(model.get(mccMnc));
        else expect(numbers.find(mccMnc)).toBe(model.get(mccMnc) ?? 0);
      }
      for (const mccMnc of ["2620", "26a01", "2620011", ""]) expect(numbers.find(mccMnc)).toBe(0);
    }),
    { numRuns: 500 },
  );
});

it("numbers more networks than sixteen bits hold", () => {
  const numbers = new NetworkNumbers();
  const codes = Array.from({ length: 70_000 }, (_, n) => String(200_000 + n));
  for (const mccMnc of codes) numbers.put(mccMnc);
  expect(codes.every((mccMnc, n) => numbers.find(mccMnc) === n + 1)).toBe(true);
});

it("packs numbers into as few octets as the largest needs", () => {
  for (const [largest, octets] of [
    [255, 1],
    [256, 2],
    [65_535, 2],
    [65_536, 4],
    [2 ** 32 - 1, 4],
  ] as const) {
    const numbers = packed([0, largest, 1]);
    expect([...numbers]).toEqual([0, largest, 1]);
    expect(numbers.BYTES_PER_ELEMENT).toBe(octets);
  }
});
