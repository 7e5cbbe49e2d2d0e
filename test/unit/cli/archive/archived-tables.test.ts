import { expect, it } from "vitest";
import { mayBeDropped } from "../../../../services/cli/archive/archived-tables.ts";
import { readLifetime } from "../../../../services/cli/archive/side-table.ts";

it("drops no day before thirty days after its end", () => {
  expect(mayBeDropped("2026-10-01", Date.parse("2026-10-31T23:59:59.999Z"))).toBe(false);
  expect(mayBeDropped("2026-10-01", Date.parse("2026-11-01"))).toBe(true);
});

const engine = (ttl: string) =>
  `MergeTree PARTITION BY toYYYYMMDD(at) ORDER BY (at)${ttl} SETTINGS ttl_only_drop_parts = 1`;

it.each([
  ["", undefined],
  [" TTL toDateTime(at) + toIntervalDay(90)", 90],
  [" TTL told_on + toIntervalDay(400)", 400],
])("reads how long a table keeps its rows: %j", (ttl, days) => {
  expect(readLifetime(engine(ttl))?.days).toBe(days);
});

it.each([
  " TTL toDateTime(at) + toIntervalMonth(6)",
  " TTL toDateTime(at) + toIntervalDay(30) TO VOLUME 'cold', toDateTime(at) + toIntervalDay(90)",
  " TTL toDateTime(at) + toIntervalDay(90) WHERE lane = 'otp'",
])("takes what it cannot read for no number of days, and not for ever: %j", (ttl) => {
  expect(readLifetime(engine(ttl))).toEqual({ ttl: ttl.slice(5), days: undefined });
  expect(readLifetime(engine(ttl).split(" SETTINGS")[0]!)).toEqual({ ttl: ttl.slice(5), days: undefined });
});
