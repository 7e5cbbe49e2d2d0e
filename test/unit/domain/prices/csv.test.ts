import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CsvFault, CsvReader, type CsvRecord, parseCsv } from "../../../../domain/prices/csv.ts";

const cellsOf = (text: string, delimiter = ",") => parseCsv(text, delimiter).records.map(({ cells }) => cells);

describe("parseCsv", () => {
  it("reads what any writer by RFC 4180 has written, with the line of each record", () => {
    const cell = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom('"', ",", ";", "\t", "\r", "\n", " ", "a", "ß") }),
    );
    const table = fc.array(fc.array(cell, { minLength: 1, maxLength: 5 }), { maxLength: 8 });
    const line = fc.constantFrom("\n", "\r\n", "\r");
    fc.assert(
      fc.property(table, fc.constantFrom(",", ";", "\t", "|"), line, fc.boolean(), (rows, delimiter, eol, last) => {
        const quoted = rows.map((cells) => cells.map((one) => `"${one.replaceAll('"', '""')}"`).join(delimiter));
        const { records, fault } = parseCsv(quoted.join(eol) + (last && rows.length > 0 ? eol : ""), delimiter);
        expect(fault).toBeUndefined();
        expect(records.map(({ cells }) => cells)).toEqual(rows);
        let expected = 1;
        for (const [index, text] of quoted.entries()) {
          expect(records[index]?.line).toBe(expected);
          // A return at the end of a text and a line feed that ends the line are two ends, since a mark stands between.
          expected += text.split(/\r\n|\r|\n/).length;
        }
      }),
    );
  });

  it("reads cells without marks as they stand", () => {
    const plain = fc.string({ unit: fc.constantFrom("a", "b", " ", "0", "é", "'") }).map((text) => `x${text}`);
    fc.assert(
      fc.property(fc.array(fc.array(plain, { minLength: 1 })), (rows) => {
        expect(cellsOf(rows.map((cells) => cells.join(";")).join("\r\n"), ";")).toEqual(rows);
      }),
    );
  });

  it("keeps empty cells, leaves out empty lines, and takes blanks around marks for nothing", () => {
    expect(cellsOf("a,,\n\n,\n")).toEqual([
      ["a", "", ""],
      ["", ""],
    ]);
    expect(cellsOf('a, "b,c" ,d')).toEqual([["a", "b,c", "d"]]);
    expect(cellsOf('5" screen,b')).toEqual([['5" screen', "b"]]);
    expect(cellsOf('""')).toEqual([[""]]);
  });

  it("says where marks do not fit, and keeps what came before", () => {
    expect(parseCsv('a\n"b\nc', ",")).toEqual({
      records: [{ line: 1, cells: ["a"] }],
      fault: { line: 2, message: expect.stringContaining("never closed") },
    });
    expect(parseCsv('a\n"b" c', ",").fault).toEqual({ line: 2, message: expect.stringContaining("text after") });
  });

  it("ends with any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('"', ",", "\n", "\r", " ", "a") }), (text) => {
        parseCsv(text, ",");
      }),
    );
  });
});

describe("CsvReader", () => {
  const read = (pieces: readonly string[], longest?: number) => {
    const reader = new CsvReader({ delimiter: ",", ...(longest === undefined ? {} : { longest }) });
    const found: (CsvRecord | CsvFault)[] = [];
    for (const piece of pieces) found.push(...reader.push(piece));
    found.push(...reader.end());
    return found;
  };
  const anything = fc.string({ unit: fc.constantFrom('"', ",", "\n", "\r", " ", "a", "ß", "😀"), maxLength: 60 });

  it("finds the same wherever the text is cut, faults and all", () => {
    fc.assert(
      fc.property(anything, fc.array(fc.nat(60)), fc.constantFrom(undefined, 5, 12), (text, cuts, longest) => {
        const places = [0, ...cuts.filter((cut) => cut <= text.length).sort((a, b) => a - b), text.length];
        const pieces = places.slice(1).map((end, index) => text.slice(places[index], end));
        expect(read(pieces, longest)).toEqual(read([text], longest));
      }),
      { numRuns: 2_000 },
    );
  });

  it("loses a line to a fault and no other", () => {
    expect(read(['a\n"b" c,d\ne,f\n"g\nh,"i"\n'])).toEqual([
      { line: 1, cells: ["a"] },
      { line: 2, recordLine: 2, message: expect.stringContaining("text after") },
      { line: 3, cells: ["e", "f"] },
      { line: 5, recordLine: 4, message: expect.stringContaining("text after") },
      { line: 5, cells: ["h", "i"] },
    ]);
  });

  it("does not let a mark that is never closed swallow what follows", () => {
    const lines = Array.from({ length: 20 }, (_, index) => `x${index}`);
    const found = read([`"open\n${lines.join("\n")}`], 30);
    expect(found[0]).toEqual({ line: 1, recordLine: 1, message: expect.stringContaining("never closed") });
    expect(found.slice(1)).toEqual(lines.map((cell, index) => ({ line: index + 2, cells: [cell] })));
  });

  it("refuses a record that is too long, and reads the next", () => {
    expect(read(["abcdef\nabcde\n", "12345", "6", "7\nx"], 5)).toEqual([
      { line: 1, recordLine: 1, message: "longer than 5 characters" },
      { line: 2, cells: ["abcde"] },
      { line: 3, recordLine: 3, message: "longer than 5 characters" },
      { line: 4, cells: ["x"] },
    ]);
  });
});
