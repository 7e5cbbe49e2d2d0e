import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCsv } from "../../../../domain/prices/csv.ts";

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
