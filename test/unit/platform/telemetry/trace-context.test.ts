import fc from "fast-check";
import { expect, test } from "vitest";
import { extractTrace, formatTraceparent, parseTraceparent } from "../../../../platform/telemetry/trace-context.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";
const VALID = `00-${TRACE}-${SPAN}-01`;

test("a valid traceparent is read", () => {
  expect(parseTraceparent(VALID)).toEqual({ traceId: TRACE, spanId: SPAN, sampled: true });
  expect(parseTraceparent(`00-${TRACE}-${SPAN}-00`)?.sampled).toBe(false);
  expect(parseTraceparent(`00-${TRACE}-${SPAN}-03`)?.sampled).toBe(true);
  expect(parseTraceparent(`01-${TRACE}-${SPAN}-01-more`)?.traceId).toBe(TRACE);
});

test.each([
  "",
  "00",
  `ff-${TRACE}-${SPAN}-01`,
  `00-${"0".repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${"0".repeat(16)}-01`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}-01-more`,
  `00-${TRACE}-${SPAN}-0`,
  `00-${TRACE.slice(1)}-${SPAN}-01`,
])("%j is ignored", (value) => {
  expect(parseTraceparent(value)).toBeUndefined();
});

test("what is written is read back, and any text is read without a throw", () => {
  const hex = (length: number) =>
    fc
      .array(fc.constantFrom(..."0123456789abcdef"), { minLength: length, maxLength: length })
      .map((digits) => `${digits.slice(1).join("")}1`);
  fc.assert(
    fc.property(hex(32), hex(16), fc.boolean(), fc.string(), (traceId, spanId, sampled, text) => {
      expect(parseTraceparent(formatTraceparent({ traceId, spanId, sampled }))).toEqual({ traceId, spanId, sampled });
      parseTraceparent(text);
    }),
  );
});

test("headers may hold text, bytes, or several of them", () => {
  const expected = { traceId: TRACE, spanId: SPAN, sampled: true };
  expect(extractTrace({ traceparent: VALID })).toEqual(expected);
  expect(extractTrace({ traceparent: Buffer.from(VALID) })).toEqual(expected);
  expect(extractTrace({ traceparent: [Buffer.from(VALID), "x"] })).toEqual(expected);
  expect(extractTrace({ traceparent: [] })).toBeUndefined();
});

test("what is not sampled is no trace", () => {
  expect(extractTrace(undefined)).toBeUndefined();
  expect(extractTrace({ other: "x" })).toBeUndefined();
  expect(extractTrace({ traceparent: `00-${TRACE}-${SPAN}-00` })).toBeUndefined();
});
