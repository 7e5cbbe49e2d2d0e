import fc from "fast-check";
import { expect, it } from "vitest";
import { PriceList, priceOf } from "../../../../domain/catalog/price-list.ts";
import { atOnce, compileList } from "../../../../domain/prices/compile-list.ts";
import { normalForm } from "../../../../domain/prices/normal-form.ts";
import { readList } from "../../../../domain/prices/read-list.ts";
import { midnightOf } from "../../../../domain/prices/zone.ts";

const ZONE = "Europe/Berlin";
const HEADER = "Country,MCC MNC,Prefix,Price (EUR),Valid from,Charged on,Network\n";

function compiled(text: string): PriceList {
  const list = readList(text, { currency: "EUR" });
  if (!list.ok) throw new Error(JSON.stringify(list.problems));
  const cell = atOnce(compileList(normalForm(list.value), ZONE));
  if (!cell.ok) throw new Error(cell.message);
  expect(cell.value.currency).toBe("EUR");
  return new PriceList(cell.value.table);
}

const places = [
  { place: "*", row: "World,,,", matches: () => true },
  { place: "DE", row: "DE,,,", matches: ({ country }: Facts) => country === "DE" },
  { place: "US", row: "US,,,", matches: ({ country }: Facts) => country === "US" },
  { place: "+49", row: "World,,,49", matches: ({ destination }: Facts) => destination.startsWith("49") },
  { place: "+4915", row: "World,,,4915", matches: ({ destination }: Facts) => destination.startsWith("4915") },
  { place: "26201", row: "DE,262,01,", matches: ({ mccMnc }: Facts) => mccMnc === "26201" },
  { place: "310260", row: ",310,260,", matches: ({ mccMnc }: Facts) => mccMnc === "310260" },
  ...["US", "PR"].map((code) => ({
    place: `${code}310260`,
    row: `${code},310,260,`,
    matches: ({ mccMnc, country }: Facts) => mccMnc === "310260" && country === code,
  })),
];
type Facts = { destination: string; country: string; mccMnc: string | undefined; at: number };
const days = ["", "2027-02-01", "2027-03-28", "2027-10-31"];

it("finds the price that asking every line would find, at any moment", () => {
  // Both countries of the shared code, or neither: one alone would be the network everywhere.
  const row = fc.record({ place: fc.nat(places.length - 1), day: fc.constantFrom(...days), micros: fc.nat(99) });
  const rows = fc
    .uniqueArray(row, { selector: ({ place, day }) => `${place} ${day}`, minLength: 1, maxLength: 30 })
    .filter((all) => {
      const shared = ["US310260", "PR310260"].map((name) => all.some((one) => places[one.place]!.place === name));
      return shared[0] === shared[1];
    });
  const moment = fc
    .tuple(fc.constantFrom(...days.slice(1)), fc.constantFrom(-1, 0, 1))
    .map(([day, ms]) => midnightOf(day, ZONE) + ms);
  const facts = fc.record({
    destination: fc.constantFrom("491511234567", "491711234567", "17875551234"),
    country: fc.constantFrom("DE", "US", "PR"),
    mccMnc: fc.constantFrom("26201", "310260", undefined),
    at: moment,
  });
  fc.assert(
    fc.property(rows, facts, (given, asked) => {
      const lines = given.map(
        ({ place, day, micros }) => `${places[place]!.row},0.0000${String(micros).padStart(2, "0")},${day}`,
      );
      const prices = compiled(["Country,MCC,MNC,Prefix,Price,Valid from", ...lines].join("\n"));
      // The later in `places`, the more exact; of one place the last day that has begun.
      const valid = given
        .filter(({ place, day }) => places[place]!.matches(asked) && (day === "" || midnightOf(day, ZONE) <= asked.at))
        .sort((a, b) => a.place - b.place || (a.day < b.day ? -1 : 1));
      expect(priceOf({ prices }, asked)).toBe(valid.at(-1)?.micros);
    }),
    { numRuns: 500 },
  );
});

it("changes a price at midnight of its zone, with nothing but the clock", () => {
  const prices = compiled("Country,Price,Valid from\nDE,0.05,\nDE,0.06,2027-07-01\nDE,0.04,2027-08-01\n");
  const at = (time: string) =>
    priceOf({ prices }, { destination: "4915", country: "DE", mccMnc: undefined, at: Date.parse(time) });
  expect(at("1990-01-01T00:00:00Z")).toBe(50_000);
  expect(at("2027-06-30T21:59:59.999Z")).toBe(50_000);
  expect(at("2027-06-30T22:00:00Z")).toBe(60_000);
  expect(at("2027-07-31T21:59:59.999Z")).toBe(60_000);
  expect(at("2027-07-31T22:00:00Z")).toBe(40_000);
});

it("is put off every 200 lines", () => {
  const lines = Array.from({ length: 1_000 }, (_, n) => `,,49${1_000 + n},0.01,,,\n`);
  const work = compileList(HEADER + lines.join(""), "UTC");
  let steps = 0;
  while (!work.next().done) steps++;
  expect(steps).toBe(5);
});

it("is refused where it is not in its form, or says two things of one", () => {
  const messageOf = (text: string) => {
    const cell = atOnce(compileList(text, "UTC"));
    return cell.ok ? undefined : cell.message;
  };
  expect(messageOf(`${HEADER}DE,,,0.01,,,\n`)).toBeUndefined();
  expect(messageOf("Country,Price\nDE,0.01\n")).toContain("is not in the form");
  expect(messageOf(`${HEADER}DE,,,0.01,,,\nDE,,,0.02,,,\n`)).toBe("line 3: a second price for DE");
  expect(messageOf(`${HEADER}DE,,,0.01,2027-02-01,,\nDE,,,0.02,2027-02-01,,\n`)).toContain("not in the order");
  expect(messageOf(`${HEADER}DE,,,x,,,\n`)).toBe('line 2: "x" is no price');
});
