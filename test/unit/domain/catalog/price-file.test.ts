import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { type CatalogFile, type LoadedCatalog, loadCatalog } from "../../../../domain/catalog/load-catalog.ts";
import { priceFileSettings } from "../../../../domain/catalog/price-file.ts";
import { type PricedFacts, priceOf } from "../../../../domain/catalog/price-list.ts";
import { examplePlain } from "./example.ts";

const LIST =
  "Country;MCC;MNC;Price EUR;Valid from\nGermany;262;01;0,006;\nGermany;;;0,0075;\nGermany;262;01;0,007;2027-02-01\n";
const NEXT = "Country;Price EUR\nGermany;0,009\n";
/** Midnight of 2027-02-01 in Berlin. */
const BERLIN = Date.parse("2027-01-31T23:00:00Z");
const german = { destination: "491711234567", country: "DE", mccMnc: "26201" };

/** The example, whose first provider has these prices. */
function load(
  prices: unknown,
  files: Readonly<Record<string, string>>,
  change: Record<string, unknown> = {},
  now?: number,
) {
  const plain = examplePlain();
  Object.assign(plain.providers[0]!, { prices, ...change });
  return loadCatalog(
    {
      yaml: (file): CatalogFile => ({
        value: plain[file.replace(".yaml", "") as keyof typeof plain],
        where: (keys) => `line ${keys.join("/")}`,
      }),
      octets: (file) => {
        if (files[file] === undefined) throw new Error(`/etc/sluice/${file}: cannot be read`);
        return new TextEncoder().encode(files[file]);
      },
    },
    12,
    now === undefined ? {} : { now },
  );
}

/** Warnings of a catalog that is applied at a moment. */
const loadAt = (files: Readonly<Record<string, string>>, now: string) =>
  load({ ...settings, file: "a.csv" }, files, {}, Date.parse(now)).warnings;

const files = { "prices/north.csv": LIST, "prices/next.csv": NEXT };
const settings = { file: "prices/north.csv", zone: "Europe/Berlin", currency: "EUR" };
const priceAt = ({ providers: [north] }: LoadedCatalog, at: number, to: Partial<PricedFacts> = german) =>
  priceOf(north!, { ...german, ...to, at });

