import fc from "fast-check";
import { expect, it } from "vitest";
import { readJsonType } from "../../../../../services/ingest/doors/rest/json-type.ts";

it.each([
  "application/json",
  "APPLICATION/JSON",
  "application/json;",
  "application/json; ;charset=utf-8;",
  "application/json;charset=utf8",
  "application/json; charset=UTF_8",
  'application/json; CHARSET="utf\\-8"',
  "application/problem+json; charset=utf-8",
  "application/json; version=1; indent=4",
])("takes %s", (type) => {
  expect(readJsonType(type).ok).toBe(true);
});

it.each([
  undefined,
  "",
  "json",
  "text/json",
  "application/jsonp",
  "application/+json",
  "application/json, application/json",
  "application/json charset=utf-8",
  "application/json; charset",
  "application/json; charset=",
  'application/json; charset="utf-8',
  "application/json; charset=utf-7",
  "application/json; charset=utf-16le",
  "application/json; charset=utf-32",
  "application/json; charset=latin1",
  "application/json; charset=windows-1252",
  "application/json; charset=gb18030",
  "application/json; charset=shift_jis",
])("refuses %s", (type) => {
  expect(readJsonType(type)).toMatchObject({ ok: false });
});

it("takes any spelling of the charset between any other parameters", () => {
  const blank = fc.stringMatching(/^[ \t]{0,2}$/);
  const name = fc.constantFrom("utf-8", "UTF-8", "Utf8", '"utf-8"', '"UTF8"', "csUTF8");
  const other = fc.constantFrom("", "q=1", 'profile="charset=utf-16; x"', "x-charset=gbk", "v='1'");
  fc.assert(
    fc.property(
      fc.array(other, { maxLength: 3 }),
      name,
      fc.array(other, { maxLength: 3 }),
      blank,
      (before, charset, after, ws) => {
        const parameters = [...before, `charset=${charset}`, ...after];
        const type = ["application/json", ...parameters].join(`${ws};${ws}`);
        expect(readJsonType(type)).toEqual({ ok: true });
        expect(readJsonType(type.replace(charset, "utf-16")).ok).toBe(false);
      },
    ),
  );
});

it("answers for any header, in time that grows with its length only", () => {
  fc.assert(fc.property(fc.string({ maxLength: 60 }), (rest) => void readJsonType(`application/json;${rest}`)));
  for (const piece of [";", '; a="', "; charset=utf-8", "\\", " ", "; a = "])
    expect(readJsonType(`application/json${piece.repeat(3_000)}`)).toBeDefined();
});
