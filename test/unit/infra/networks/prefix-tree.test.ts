import fc from "fast-check";
import { expect, it } from "vitest";
import { PrefixTree, writeRanges } from "../../../../infra/networks/prefix-tree.ts";

/** Digits from a small alphabet, so that prefixes meet. */
const prefix = fc
  .array(fc.constantFrom("0", "1", "9"), { minLength: 1, maxLength: 4 })
  .map((digits) => digits.join(""));

function longest(entries: ReadonlyMap<string, number>, number: string): number {
  for (let length = number.length; length > 0; length--) {
    const label = entries.get(number.slice(0, length));
    if (label !== undefined) return label;
  }
  return 0;
}

it("says of every number what was set, with no more prefixes", () => {
  const entries = fc.array(fc.tuple(prefix, fc.nat(3)), { maxLength: 40 }).map((pairs) => new Map(pairs));
  fc.assert(
    fc.property(entries, fc.array(fc.stringMatching(/^[019]{5}|\d{5}$/), { maxLength: 60 }), (set, numbers) => {
      const tree = new PrefixTree();
      for (const [one, label] of set) tree.set(one, label);
      const compact = tree.compact();
      const said = new Map([...compact].flatMap(([label, prefixes]) => prefixes.map((one) => [one, label] as const)));
      for (const number of numbers) expect(longest(said, number)).toBe(longest(set, number));
    }),
  );
});

it("joins ten prefixes that say the same, and keeps the exception", () => {
  const tree = new PrefixTree();
  for (let n = 0; n < 10; n++) tree.set(`17${n}`, n === 5 ? 2 : 1);
  expect(tree.compact()).toEqual(
    new Map([
      [1, ["17"]],
      [2, ["175"]],
    ]),
  );
});

it("writes neighbours as ranges, never across a length", () => {
  expect(writeRanges(["150", "152", "151", "160", "9", "10"])).toBe("10 150-152 160 9");
});
