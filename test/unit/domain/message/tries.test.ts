import { expect, test } from "vitest";
import { appendTry, refusals, triesInDoubt } from "../../../../domain/message/tries.ts";

const of = (errorClass: string) => ({ provider: "alpha", errorClass, errorCode: null });

test.each(["transient", "refused"])("of many tries the last are kept, and those in doubt among %s ones", (others) => {
  let tried = appendTry([], of("unknown"));
  for (let n = 0; n < 100; n++) tried = appendTry(tried, of(n === 50 ? "unknown" : others));
  expect(tried).toHaveLength(32);
  expect(triesInDoubt(tried)).toBe(2);
  expect(tried[0]!.errorClass).toBe("unknown");
  expect(tried.at(-1)).toEqual(of(others));
});

test("a try whose receipt is missing may have been delivered, one that a receipt says has failed was not; neither is made again", () => {
  const tried = ["transient", "undelivered", "missing"].map((errorClass, i) => ({
    ...of(errorClass),
    provider: `p${i}`,
  }));
  expect(triesInDoubt(tried)).toBe(1);
  expect([...refusals(tried).keys()]).toEqual(["p1", "p2"]);
});
