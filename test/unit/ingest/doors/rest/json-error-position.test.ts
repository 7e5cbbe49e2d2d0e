import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { locateJsonError } from "../../../../../services/ingest/doors/rest/json-error-position.ts";

const isJson = (text: string) => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe("locateJsonError", () => {
  it.each([
    ["", 0],
    ["{", 1],
    ['{"a"}', 4],
    ['{"a":1,}', 7],
    ["[1 2]", 3],
    ["nul", 0],
    ["01", 1],
    ["-", 0],
    ['"a\nb"', 2],
    ['"\\x"', 1],
    ["{'a':1}", 1],
    ["[]]", 2],
    ['{"a":undefined}', 5],
  ])("finds the error of %j", (text, position) => {
    expect(isJson(text)).toBe(false);
    expect(locateJsonError(text)?.position).toBe(position);
  });

  it("agrees with JSON.parse on what is valid, for any JSON with anything put in or cut out", () => {
    const damage = fc.record({
      at: fc.nat(),
      cut: fc.nat({ max: 3 }),
      put: fc.string({ unit: "binary", maxLength: 2 }),
    });
    fc.assert(
      fc.property(fc.json(), fc.option(damage), fc.boolean(), (json, harm, spaced) => {
        const source = spaced ? JSON.stringify(JSON.parse(json), undefined, 1) : json;
        const at = harm === null ? 0 : harm.at % (source.length + 1);
        const text = harm === null ? source : source.slice(0, at) + harm.put + source.slice(at + harm.cut);
        const found = locateJsonError(text);
        expect(found === undefined).toBe(isJson(text));
        // What stands before the damage was right and stays so, unless a number or word was cut short.
        if (found !== undefined && harm !== null) expect(found.position).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 2_000 },
    );
  });

  it("counts lines and columns from 1", () => {
    expect(locateJsonError('{\n "a": 1,\n "b": x}')).toEqual({ position: 17, line: 3, column: 7 });
  });

  it("stands deep nesting and long strings", () => {
    expect(locateJsonError("[".repeat(1_000_000))?.position).toBe(1_000_000);
    expect(locateJsonError(`"${"\\n".repeat(1_000_000)}`)?.position).toBe(2_000_001);
  });
});

it("counts lines without taking the text apart: a body may be sixteen million of them", () => {
  const lines = 16 * 1024 * 1024;
  const text = `${"\n".repeat(lines)}x`;
  // Joins its halves.
  text.indexOf("x");
  const before = process.memoryUsage().heapUsed;
  expect(locateJsonError(text)).toEqual({ position: lines, line: lines + 1, column: 1 });
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(64 * 1024 * 1024);
});
