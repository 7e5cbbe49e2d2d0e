import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { priceAtVolume, tariffAt, volumeTermsSchema } from "../../../../domain/catalog/volume-terms.ts";

describe("priceAtVolume", () => {
  it("is 0 while what is committed is filled, then the list's, then the tier's", () => {
    const terms = volumeTermsSchema.parse({
      committed: 100,
      tiers: [
        { from: 200, percent: 90 },
        { from: 300, price: "0.03" },
      ],
    });
    const at = (segments: number) => priceAtVolume(terms, 50_000, { segments, spent: 0 });
    expect([0, 99, 100, 199, 200, 299, 300, 1e9].map(at)).toEqual([
      0, 0, 50_000, 50_000, 45_000, 45_000, 30_000, 30_000,
    ]);
    expect(priceAtVolume(volumeTermsSchema.parse({}), 50_000, { segments: 1e9, spent: 0 })).toBe(50_000);
    expect(priceAtVolume(terms, 15, { segments: 200, spent: 0 }), "a whole number of micro-units").toBe(14);
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
        const at = (segments: number) => priceAtVolume(terms, listed, { segments, spent: 0 });
        expect(Array.from({ length: sent }, (_, n) => at(n))).toEqual(naive);
      }),
    );
  });
});

describe("a commitment in money", () => {
  it("makes a month cost what it is above the commitment, to the price of the segment that crosses it", () => {
    const prices = fc.array(fc.nat(999), { maxLength: 60 });
    const tiers = fc.option(
      fc.record({ from: fc.integer({ min: 1, max: 40 }), percent: fc.constantFrom(50, 100, 110) }),
    );
    fc.assert(
      fc.property(prices, fc.integer({ min: 1, max: 9_000 }), tiers, (listed, committed, tier) => {
        const committedSpend = `0.${String(committed).padStart(6, "0")}`;
        const terms = volumeTermsSchema.parse({ committedSpend, tiers: tier === null ? [] : [tier] });
        let [spent, cost] = [0, 0];
        let crossed = 0;
        for (const [segments, price] of listed.entries()) {
          const tariff = tariffAt(terms, price, segments);
          const factor = tier !== null && segments >= tier.from ? tier.percent : 100;
          expect(tariff).toBe(Math.round((price * factor) / 100));
          const owed = priceAtVolume(terms, price, { segments, spent });
          cost += owed;
          if (spent < committed && spent + tariff > committed) crossed = spent + tariff - committed;
          spent += tariff;
        }
        // What lies above the commitment is paid for; of the segment that crosses it nothing is.
        expect(cost).toBe(Math.max(0, spent - committed) - crossed);
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
  expect(problems({ committed: 5, committedSpend: "5000" })).toEqual([
    "committedSpend: a commitment is in segments (committed) or in money (committedSpend), not in both",
  ]);
  expect(problems({ tiers: [{ from: 5 }] })).toEqual(["tiers.0: percent or price, one of them"]);
  expect(problems({ tiers: [{ from: 5, percent: 90, price: "0.1" }] })).toEqual([
    "tiers.0: percent or price, one of them",
  ]);
  for (const wrong of [
    { committed: 0 },
    { committedSpend: "0" },
    { committedSpend: "-5" },
    { committedSpend: 5_000 },
    { tiers: [{ from: 0, percent: 90 }] },
    { tiers: [{ from: 1, percent: -1 }] },
    { tier: [] },
  ])
    expect(problems(wrong)).toHaveLength(1);
});
