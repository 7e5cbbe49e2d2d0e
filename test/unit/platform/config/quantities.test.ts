import fc from "fast-check";
import { expect, test } from "vitest";
import { formatBytes, formatDuration, parseBytes, parseDuration } from "../../../../platform/config/quantities.ts";

test.each([
  ["250ms", 250],
  ["5s", 5_000],
  ["1.5h", 5_400_000],
  ["1h30m", 5_400_000],
  ["2d", 172_800_000],
  [" 10 S ".replaceAll(" ", ""), 10_000],
  ["0", 0],
])("the duration %s is %d ms", (text, expected) => {
  expect(parseDuration(text)).toBe(expected);
});

test.each(["", "5", "5 s", "-5s", "s", "5sec", "1e3s", "5s!", "999999999999999d"])("%j is no duration", (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test.each([
  ["512", 512],
  ["64KiB", 65_536],
  ["64 kb", 64_000],
  ["1.5MB", 1_500_000],
  ["2GiB", 2_147_483_648],
])("the size %s is %d bytes", (text, expected) => {
  expect(parseBytes(text)).toBe(expected);
});

test.each(["", "-1", "1TB", "KiB", "1e3", "12 34"])("%j is no size", (text) => {
  expect(parseBytes(text)).toBeUndefined();
});

test("what is written is read back as the same value", () => {
  fc.assert(
    fc.property(fc.nat(10_000_000_000), (value) => {
      expect(parseDuration(formatDuration(value))).toBe(value);
      expect(parseBytes(formatBytes(value))).toBe(value);
    }),
  );
});
