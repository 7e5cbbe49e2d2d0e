import fc from "fast-check";
import { expect, it } from "vitest";
import { assertStartable, stopOrder } from "../../../infra/local/start-order.ts";

/** Processes 0…n-1, each depending on some of those before it, in any order. */
const acyclic = fc
  .array(fc.array(fc.nat(20), { maxLength: 4 }), { minLength: 1, maxLength: 20 })
  .map((rows) =>
    rows.map((row, index) => ({ name: `p${index}`, dependsOn: row.filter((n) => n < index).map((n) => `p${n}`) })),
  )
  .chain((specs) => fc.shuffledSubarray(specs, { minLength: specs.length }));

it("ends no process before everything that depends on it, and each exactly once", () => {
  fc.assert(
    fc.property(acyclic, (specs) => {
      assertStartable(specs);
      const levels = stopOrder(specs);
      const level = new Map(levels.flatMap((names, index) => names.map((name) => [name, index] as const)));
      expect(levels.flat().toSorted()).toEqual(specs.map((spec) => spec.name).toSorted());
      for (const { name, dependsOn } of specs) {
        for (const other of dependsOn) expect(level.get(other)).toBeGreaterThan(level.get(name) as number);
      }
    }),
  );
});

it.each([
  [
    "two processes are named a",
    [
      { name: "a", dependsOn: [] },
      { name: "a", dependsOn: [] },
    ],
  ],
  ["a depends on b, which does not exist", [{ name: "a", dependsOn: ["b"] }]],
  [
    "circular dependsOn among a, b",
    [
      { name: "a", dependsOn: ["b"] },
      { name: "b", dependsOn: ["a"] },
    ],
  ],
])("refuses a list that cannot start: %s", (message, specs) => {
  expect(() => assertStartable(specs)).toThrow(message);
});
