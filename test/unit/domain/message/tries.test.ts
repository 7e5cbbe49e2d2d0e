import { expect, test } from "vitest";
import { appendTry, triesInDoubt } from "../../../../domain/message/tries.ts";

const of = (errorClass: string) => ({ provider: "alpha", errorClass, errorCode: null });

test.each(["transient", "refused"])("of many tries the last are kept, and those in doubt among %s ones", (others) => {
  let tried = appendTry([], of("unknown"));
  for (let n = 0; n < 100; n++) tried = appendTry(tried, of(n === 50 ? "unknown" : others));
  expect(tried).toHaveLength(32);
  expect(triesInDoubt(tried)).toBe(2);
  expect(tried[0]!.errorClass).toBe("unknown");
  expect(tried.at(-1)).toEqual(of(others));
});
