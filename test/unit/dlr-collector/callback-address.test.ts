import { expect, test } from "vitest";
import { CallbackAddress } from "../../../services/dlr-collector/webhooks/callback-address.ts";
import { timesLonger } from "../times-longer.ts";

const address = new CallbackAddress("https://example.com/front/hook/", undefined);

test("a proxy may have taken the front of the path away, and put slashes behind it", () => {
  for (const target of ["/hook", "/hook/", "/hook//"])
    expect([...address.spellings(target)]).toContain("https://example.com/front/hook/");
  expect([...address.spellings("/other")]).not.toContain("https://example.com/front/hook/");
});

test("a path of slashes is looked at in a time that grows with its length", () => {
  const spellings = (target: string) => void [...address.spellings(target)];
  expect(timesLonger(spellings, (length) => `${"/".repeat(length)}x`, 16_000)).toBeLessThan(8);
});
