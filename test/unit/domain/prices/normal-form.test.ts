import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { parseCsv } from "../../../../domain/prices/csv.ts";
import { decodeText } from "../../../../domain/prices/decode-text.ts";
import {
  currencyOfNormalForm,
  normalForm,
  readNormalForm,
  withoutFormulas,
} from "../../../../domain/prices/normal-form.ts";
import { readList } from "../../../../domain/prices/read-list.ts";
import { acceptedLists } from "./expected-lists.ts";

const HEADER = "Country,MCC MNC,Prefix,Price (EUR),Valid from,Charged on,Network\n";

function formOf(text: string): string {
  const list = readList(text, { currency: "EUR" });
  if (!list.ok) throw new Error(JSON.stringify(list.problems));
  return normalForm(list.value);
}

/** Every price of a list in this form, as it is read line by line. */
function pricesOf(form: string) {
  return [...readNormalForm(form)].map((cell) => {
    if (!cell.ok) throw new Error(cell.message);
    const { key, price, from, charged } = cell.value;
    return { key, price, from, charged };
  });
}

it("is CSV that anybody can read, in one order, each price once", () => {
  const rows = [
    "World;;;;0,2;;;",
    'Germany;262;1;;0,065;01.02.2027;delivery;Telekom, "T"',
    "Germany;262;1;;0,06;;;",
    "United States;310;260;;0,01;;;",
    "Puerto Rico;310;260;;0,03;;;",
    "Canada;302;220;;0,02;;;",
    ";;;4915;0,07;;submit;",
    "Germany;;;;0,08;;;",
    "Germany;;;;0,08;;;",
  ];
  const form = formOf(["Country;MCC;MNC;Prefix;Price;Valid from;Charged on;Network", ...rows].join("\n"));
  expect(form).toBe(
    `${HEADER}${[
      "elsewhere,,,0.2,,,",
      ",,4915,0.07,,submit,",
      "DE,26201,,0.06,,,",
      'DE,26201,,0.065,2027-02-01,delivery,"Telekom, ""T"""',
      "CA,302220,,0.02,,,",
      "DE,,,0.08,,,",
      "PR,310260,,0.03,,,",
      "US,310260,,0.01,,,",
      "",
    ].join("\n")}`,
  );
  expect(currencyOfNormalForm(form)).toBe("EUR");
});

it("names no country beside a code of several whose price is that of the network everywhere", () => {
  expect(formOf("Country,MCC,MNC,Price\nUS,310,260,0.01\n")).toBe(`${HEADER},310260,,0.01,,,\n`);
});

it("names no country beside a calling code, which would be read as the country's price", () => {
  const form = formOf("Country;Prefix;Price\nGermany;49, 4915;0,01\n");
  expect(form).toBe(`${HEADER},,49,0.01,,,\nDE,,4915,0.01,,,\n`);
  expect(formOf(form)).toBe(form);
});

it("is the same for all lists of the same prices, and read as them by both readers", () => {
  const folder = resolve(import.meta.dirname, "lists");
  expect(readdirSync(folder).length).toBeGreaterThan(acceptedLists.length);
  for (const { file, settings } of acceptedLists) {
    const text = decodeText(readFileSync(resolve(folder, file)));
    const list = text.ok ? readList(text.value, settings) : undefined;
    if (!list?.ok) throw new Error(file);
    const form = normalForm(list.value);
    const again = readList(form);
    if (!again.ok) throw new Error(`${file}: ${JSON.stringify(again.problems)}`);
    expect(normalForm(again.value), file).toBe(form);
    expect(pricesOf(form), file).toEqual(
      again.value.entries.map(({ key, price, from, charged }) => ({ key, price, from, charged })),
    );
    const given = list.value.entries.map(({ key, price, from }) => `${key} ${price} ${from}`);
    expect(new Set(pricesOf(form).map(({ key, price, from }) => `${key} ${price} ${from}`)), file).toEqual(
      new Set(given),
    );
  }
});

it("does not depend on the order of lines, and reads any name", () => {
  const name = fc.string({ unit: "grapheme", maxLength: 12 });
  const row = fc.record({
    network: fc.constantFrom("26201", "26202", "310260", "33805", "338050"),
    name,
    price: fc.nat(9_999),
  });
  const rows = fc.uniqueArray(row, { selector: ({ network }) => network, minLength: 1 });
  fc.assert(
    fc.property(rows, (given) => {
      const entry = (one: (typeof given)[number]) =>
        `"${one.network}","${one.name.replaceAll('"', '""')}",0.${String(one.price).padStart(4, "0")}`;
      const text = (lines: string[]) => ["MCCMNC,Network,Price", ...lines].join("\n");
      const form = formOf(text(given.map(entry)));
      expect(formOf(text(given.map(entry).toReversed()))).toBe(form);
      expect(formOf(form)).toBe(form);
      expect(pricesOf(form)).toHaveLength(given.length);
    }),
  );
});

it("is not read where a line is not in it", () => {
  const messageOf = (line: string) =>
    [...readNormalForm(HEADER + line)].flatMap((cell) => (cell.ok ? [] : [cell.message]));
  expect(messageOf("DE,,,0.01,,,\n")).toEqual([]);
  expect(messageOf("DE,,,0.01,,\n")).toEqual(["line 2 has 6 cells, and 7 are needed"]);
  expect(messageOf("DE,,,-0.01,,,\n")).toEqual(['line 2: "-0.01" is no price']);
  expect(messageOf("DE,,,0.01,1.2.2027,,\n")).toEqual(['line 2: "1.2.2027" is no day']);
  expect(messageOf("DE,,,0.01,,never,\n")).toEqual(['line 2: "never" is no way of charging']);
  for (const place of ["Germany,,", ",,", "DE,2620,", ",26201,4915", "elsewhere,26201,", ",,049"])
    expect(messageOf(`${place},0.01,,,\n`)).toEqual([`line 2: "${place}" is no place`]);
  expect(currencyOfNormalForm("Country,Price (EUR)\n")).toBeUndefined();
});

it("is of one segment in units of its currency: a divisor beside it is refused, which would divide its prices once more", () => {
  const form = `${HEADER}DE,,,0.05,,,\n`;
  for (const text of [form, form.replaceAll("\n", "\r\n")])
    expect(readList(text, { divisor: 100 })).toMatchObject({
      ok: false,
      problems: [{ message: expect.stringMatching(/sluice catalog export writes.*take "divisor" away/) }],
    });
  expect(readList(form, { divisor: 1 })).toMatchObject({ ok: true });
  expect(readList("Country,Price (EUR)\nDE,5\n", { divisor: 100 })).toMatchObject({ ok: true });
});

it("gives no spreadsheet a formula, and is read as the same", () => {
  const rows = ["26201;=1+1", '26202;"=HYPERLINK(""http://x"",1)"', "26203;+49", "26204;-x", "26205;@x", "26206;'=y"];
  const form = formOf(["MCCMNC;Network;Price", ...rows.map((row) => `${row};0,01`)].join("\n"));
  const names = parseCsv(form, ",").records.map(({ cells }) => cells.at(-1));
  expect(names.slice(1)).toEqual(["'=1+1", '\'=HYPERLINK("http://x",1)', "'+49", "'-x", "'@x", "'=y"]);
  expect(formOf(form)).toBe(form);
  // Published before.
  expect(withoutFormulas(form.replaceAll("'", ""))).toBe(form);
  expect(withoutFormulas(form)).toBe(form);
});