describe("prices in a file", () => {
  it("hold from midnight of their zone", () => {
    const catalog = load(settings, files);
    expect(catalog.warnings).toEqual([]);
    expect(priceAt(catalog, BERLIN - 1)).toBe(6_000);
    expect(priceAt(catalog, BERLIN)).toBe(7_000);
    expect(priceAt(catalog, BERLIN, { mccMnc: undefined })).toBe(7_500);
  });

  it("are followed by another list, whole", () => {
    const catalog = load({ ...settings, next: { file: "prices/next.csv", from: "2027-03-01" } }, files);
    expect(priceAt(catalog, Date.parse("2027-02-28T22:59:59Z"))).toBe(7_000);
    expect(priceAt(catalog, Date.parse("2027-02-28T23:00:00Z"))).toBe(9_000);
  });

  it("stand in what is published as they were read, whatever the file looked like", () => {
    const { source } = load(settings, files);
    const [north] = source.providers as [{ prices: { list: string } }];
    expect(north.prices).toEqual({
      list: expect.stringContaining("\nDE,26201,,0.007,2027-02-01,,\n"),
      zone: "Europe/Berlin",
    });
    const other =
      "Valid from,Rate,Currency,PLMN,Land\n,0.0075,EUR,,DE\n01.02.2027,0.007,EUR,26201,DE\n,0.006,EUR,26201,DE\n";
    expect(load(settings, { "prices/north.csv": other }).source).toEqual(source);
  });

  it("are told by file, line and column where they are wrong, each at its provider, beside what else is wrong", () => {
    const wrong = { "prices/north.csv": "Country;Price EUR\nAtlantis;0,1\nGermany;x\n" };
    const at = 'providers.yaml, line 0/prices/file: provider "north": providers[0].prices.file: prices/north.csv, line';
    const faulty = () => load(settings, wrong, { rate: 0 });
    expect(faulty).toThrow("The catalog has 3 problems:");
    expect(faulty).toThrow(`${at} 2, column "Country": "Atlantis" is no country`);
    expect(faulty).toThrow(`${at} 3, column "Price EUR": "x" is no price`);
    expect(faulty).toThrow("providers[0].rate");
    expect(() => load(settings, {})).toThrow("providers[0].prices.file: /etc/sluice/prices/north.csv: cannot be read");
    const next = { ...settings, next: { file: "prices/absent.csv", from: "2027-03-01" } };
    expect(() => load(next, files)).toThrow("providers[0].prices.next.file: /etc/sluice/prices/absent.csv");
  });

  it("need settings that fit", () => {
    const refused = (change: Record<string, unknown>) => () => load({ ...settings, ...change }, files);
    expect(refused({ zone: undefined })).toThrow("providers[0].prices.zone: is missing: the list has dates");
    expect(refused({ zone: "Berlin" })).toThrow("providers[0].prices.zone: a zone of the IANA database");
    expect(refused({ file: "../north.csv" })).toThrow("providers[0].prices.file: a file in the catalog's folder");
    expect(refused({ file: "a/../../north.csv" })).toThrow("providers[0].prices.file: a file in the catalog's folder");
    expect(refused({ file: "/etc/north.csv" })).toThrow("providers[0].prices.file: a file in the catalog's folder");
    expect(refused({ columns: { prise: "X" } })).toThrow("providers[0].prices.columns");
    expect(refused({ next: { file: "a.csv", from: "1.3.2027" } })).toThrow(
      "providers[0].prices.next.from: a day such as",
    );
    expect(refused({ list: "x" })).toThrow('"list" is no field here');
    expect(refused({ currency: "USD" })).toThrow("is in EUR, and USD is stated");
    expect(() => load(undefined, files)).toThrow("providers[0].prices: is missing");
    expect(() => load("prices/north.csv", files)).toThrow(
      /providers\[0\]\.prices: must be a list of prices, .* or name the provider's own list: \{ file: prices\/north\.csv \}$/m,
    );
  });

  it("in another currency than the provider's are refused", () => {
    expect(() => load(settings, files, { currency: "USD" })).toThrow(
      "providers[0].prices: the list is in EUR, and the provider's currency is USD",
    );
  });

  it("are charged as each row says, or all as the catalog says", () => {
    const list = { "a.csv": "Country,Price EUR,Charged on\nDE,0.05,delivery\nFR,0.04,submit\nES,0.03,\n" };
    const pricesOf = (charged?: string, files = list) => {
      const catalog = load({ file: "a.csv", ...(charged === undefined ? {} : { charged }) }, files);
      const at = (country: string) => priceAt(catalog, 0, { country, mccMnc: undefined, destination: "1" });
      expect(catalog.warnings.filter((warning) => warning.includes("charged"))).toEqual([]);
      return [at("DE"), at("FR"), at("ES")];
    };
    expect(pricesOf()).toEqual([{ onDelivery: 50_000 }, 40_000, 30_000]);
    expect(pricesOf("submit")).toEqual([50_000, 40_000, 30_000]);
    const silent = { "a.csv": "Country,Price EUR,Charged on\nDE,0.05,delivery\nFR,0.04,\n" };
    expect(pricesOf("delivery", silent)).toEqual([{ onDelivery: 50_000 }, { onDelivery: 40_000 }, undefined]);
  });

  it("that are charged on submit are not to count on delivery only", () => {
    const list = { "a.csv": "Country,Price EUR,Charged on\nDE,0.05,\nFR,0.04,submit\n" };
    expect(() => load({ file: "a.csv", charged: "delivery" }, list)).toThrow(
      'a.csv, line 3: is charged on submit, and "charged: delivery" would count nothing where it fails',
    );
    expect(() => load({ file: "a.csv", charged: "later" }, list)).toThrow("prices.charged");
  });

  it("warn by file and line, once", () => {
    const catalog = load({ file: "a.csv" }, { "a.csv": "Country,MCC,MNC,Price EUR\nDE,262,99,0.05\nDE,,,0.05\n" });
    expect(catalog.warnings).toEqual([expect.stringMatching(/: a\.csv, line 2, column "MNC": no number .*26299/)]);
  });

  it("that are all to come are told of, since nothing holds until then", () => {
    const at = (day: string) =>
      loadAt({ "a.csv": "Country,Price EUR,Valid from\nDE,0.05,2027-02-01\nFR,0.04,\nFR,0.05,2027-02-01\n" }, day);
    expect(at("2027-01-31T22:59:59Z")).toEqual([
      expect.stringContaining(
        "providers[0].prices.file: a.csv, line 2: 1 of 2 prices hold from a day to come alone (DE from 2027-02-01)",
      ),
    ]);
    expect(at("2027-01-31T23:00:00Z")).toEqual([]);
  });

  it("of a list that follows are told of where they begin after it has taken the other's place", () => {
    const following =
      "Country,Price EUR,Valid from\nDE,0.05,2027-03-15\nFR,0.04,\nFR,0.05,2027-03-15\nPL,0.05,2027-03-01\n";
    const of = (from: string, now?: string) =>
      load(
        { ...settings, next: { file: "next.csv", from } },
        { ...files, "next.csv": following },
        {},
        now === undefined ? undefined : Date.parse(now),
      ).warnings.filter((warning) => warning.includes("next.csv"));
    expect(of("2027-03-01")).toEqual([
      expect.stringContaining(
        "providers[0].prices.next.file: next.csv, line 2: 1 of 3 prices hold only from a day after 2027-03-01, when this list takes the place of the one before (DE from 2027-03-15)",
      ),
    ]);
    expect(of("2027-03-15")).toEqual([]);
    expect(of("2027-03-01", "2027-03-14T22:59:59Z")).toHaveLength(1);
    expect(of("2027-03-01", "2027-03-14T23:00:00Z")).toEqual([]);
  });

  it("of a list that begins later count as service of the route's country", () => {
    const later = "Country,Price EUR,Valid from\nDE,0.05,2027-02-01\n";
    expect(load({ ...settings, file: "a.csv" }, { "a.csv": later }).warnings).toEqual([]);
    const elsewhere = load({ file: "a.csv" }, { "a.csv": "Country,Price EUR\nFR,0.05\n" });
    expect(elsewhere.warnings).toEqual([expect.stringContaining('"north" has no price for DE')]);
    const prefixes = load({ file: "a.csv" }, { "a.csv": "Prefix,Price EUR\n4915,0.05\n" });
    expect(prefixes.warnings).toEqual([]);
  });
});

it("knows no field that the page of price lists does not name", () => {
  const page = readFileSync(resolve(import.meta.dirname, "../../../../docs/price-lists.md"), "utf8");
  expect(Object.keys(priceFileSettings.shape).filter((field) => !page.includes(`| \`${field}\``))).toEqual([]);
});
