import fc from "fast-check";
import { expect, it } from "vitest";
import { queryOf, readForm } from "../../../../platform/http/form.ts";

const read = (text: string, most = 100) =>
  [...(readForm(Buffer.from(text, "latin1"), most) ?? [])].map(([name, values]) => [
    name,
    values.map((value) => value.toString("latin1")),
  ]);

it("gives what URLSearchParams gives of any form in UTF-8", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" })), { maxLength: 20 }),
      (pairs) => {
        const text = new URLSearchParams(pairs).toString();
        const fields = readForm(Buffer.from(text), 100)!;
        const parameters = new URLSearchParams(text);
        expect([...fields.keys()]).toEqual([...new Set(parameters.keys())]);
        for (const [name, values] of fields)
          expect(values.map((value) => value.toString())).toEqual(parameters.getAll(name));
      },
    ),
  );
});

it("keeps octets that are no UTF-8, and escapes that are none", () => {
  expect(read("text=Gr%FC%DFe+%E4&x=%zz%4&=a&b&&c=%")).toEqual([
    ["text", ["Gr\u00fc\u00dfe \u00e4"]],
    ["x", ["%zz%4"]],
    ["", ["a"]],
    ["b", [""]],
    ["c", ["%"]],
  ]);
});

it("reads no more fields than it may", () => {
  expect(readForm(Buffer.from("a=1&b=2&a=3"), 3)?.get("a")?.map(String)).toEqual(["1", "3"]);
  expect(readForm(Buffer.from("a=1&b=2&a=3"), 2)).toBeUndefined();
});

it("takes the query of an address", () => {
  expect(queryOf("/send?a=1&b=%3F?").toString()).toBe("a=1&b=%3F?");
  expect(queryOf("/send").length).toBe(0);
});
