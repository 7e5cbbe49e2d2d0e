import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { splitStatements } from "../../../../infra/clickhouse/migrate.ts";
import { ARCHIVED_TABLES, mayBeDropped } from "../../../../services/cli/archive/archived-tables.ts";
import { readLifetime } from "../../../../services/cli/archive/side-table.ts";
import { contentOf, copyLacking, type Database } from "../../../../services/cli/archive/table-content.ts";

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

/** What the migrations say of a table's columns. */
function written(table: string): string {
  const folder = join(import.meta.dirname, "../../../../infra/clickhouse");
  const statements = readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .flatMap((name) => splitStatements(readFileSync(join(folder, name), "utf8")));
  return statements
    .filter((one) => new RegExp(`^(CREATE TABLE IF NOT EXISTS|ALTER TABLE) ${table}\\s`).test(one))
    .join("\n");
}

it.each(ARCHIVED_TABLES.map(({ name }) => name))(
  "%s has no type of which no test has seen that an archive gives it back",
  (table) => {
    const types = written(table).replace(/'(?:[^'\\]|\\.|'')*'/g, (text) => (text === "'UTC'" ? text : "''"));
    expect(types).toMatch(/CREATE TABLE/);
    // A time's unit, and names or numbers of an Enum, are what Parquet's writers and readers have to agree on.
    expect([...types.matchAll(/DateTime64\((\d)/g)].map(([, digits]) => digits)).toContain("3");
    expect(types).not.toMatch(/DateTime64\([^3]|\bEnum(8|16)?\(|\b(Dynamic|Variant|JSON|AggregateFunction)\(/);
  },
);

it("counts, sums up and compares all columns of a row", async () => {
  const columns = ["at", "type", "cost"].map((name) => ({ name, type: "String" }));
  const asked: string[] = [];
  const database = {
    query: async ({ query }: { query: string }) => {
      asked.push(query);
      return { json: async () => [{ rows: "7", checksum: "18446744073709551615" }] };
    },
    command: async ({ query }: { query: string }) => void asked.push(query),
  } as unknown as Database;
  const [events] = ARCHIVED_TABLES;
  const found = await contentOf(database, events!, "2026-10-01", columns);
  expect(found).toEqual({ rows: 7, checksum: 2n ** 64n - 1n });
  await copyLacking(database, events!, "2026-10-01", columns, { from: "a", to: "b", lackedBy: "c" });
  const hashes = asked.flatMap((query) =>
    [...query.matchAll(/formatRow\('RowBinary', ([^)]*)\)/g)].map(([, names]) => names),
  );
  expect(hashes).toEqual(Array(3).fill("at, type, cost"));
});
