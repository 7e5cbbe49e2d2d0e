import { expect, it } from "vitest";
import { numberBlock } from "../../../../domain/numbers/number-block.ts";

it.each([
  ["491517123", "491517"],
  ["1204555", "12045"],
  ["79261234", "79261"],
  ["99890123", "9989012"],
  ["3519123", "3519123"],
  ["960777", "960777"],
  ["00000000", "0000000"],
])("the block of %s is its calling code and four digits: %s", (digits, block) => {
  expect(numberBlock(digits)).toBe(block);
});
