import { expect, it } from "vitest";
import { senderPlaceSchema } from "../../../../domain/catalog/sender-place.ts";
import { networkCountries } from "../../../../domain/portability/network-dependence.ts";

it("it matters which network a number is of where a sender rule names one", () => {
  const rule = (fields: object) => senderPlaceSchema.parse({ id: "rule", allowed: ["alphanumeric"], ...fields });
  const of = (...senders: ReturnType<typeof rule>[]) => [...networkCountries({ providers: [], routes: [], senders })];
  expect(of(rule({ mccMncs: ["24001", "26201"] }))).toEqual(["SE", "DE"]);
  expect(of(rule({ countries: ["SE"] }))).toEqual([]);
  expect([...networkCountries({ providers: [], routes: [] })]).toEqual([]);
});
