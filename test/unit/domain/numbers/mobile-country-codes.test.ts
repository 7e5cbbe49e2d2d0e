import { getCountries } from "libphonenumber-js/max";
import { expect, it } from "vitest";
import { countryCodeProblem, hasNumbers } from "../../../../domain/numbers/country-code.ts";
import { countriesOfMobileCode } from "../../../../domain/numbers/mobile-country-codes.ts";
import { networkTable } from "../../../../domain/numbers/network-table.ts";
import {
  countriesByCallingCode,
  liesElsewhere,
  prefixProblem,
  withoutTrunkZero,
} from "../../../../domain/numbers/number-prefix.ts";

const every = Array.from({ length: 1_000 }, (_, n) => String(n).padStart(3, "0"));

it("every mobile country code names countries of ISO 3166-1, and every country with numbers has one", () => {
  const named = new Set(every.flatMap((code) => countriesOfMobileCode(code) ?? []));
  expect([...named].filter((country) => countryCodeProblem(country) !== undefined)).toEqual([]);
  expect(getCountries().filter((country) => !named.has(country))).toEqual([]);
  expect(every.filter((code) => code < "200" && countriesOfMobileCode(code) !== undefined)).toEqual(["001"]);
});

it("agrees with the network table: each network's code is one of its country's", () => {
  const strange = networkTable.filter(
    ({ mccMnc, country }) => mccMnc !== "" && !countriesOfMobileCode(mccMnc.slice(0, 3))?.includes(country),
  );
  expect(strange.map(({ mccMnc, country }) => `${mccMnc} ${country}`)).toEqual([]);
});

it.each([
  ["262", ["DE"]],
  ["234", ["GB", "GG", "IM", "JE"]],
  ["901", []],
  ["199", undefined],
  ["26", undefined],
])("%s is of %j", (code, countries) => expect(countriesOfMobileCode(code)).toEqual(countries));

it("tells countries without numbers from codes that do not exist", () => {
  expect([hasNumbers("AQ"), countryCodeProblem("AQ")]).toEqual([false, undefined]);
  expect(hasNumbers("DE")).toBe(true);
  expect(countryCodeProblem("uk")).toContain('"GB"');
});

it.each([
  ["447911", ["GG"], undefined],
  ["447911", ["FR"], ["GB", "GG", "IM", "JE"]],
  ["1204", ["CA"], undefined],
  ["1204", ["US"], ["CA"]],
  ["77", ["RU"], undefined],
  // Too short to be told by examples: Grenada's 1473 is among them.
  ["1", ["GD"], undefined],
  ["12", ["GD"], undefined],
])("%s in %j lies elsewhere: %j", (prefix, countries, elsewhere) => {
  const found = liesElsewhere(prefix, new Set(countries));
  expect(found?.toSorted()).toEqual(elsewhere);
});

it("knows prefixes with a zero that is dialled within the country alone", () => {
  expect(["490171", "330612", "4407911"].map(withoutTrunkZero)).toEqual(["49171", "33612", "447911"]);
  // The zero is part of numbers in Italy, the Ivory Coast and Gabon; the others have none there.
  for (const prefix of ["3906", "22507", "24106", "49171", "49", "1", "26"])
    expect(withoutTrunkZero(prefix)).toBeUndefined();
});

it("knows the calling codes that a prefix begins with, or begins", () => {
  expect(countriesByCallingCode("49170")).toEqual(["DE"]);
  expect(countriesByCallingCode("26")).toContain("ZM");
  expect(countriesByCallingCode("999")).toEqual([]);
  expect(prefixProblem("999")).toBe(`no country's numbers begin with "999"`);
});
