import { describe, expect, it } from "vitest";
import { readCsvBegin } from "../../../../domain/upload/csv-begin.ts";
import { type ColumnTerms, isUploadField, uploadColumns } from "../../../../domain/upload/upload-columns.ts";

const terms = (map: Record<string, string> = {}, set: Record<string, string> = {}): ColumnTerms => ({
  map: new Map(Object.entries(map)),
  set: new Map(Object.entries(set)),
});
const columns = (header: string[], given = terms()) => {
  const found = uploadColumns(header, given);
  if ("problems" in found)
    throw new Error(found.problems.map(({ field, message }) => `${field}: ${message}`).join("; "));
  return found;
};

describe("the begin of a CSV file", () => {
  it("gives the delimiter that makes the most columns, the header, and the line behind it", () => {
    expect(readCsvBegin("to;text\n", false)).toEqual({ delimiter: ";", header: ["to", "text"], dataLine: 2 });
    expect(readCsvBegin("a,b\tc\td\r\n", false)).toMatchObject({ delimiter: "\t", header: ["a,b", "c", "d"] });
    expect(readCsvBegin('"a\nb",c\n', false)).toMatchObject({ delimiter: ",", header: ["a\nb", "c"], dataLine: 3 });
    expect(readCsvBegin("to", true)).toMatchObject({ delimiter: ",", header: ["to"] });
    expect(readCsvBegin("a,b;c;d\n", false, ",")).toMatchObject({ delimiter: ",", header: ["a", "b;c;d"] });
  });

  it("takes a first line that says the delimiter for none of the table", () => {
    expect(readCsvBegin("sep=;\r\na,b;c\n", false)).toEqual({ delimiter: ";", header: ["a,b", "c"], dataLine: 3 });
    expect(readCsvBegin("sep=;\r\na,b", false)).toBeUndefined();
  });

  it("waits for a header that is not whole, and says what is wrong with one that is none", () => {
    expect(readCsvBegin("to,te", false)).toBeUndefined();
    expect(readCsvBegin('to,"te\n', false)).toBeUndefined();
    expect(readCsvBegin("", true)).toBe("there is no header");
    expect(readCsvBegin('"a" b,c\n', false)).toMatch(/^line 1: text after/);
  });
});

describe("columns", () => {
  it("are found by their names, whatever their case, and by a mapping that wins", () => {
    const found = columns(["Phone", "TEXT", "To", "sendat", "Note"], terms({ to: "phone", reference: "NOTE" }));
    expect(found.read).toEqual({ to: "Phone", reference: "Note", text: "TEXT", sendAt: "sendat" });
    expect(found.unread).toEqual(["To"]);
    expect(found.message(["+491701234567", "a", "x", "", " r "])).toEqual({
      to: "+491701234567",
      text: "a",
      reference: "r",
    });
  });

  it("give numbers and truth values where a message has them, and leave empty cells out", () => {
    const found = columns(["to", "text", "validity", "transliterate", "metadata.Campaign"]);
    expect(found.message(["1", " a ", "60", "TRUE", "x"])).toEqual({
      ...{ to: "1", text: " a ", validity: 60, transliterate: true, metadata: { Campaign: "x" } },
    });
    expect(found.message(["1", "a", "1h", "yes"])).toEqual({
      to: "1",
      text: "a",
      validity: "1h",
      transliterate: "yes",
    });
    expect(found.message(["1", "a", "", "", "", "", " "])).toEqual({ to: "1", text: "a" });
    expect(found.message(["1", "a", "", "", "", "x"])).toEqual({ field: "", message: "6 cells, and the header has 5" });
  });

  it("stand in texts, with another text for empty cells", () => {
    const found = columns(
      ["to", "First Name", "City"],
      terms({}, { text: "Hi {{first name|you}}, {{ City }}! {{", lane: "otp" }),
    );
    expect(found.message(["1", "Ann", "Ulm"])).toEqual({ to: "1", text: "Hi Ann, Ulm! {{", lane: "otp" });
    expect(found.message(["1", "", "Ulm"])).toMatchObject({ text: "Hi you, Ulm! {{" });
    expect(found.message(["1", "Ann", " "])).toEqual({
      field: "text",
      message: expect.stringContaining('"City" is empty'),
    });
    expect(found.unread).toEqual([]);
  });

  it("come to a line's longest length at the most, however often a text names a cell", () => {
    const found = columns(["to", "n"], terms({}, { text: "{{n}}".repeat(300) }));
    expect(found.message(["1", "x".repeat(60_000)])).toEqual({
      field: "text",
      message: "the line's fields come to more than 65536 characters",
    });
  });

  it("are refused where it is not clear which is meant, all at once", () => {
    const given = terms({ from: "x", text: "b", lane: "" }, { text: "{{y}}" });
    expect(() => columns(["to", "b", "B", "lane"], given)).toThrow(
      'map.from: "x": the header has no such column; set.text: map or set a field, not both; map.text: "b": the header has 2 such columns; set.text: "y": the header has no such column',
    );
    expect(() => columns(["a"])).toThrow(/no column is the message's to.*no column is the message's text/);
  });

  it("are of fields that a message has", () => {
    for (const field of ["to", "sendAt", "metadata.a"]) expect(isUploadField(field)).toBe(true);
    for (const field of ["sendat", "metadata.", "metadata.1", "metadata", "constructor"])
      expect(isUploadField(field)).toBe(false);
  });
});
