import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { priceAtVolume, volumeTermsSchema } from "../../../../domain/catalog/volume-terms.ts";

describe("priceAtVolume", () => {
  it("is 0 while what is committed is filled, then the list's, then the tier's", () => {
    const terms = volumeTermsSchema.parse({
      committed: 100,
      tiers: [
        { from: 200, percent: 90 },
        { from: 300, price: "0.03" },
      ],
    });
    const at = (monthToDate: number) => priceAtVolume(terms, 50_000, monthToDate);
    expect([0, 99, 100, 199, 200, 299, 300, 1e9].map(at)).toEqual([
      0, 0, 50_000, 50_000, 45_000, 45_000, 30_000, 30_000,
    ]);
    expect(priceAtVolume(volumeTermsSchema.parse({}), 50_000, 1e9)).toBe(50_000);
    expect(priceAtVolume(terms, 15, 200), "a whole number of micro-units").toBe(14);
  });

  it("adds up to the bill that a count by segments finds", () => {
    const steps = fc.array(fc.record({ size: fc.integer({ min: 1, max: 40 }), price: fc.nat(999) }), { maxLength: 4 });
    fc.assert(
      fc.property(steps, fc.nat(60), fc.nat(999), fc.nat(250), (given, committed, listed, sent) => {
        let from = 0;
        const bounds = given.map(({ size, price }) => {
          from += size;
          return { from, price };
        });
        const tiers = bounds.map((one) => ({ from: one.from, price: `0.${String(one.price).padStart(6, "0")}` }));
        const terms = volumeTermsSchema.parse({ tiers, ...(committed === 0 ? {} : { committed }) });
        const naive = Array.from({ length: sent }, (_, n) =>
          n < committed ? 0 : (bounds.findLast((one) => one.from <= n)?.price ?? listed),
        );
        expect(Array.from({ length: sent }, (_, n) => priceAtVolume(terms, listed, n))).toEqual(naive);
      }),
    );
  });
});

it("terms that cannot be carried out are told", () => {
  const problems = (terms: unknown) =>
    volumeTermsSchema.safeParse(terms).error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];
  expect(problems({ committed: 1, tiers: [{ from: 1, percent: 12.5 }] })).toEqual([]);
  expect(
    problems({
      tiers: [
        { from: 5, percent: 90 },
        { from: 5, percent: 80 },
      ],
    }),
  ).toEqual(["tiers.1.from: each tier begins above the one before it"]);
  expect(problems({ tiers: [{ from: 5 }] })).toEqual(["tiers.0: percent or price, one of them"]);
  expect(problems({ tiers: [{ from: 5, percent: 90, price: "0.1" }] })).toEqual([
    "tiers.0: percent or price, one of them",
  ]);
  for (const wrong of [
    { committed: 0 },
    { tiers: [{ from: 0, percent: 90 }] },
    { tiers: [{ from: 1, percent: -1 }] },
    { tier: [] },
  ])
    expect(problems(wrong)).toHaveLength(1);
});
