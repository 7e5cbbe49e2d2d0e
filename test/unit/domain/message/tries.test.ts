import { expect, test } from "vitest";
import {
  appendTry,
  isOursFromAcceptance,
  MAX_TRIED,
  refusals,
  triesInDoubt,
} from "../../../../domain/message/tries.ts";

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

test.each([
  ["tried by nobody yet", [], true],
  ["refused by another provider", ["transient", "refused"], true],
  ["in doubt at another provider", ["unknown"], true],
  ["handed in for later", ["held/scheduled"], false],
  ["held by quiet hours that a sender has seen", ["quiet-hours", "held/quiet-hours"], false],
  ["held by a cap, and refused later", ["held/frequency-cap", "transient"], false],
  ["held since we did not know its recipient's consent", ["consent-unknown", "held/consent-unknown"], true],
  ["accepted before, with a receipt that failed", ["undelivered"], false],
  ["accepted before, without a receipt in time", ["missing"], false],
] as const)("the way of a message that was %s is timed from its acceptance, or is not", (_, classes, ours) => {
  const tried = classes.map((one) => {
    const [errorClass = "", errorCode = null] = one.split("/");
    return { provider: errorCode === null ? "alpha" : null, errorClass, errorCode };
  });
  expect(isOursFromAcceptance(tried)).toBe(ours);
});

test("a message whose hold has fallen away behind many tries is not timed from its acceptance", () => {
  let tried = [{ provider: null as string | null, errorClass: "held", errorCode: "scheduled" as string | null }];
  for (let n = 0; n < MAX_TRIED; n++)
    tried = appendTry(tried, { provider: null, errorClass: "unroutable", errorCode: "no-route" });
  expect(tried.map(({ errorClass }) => errorClass)).not.toContain("held");
  expect(isOursFromAcceptance(tried)).toBe(false);
  expect(isOursFromAcceptance(tried.slice(1))).toBe(true);
});
