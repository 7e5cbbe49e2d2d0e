import fc from "fast-check";
import { expect, it } from "vitest";
import { NO_PRICES, type Priced, PriceList, type PriceTable, priceOf } from "../../../../domain/catalog/price-list.ts";
import { PriceIndex } from "../../../../domain/routing/price-index.ts";

// Codes of five and of six digits that begin alike, and one that is of several countries.
const NETWORKS = ["33805", "338050", "310260", "26201", "262019"];
const COUNTRIES = ["JM", "US", "PR", "DE"];
const NUMBERS = ["18765550100", "12025550100", "491711234567"];
const PREFIXES = ["1", "1876", "18765550100", "49", "4917", "7"];

/** Some are larger than what fits into 32 bits. */
const micros = fc.oneof(fc.nat(100_000), fc.constantFrom(0, 2 ** 31 - 1, 2 ** 31, 9_000_000_000));
const price = fc.oneof(micros, micros, fc.record({ onDelivery: micros }));
const priced: fc.Arbitrary<Priced> = fc.oneof(
  price,
  fc.record({
    price,
    from: fc.constantFrom(50, 150),
    before: fc.option(fc.oneof(price, fc.record({ price, from: fc.constant(20), before: fc.constant(undefined) })), {
      nil: undefined,
    }),
  }),
);
const mapOf = (names: readonly string[]) =>
  fc.array(fc.tuple(fc.constantFrom(...names), priced), { maxLength: 4 }).map((entries) => new Map(entries));
const table = fc
  .record({
    byNetwork: mapOf(NETWORKS),
    onDelivery: fc.constant(false),
    byPrefix: fc.oneof(fc.constant(new Map<string, Priced>()), mapOf(PREFIXES)),
    byCountry: mapOf(COUNTRIES),
    elsewhere: fc.option(priced, { nil: undefined }),
    shared: fc.option(mapOf(["US", "PR"]), { nil: undefined }),
  })
  .map(({ shared, byPrefix, ...rest }): PriceTable => {
    const byNetworkAndCountry = new Map(shared === undefined ? [] : [["310260", shared]]);
    const lengths = [...new Set([...byPrefix.keys()].map(({ length }) => length))];
    return { ...rest, byPrefix, byNetworkAndCountry, prefixLengths: lengths.sort((a, b) => b - a) };
  });
const list = fc
  .record({ table, next: fc.option(fc.record({ from: fc.constantFrom(100, 200), table }), { nil: undefined }) })
  .map(({ table, next }) => new PriceList(table, true, next));
const facts = fc
  .record({
    destination: fc.constantFrom(...NUMBERS),
    country: fc.constantFrom(...COUNTRIES, "XX"),
    mccMnc: fc.constantFrom(undefined, ...NETWORKS, "26202", "2620", "26a01"),
    at: fc.constantFrom(0, 30, 50, 99, 100, 160, 250),
  })
  .map((some) => ({ ...some, account: "a", lane: "otp" as const, from: undefined, labels: {} }));

it("has the price that each list says, whatever the others have", () => {
  let priced = 0;
  fc.assert(
    fc.property(fc.array(list, { minLength: 1, maxLength: 6 }), fc.array(facts, { minLength: 8 }), (lists, asked) => {
      const index = new PriceIndex(lists);
      for (const one of asked) {
        index.look(one);
        // In any order, and more than once.
        for (const place of [...lists.keys(), 0]) {
          const price = index.priceOf(place);
          expect(price).toBe(priceOf({ prices: lists[place]! }, one));
          if (price !== undefined) priced++;
        }
      }
    }),
    { numRuns: 1_000 },
  );
  expect(priced).toBeGreaterThan(10_000);
});

it("keeps the prices of a network that few of many lists have, and of one that all have", () => {
  const lists = Array.from({ length: 300 }, (_, n) => {
    const own = n % 100 === 7 ? [["33805", n] as const] : [];
    return new PriceList({ ...NO_PRICES, byNetwork: new Map([["26201", n * 10], ...own]) });
  });
  const index = new PriceIndex(lists);
  const to = {
    destination: "49",
    country: "DE",
    account: "a",
    lane: "otp",
    from: undefined,
    labels: {},
    at: 0,
  } as const;
  index.look({ ...to, mccMnc: "33805" });
  const found = [...lists.keys()].filter((place) => index.priceOf(place) !== undefined);
  expect(found).toEqual([7, 107, 207]);
  index.look({ ...to, mccMnc: "26201" });
  expect([...lists.keys()].every((place) => index.priceOf(place) === place * 10)).toBe(true);
});
