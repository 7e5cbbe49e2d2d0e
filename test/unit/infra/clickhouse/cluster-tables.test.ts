import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { clusterFiles, clusterStatements } from "../../../../infra/clickhouse/cluster-tables.ts";

const FOLDER = resolve(import.meta.dirname, "../../../../infra/clickhouse/cluster");
const tables = new Set(["events", "minutes"]);

it("the files for a cluster are what the numbered files make", () => {
  const made = clusterFiles();
  expect(readdirSync(FOLDER).sort()).toEqual(made.map(({ name }) => name));
  for (const { name, sql } of made) expect(readFileSync(join(FOLDER, name), "utf8"), name).toBe(sql);
});

it("a table is replicated on every shard, and a row's shard is its destination's", () => {
  const sql = `CREATE TABLE IF NOT EXISTS events
(
    destination String COMMENT 'x',
    message_id  UUID
)
ENGINE = ReplacingMergeTree(version)
ORDER BY message_id
SETTINGS non_replicated_deduplication_window = 10`;
  const [local, all] = clusterStatements(sql, tables);
  expect(local).toContain("CREATE TABLE IF NOT EXISTS events_local ON CLUSTER '{cluster}'\n");
  expect(local).toContain(
    "ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/events_local', '{replica}', version)",
  );
  expect(local).toContain("SETTINGS replicated_deduplication_window = 10");
  expect(all).toMatch(/^CREATE TABLE IF NOT EXISTS events ON CLUSTER '\{cluster\}' AS events_local\n/);
  expect(all).toContain("Distributed('{cluster}', currentDatabase(), events_local, cityHash64(destination))");
});

it("what fills a table stays on its shard, what is asked asks all", () => {
  const filling = "CREATE MATERIALIZED VIEW IF NOT EXISTS m TO minutes AS\nSELECT 1 FROM events AS e";
  expect(clusterStatements(filling, tables)).toEqual([
    "CREATE MATERIALIZED VIEW IF NOT EXISTS m ON CLUSTER '{cluster}' TO minutes_local AS\nSELECT 1 FROM events_local AS e",
  ]);
  expect(clusterStatements("ALTER TABLE m MODIFY QUERY\nSELECT 2 FROM events AS e", tables)).toEqual([
    "ALTER TABLE m ON CLUSTER '{cluster}' MODIFY QUERY\nSELECT 2 FROM events_local AS e",
  ]);
  const asked = clusterStatements("CREATE OR REPLACE VIEW v AS\nSELECT 1 FROM minutes AS m", tables);
  expect(asked).toEqual(["CREATE OR REPLACE VIEW v ON CLUSTER '{cluster}' AS\nSELECT 1 FROM minutes AS m"]);
});

it("columns change in both tables, indices in one, and nothing is copied", () => {
  const of = (sql: string) => clusterStatements(sql, tables).map((one) => one.split(" ON CLUSTER")[0]);
  expect(of("ALTER TABLE events ADD COLUMN a UInt8 COMMENT 'no INDEX'")).toEqual([
    "ALTER TABLE events_local",
    "ALTER TABLE events",
  ]);
  expect(of("ALTER TABLE events ADD INDEX i a TYPE minmax")).toEqual(["ALTER TABLE events_local"]);
  expect(of("DROP TABLE IF EXISTS events")).toEqual([
    "DROP TABLE IF EXISTS events",
    "DROP TABLE IF EXISTS events_local",
  ]);
  expect(of("INSERT INTO minutes SELECT 1")).toEqual([]);
  expect(of("SELECT throwIf(1)")).toEqual([]);
  expect(of("RENAME TABLE IF EXISTS minutes_from_events TO m")).toEqual([
    "RENAME TABLE IF EXISTS minutes_from_events TO m",
  ]);
  expect(() => of("RENAME TABLE events TO e")).toThrow("no form for a cluster is known");
  expect(() => of("ALTER TABLE events ADD COLUMN a UInt8, ADD INDEX i a TYPE minmax")).toThrow("make it two");
});

it("a new column becomes part of the order where the rows stand", () => {
  const sql = "ALTER TABLE minutes ADD COLUMN IF NOT EXISTS a UInt8 COMMENT 'x',\n    MODIFY ORDER BY (minute, a)";
  expect(clusterStatements(sql, tables)).toEqual([
    "ALTER TABLE minutes_local ON CLUSTER '{cluster}' ADD COLUMN IF NOT EXISTS a UInt8 COMMENT 'x',\n    MODIFY ORDER BY (minute, a)",
    "ALTER TABLE minutes ON CLUSTER '{cluster}' ADD COLUMN IF NOT EXISTS a UInt8 COMMENT 'x'",
  ]);
});

it("a table that is made of an older one's rows begins empty", () => {
  const sql =
    "CREATE OR REPLACE TABLE older\n(\n    n UInt8\n)\nENGINE = AggregatingMergeTree\nORDER BY n\nAS SELECT 1 AS n FROM minutes";
  const [local, all] = clusterStatements(sql, tables);
  expect(local).toMatch(/^CREATE TABLE IF NOT EXISTS older_local ON CLUSTER '\{cluster\}'\n[\s\S]*ORDER BY n$/);
  expect(all).toMatch(/^CREATE TABLE IF NOT EXISTS older ON CLUSTER '\{cluster\}' AS older_local\n/);
});
