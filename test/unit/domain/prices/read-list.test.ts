import fc from "fast-check";
import { expect, it } from "vitest";
import { readList } from "../../../../domain/prices/read-list.ts";

/** Any UTF-16 at all; cheaper than fast-check's own of any code points. */
const anyText = fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units));
const networks = ["26201", "26202", "20801", "338050", "33805"];

it("reads a table in any order of columns, with any delimiter and notation, as the same prices", () => {
  const row = fc.record({ network: fc.constantFrom(...networks), micros: fc.integer({ min: 1, max: 999_999 }) });
  const rows = fc.uniqueArray(row, { selector: ({ network }) => network, minLength: 1 });
  const columns = fc.shuffledSubarray(["MCC", "MNC", "Network", "Price EUR"], { minLength: 4 });
  const style = fc.record({ delimiter: fc.constantFrom(",", ";", "\t", "|"), comma: fc.boolean(), titles: fc.nat(3) });
  fc.assert(
    fc.property(rows, columns, style, (given, order, { delimiter, comma, titles }) => {
      const cell = (column: string, { network, micros }: (typeof given)[number]) => {
        const price = `0${comma ? "," : "."}${String(micros).padStart(6, "0")}`;
        const cells = { MCC: network.slice(0, 3), MNC: network.slice(3), Network: "a, b; c", "Price EUR": price };
        return `"${cells[column as keyof typeof cells]}"`;
      };
      const lines = [
        ...Array.from({ length: titles }, () => "Our rates"),
        order.join(delimiter),
        ...given.map((one) => order.map((column) => cell(column, one)).join(delimiter)),
      ];
      const list = readList(lines.join("\r\n"));
      if (!list.ok) throw new Error(JSON.stringify(list.problems));
      expect(list.value.entries.map(({ network, price }) => ({ network, micros: price }))).toEqual(given);
      expect(list.value.entries.map(({ line }) => line)).toEqual(given.map((_, index) => titles + 2 + index));
    }),
  );
});

it("ends with a list or with problems for any text", () => {
  const words = fc.constantFrom(
    "Country",
    "Price",
    "MCC",
    "MNC",
    "DE",
    "262",
    "0,05",
    "€",
    '"',
    ",",
    ";",
    "\n",
    " ",
    "-",
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 60 }), (parts) => {
      const list = readList(parts.join(""));
      if (!list.ok) expect(list.problems.length).toBeGreaterThan(0);
    }),
  );
  fc.assert(fc.property(anyText, (text) => typeof readList(text).ok === "boolean"));
});

it("tells fifty problems, and how many more there are", () => {
  const text = ["Country,Price EUR", ...Array.from({ length: 80 }, () => "Atlantis,1")].join("\n");
  const list = readList(text);
  if (list.ok) throw new Error("it is wrong");
  expect(list.problems).toHaveLength(51);
  expect(list.problems.at(-1)?.message).toBe("and 30 more problems");
});

it("reads no more prices and days than a list can mean", () => {
  const wide = ["MCC,MNC,Price EUR", ...Array.from({ length: 501 }, () => "310,000-999,0.01")].join("\n");
  expect(messagesOf(wide).at(-1)).toBe("has 501000 prices, and 500000 are read at most");
  const dated = Array.from({ length: 1_001 }, (_, n) => {
    const day = new Date(Date.UTC(2027, 0, 1 + n)).toISOString().slice(0, 10);
    return `DE,0.01,${day}`;
  });
  expect(messagesOf(["Country,Price EUR,Valid from", ...dated].join("\n"))).toEqual([
    "has prices from 1001 days, and 1000 are read at most",
  ]);
});

function messagesOf(text: string): string[] {
  const list = readList(text);
  return list.ok ? [] : list.problems.map(({ message }) => message);
}

it("warns of a column of dates that is not read, since its prices hold at once", () => {
  const warningsOf = (header: string, ...cells: string[]) => {
    const list = readList([`Country,Price EUR,${header}`, ...cells.map((cell) => `DE,0.05,${cell}`)].join("\n"));
    if (!list.ok) throw new Error(JSON.stringify(list.problems));
    return list.value.warnings.map(({ message }) => message).filter((message) => message.startsWith("not read"));
  };
  const dates = 'not read: "Effective Date (UTC)"; these cells are dates, and these prices hold at once';
  for (const cells of [
    ["2027-03-01"],
    ["01/03/2027", ""],
    ["3/15/2027 12:00:00 AM"],
    ["1 Mar 2027", "2027-03-01T00:00:00Z"],
  ])
    expect(warningsOf("Effective Date (UTC)", ...cells)).toEqual([expect.stringContaining(dates)]);
  expect(warningsOf("Remarks", "")).toEqual([]);
  expect(warningsOf("Remarks", "2027-03-01", "new")).toEqual([]);
  expect(warningsOf("Valid from,Updated", "2027-03-01,2027-01-01")).toEqual([]);
  expect(warningsOf("Valid to", "2027-03-01")).toEqual([
    expect.stringContaining("until another one of the same begins"),
  ]);
});

