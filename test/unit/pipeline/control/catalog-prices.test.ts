import fc from "fast-check";
import { expect, it } from "vitest";
import { withPriceFiles } from "../../../../domain/catalog/price-file.ts";
import { catalogDiff } from "../../../../pipeline/control/catalog-diff.ts";
import { withListFiles } from "../../../../services/cli/catalog/export-prices.ts";

const HEADER = "Country,MCC,MNC,Network,Price EUR,Valid from\n";
const LIST = `${HEADER}DE,262,01,Telekom,0.06,\nDE,,,,0.07,\nFR,,,,0.05,2027-02-01\n`;
type Files = Readonly<Record<string, string>>;

/** What is published of a provider whose prices are so. */
function published(prices: unknown, files: Files = {}) {
  const read = withPriceFiles({ providers: [{ id: "a", currency: "EUR", rate: 1, prices }] }, (file) => {
    if (files[file] === undefined) throw new Error(`${file}: is not there`);
    return new TextEncoder().encode(files[file]);
  });
  expect(read.problems).toEqual([]);
  return read.value;
}

const ofFile = (text: string) => published({ file: "a.csv", zone: "UTC" }, { "a.csv": text });
const diff = (before: object, after: object) =>
  catalogDiff(before as Record<string, unknown>, after as Record<string, unknown>);

it("a difference of price lists is told in counts, and price by price", () => {
  const now = `${HEADER}DE,262,01,Telekom,0.066,2027-02-01\nDE,,,,0.07,\nDE,262,01,Telekom,0.06,\nIT,,,,0.04,\n`;
  expect(diff(ofFile(LIST), ofFile(now))).toEqual([
    "~ provider a: prices: 1 rose, 0 fell, 1 new, 1 missing, 0 moved, 1 unchanged",
    "~ provider a: prices: rose    26201 Telekom  0.06 -> 0.066 from 2027-02-01  +10 %",
    "~ provider a: prices: missing FR  0.05 from 2027-02-01 -> -",
    "~ provider a: prices: new     IT  - -> 0.04",
  ]);
  expect(diff(ofFile(LIST), ofFile(LIST.replace("Telekom", "T-Mobile")))).toEqual([
    "~ provider a: prices: the same prices, with other names of networks",
  ]);
  const many = (price: string) =>
    ofFile(`${HEADER}${Array.from({ length: 30 }, (_, n) => `,310,${100 + n},,${price},\n`).join("")}`);
  expect(diff(many("0.01"), many("0.02"))).toHaveLength(22);
  expect(diff(many("0.01"), many("0.02")).at(-1)).toBe("~ provider a: prices: and 10 more");
});

it("a list that takes the place of written prices is compared with them, and one in another currency is not", () => {
  const written = published([{ mccMnc: "26201", price: "0.06" }, { country: "DE", price: "0.08" }, { price: "0.1" }]);
  expect(diff(written, ofFile(LIST))).toEqual([
    "~ provider a: prices: 0 rose, 1 fell, 1 new, 1 missing, 0 moved, 1 unchanged",
    "~ provider a: prices: fell    DE  0.08 -> 0.07  -12.5 %",
    "~ provider a: prices: new     FR  - -> 0.05 from 2027-02-01",
    "~ provider a: prices: missing elsewhere  0.1 -> -",
    "~ provider a: prices.zone: not set -> UTC",
  ]);
  expect(diff(ofFile(LIST), ofFile(LIST.replace("EUR", "USD")))).toEqual([
    "~ provider a: prices: one list is in EUR, the other in USD: they cannot be compared",
  ]);
});

it("the list that follows is told with its day", () => {
  const files = { "a.csv": LIST, "b.csv": "Country,Price EUR\nDE,0.08\n" };
  const following = (from: string, file = "b.csv") =>
    published({ file: "a.csv", zone: "UTC", next: { file, from } }, files);
  expect(diff(ofFile(LIST), following("2027-03-01"))).toEqual([
    "~ provider a: prices.next: with a list from 2027-03-01",
  ]);
  expect(diff(following("2027-03-01"), ofFile(LIST))).toEqual([
    "~ provider a: prices.next: without the list from 2027-03-01",
  ]);
  expect(diff(following("2027-03-01"), following("2027-04-01"))).toEqual([
    "~ provider a: prices.next.from: 2027-03-01 -> 2027-04-01",
  ]);
  expect(diff(following("2027-03-01"), following("2027-03-01", "a.csv"))[0]).toContain("prices.next: 0 rose, 1 fell");
});

it("what is exported is read as the same version again", () => {
  const row = fc.record({
    place: fc.constantFrom("DE,262,01", "DE,,", "US,310,260", "PR,310,260", ",338,05", "World,,"),
    name: fc.constantFrom("", "Telekom", 'a "b", c'),
    price: fc.nat(99_999),
    day: fc.constantFrom("", "2027-02-01", "2027-03-01"),
  });
  const list = fc
    .uniqueArray(row, { selector: ({ place, day }) => `${place} ${day}`, minLength: 1 })
    .map((rows) =>
      rows.map(({ place, name, price, day }) => {
        const amount = `0.${String(price).padStart(5, "0")}`;
        return `${place},"${name.replaceAll('"', '""')}",${amount},${day}\n`;
      }),
    )
    .map((lines) => HEADER + lines.join(""));
  fc.assert(
    fc.property(list, fc.option(list), (first, next) => {
      const following = next === null ? {} : { next: { file: "b.csv", from: "2027-05-01" } };
      const settings = { file: "a.csv", zone: "Europe/Berlin", dates: "day-first", ...following };
      const source = published(settings, { "a.csv": first, "b.csv": next ?? "" });
      const { providers, lists } = withListFiles(source.providers);
      const files = Object.fromEntries(lists.map(({ file, text }) => [file, text]));
      expect(Object.keys(files)).toEqual(next === null ? ["prices/a.csv"] : ["prices/a.csv", "prices/a.next.csv"]);
      const [{ prices }] = providers as [{ prices: unknown }];
      expect(published(prices, files)).toEqual(source);
    }),
  );
});
