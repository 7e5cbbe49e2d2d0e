import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { networkTable } from "../../../../domain/numbers/network-table.ts";
import { parseNetworkCodes } from "../../../../infra/networks/network-codes.ts";
import { countriesOfPrefix } from "../../../../infra/networks/prefix-country.ts";

const text = readFileSync(new URL("../../../../infra/networks/network-codes.txt", import.meta.url), "utf8");

it("is where every network of the generated table comes from", () => {
  const codes = new Map(parseNetworkCodes(text).map((one) => [`${one.country} ${one.mccMnc}`, one.name]));
  for (const row of networkTable) {
    if (row.mccMnc !== "")
      expect([row.country, codes.get(`${row.country} ${row.mccMnc}`)]).toEqual([row.country, row.name]);
  }
});

it("refuses malformed lines and a carrier of two networks", () => {
  expect(() => parseNetworkCodes("DE|262|X|A")).toThrow("network-codes.txt:1: no code of five or six digits");
  expect(() => parseNetworkCodes("\nUK|23410|X|A")).toThrow('network-codes.txt:2: "UK" is not a country');
  expect(() => parseNetworkCodes("DE|26201|X|A\nDE|26202|Y|A")).toThrow("A stands twice in DE");
});

it("divides a range between the countries of a shared code", () => {
  expect(countriesOfPrefix("447509")).toEqual([{ prefix: "447509", country: "JE" }]);
  expect(countriesOfPrefix("447911").map(({ prefix, country }) => `${prefix} ${country}`)).toEqual([
    "4479110 GB",
    "4479111 GG",
    "4479112 GB",
    "4479117 GG",
    "4479118 GB",
  ]);
  expect(countriesOfPrefix("4915")).toEqual([{ prefix: "4915", country: "DE" }]);
  expect(countriesOfPrefix("999")).toEqual([]);
});