it("refuses a price in another unit also where its column is named, until a divisor is stated", () => {
  const read = (price: string, divisor?: 1 | 1000) =>
    readList(`Country;${price}\nGermany;65,00\n`, { columns: { price }, currency: "EUR", divisor });
  for (const price of ["Price per 1000 SMS (EUR)", "Preis in Cent", "Tariff per thousand, direct"])
    expect(read(price)).toMatchObject({
      ok: false,
      problems: [
        { line: 1, column: price, message: expect.stringMatching(/if prices are in another unit, .*"divisor"/) },
      ],
    });
  expect(read("Price per 1000 SMS (EUR)", 1000)).toMatchObject({ value: { entries: [{ price: 65_000 }] } });
  expect(read("Price per 1000 SMS (EUR)", 1)).toMatchObject({ value: { entries: [{ price: 65_000_000 }] } });
  expect(read("Rate B (EUR)")).toMatchObject({ ok: true });
});

it("says which line comes nearest to a header, and what it lacks", () => {
  const problemsOf = (text: string) => {
    const list = readList(text, { currency: "EUR" });
    return list.ok ? [] : list.problems;
  };
  expect(problemsOf("Rates\nCountry;MCC;MNC;0-100k (EUR);100k+ (EUR)\nGermany;262;01;0,05;0,04\n")).toEqual([
    {
      line: 2,
      column: undefined,
      message: expect.stringMatching(
        /^no header was found: .*; this line has country "Country", mcc "MCC", mnc "MNC", and no price among "0-100k \(EUR\)", "100k\+ \(EUR\)": .* stated \("columns"\)$/,
      ),
    },
  ]);
  expect(problemsOf("Zone;Price\nDE;0,05\n")).toEqual([
    expect.objectContaining({
      line: 1,
      message: expect.stringContaining('has price "Price", and no country, network code or prefix among "Zone"'),
    }),
  ]);
  expect(problemsOf("Страна;Цена\nDE;0,05\n")).toEqual([
    expect.objectContaining({
      line: undefined,
      message: expect.stringMatching(/prefix; a column whose words are not known is stated \("columns"\)$/),
    }),
  ]);
});

it("warns of prefixes with the zero that is dialled within the country alone", () => {
  const list = readList("Prefix,Price EUR\n49171,0.05\n490151,0.05\n22507,0.05\n490160,0.06\n");
  expect(list.ok && list.value.warnings).toEqual([
    {
      line: 3,
      column: "Prefix",
      message:
        "no number begins with these prefixes, with the zero that is dialled within the country alone: 490151 on line 3 (49151), 490160 on line 5 (49160)",
    },
  ]);
});

it("names the countries that have prices of networks alone that no number is known to be of", () => {
  const said = (...rows: string[]) => {
    const list = readList(["Country,MCCMNC,Prefix,Price EUR", ...rows].join("\n"));
    if (!list.ok) throw new Error(JSON.stringify(list.problems));
    return list.value.warnings.flatMap(({ message }) => /Nothing else is left for ([^:]*):/.exec(message)?.[1] ?? []);
  };
  const american = ["US,310260,,0.01", "Canada,302720,,0.01", "Germany,26201,,0.05", "Germany,26299,,0.05"];
  expect(said(...american)).toEqual(["CA, US"]);
  expect(said(...american, "US,,,0.02")).toEqual(["CA"]);
  expect(said(...american, ",,1212,0.02")).toEqual([]);
  expect(said(...american, "Rest of World,,,0.02")).toEqual([]);
});

it("warns of a column of codes beside the one that is stated", () => {
  const warningsOf = (area: string) => {
    const text = `Destination,Country Code,Area Code,Price EUR\nGermany,49,${area},0.05\n`;
    const list = readList(text, { columns: { prefix: "Country Code" } });
    return list.ok ? list.value.warnings : list.problems;
  };
  expect(warningsOf("151")).toEqual([
    { line: 1, column: undefined, message: expect.stringMatching(/^not read: "Area Code"; they have codes as well/) },
  ]);
  expect(warningsOf("")).toEqual([]);
});

it("reads codes as they are written for spreadsheets, so that their zeros stay", () => {
  const rows = ['Germany,="262",="01",0.05', `Germany,'262,'02,'0.06`, 'Jamaica,"=""338""","=""050""",="0.07"'];
  const list = readList(["Country,MCC,MNC,Price EUR", ...rows].join("\n"));
  if (!list.ok) throw new Error(JSON.stringify(list.problems));
  expect(list.value.entries.map(({ network, price }) => `${network} ${price}`)).toEqual([
    "26201 50000",
    "26202 60000",
    "338050 70000",
  ]);
  expect(readList("Country,MCC,MNC,Price EUR\nGermany,262,=A1,0.05\n")).toMatchObject({ ok: false });
});
