import fc from "fast-check";
import { expect, it } from "vitest";
import { maskNumber } from "../../../../domain/numbers/mask-number.ts";

it("keeps five leading and two trailing digits", () => {
  expect(maskNumber("491701234567")).toBe("49170*****67");
  expect(maskNumber("12345")).toBe("1***5");
  expect(maskNumber("12")).toBe("**");
  expect(maskNumber("")).toBe("");
});

it("keeps the length and hides at least half of the digits", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^\d{0,20}$/), (number) => {
      const masked = maskNumber(number);
      expect(masked).toHaveLength(number.length);
      expect(masked.split("*").length - 1).toBeGreaterThanOrEqual(
        number.length < 10 ? number.length / 2 : number.length - 7,
      );
    }),
  );
});
