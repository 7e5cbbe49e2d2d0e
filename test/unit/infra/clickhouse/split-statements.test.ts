import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { splitStatements } from "../../../../infra/clickhouse/migrate.ts";

it("splits at semicolons that end a line, and leaves comments out", () => {
  expect(splitStatements("-- a; b\nSELECT ';'\n, 1;\n\n  -- c\nSELECT 2;  \n")).toEqual([
    "SELECT ';'\n, 1",
    "SELECT 2",
  ]);
});

it("finds only statements that may be repeated in the migrations", () => {
  // A row of deliveries or recipients that is filled in twice says the same (005-deliveries.sql), and so does one of message_keys or account_messages, or of what is owed.
  const folder = join(import.meta.dirname, "../../../../infra/clickhouse");
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".sql")))
    for (const statement of splitStatements(readFileSync(join(folder, name), "utf8")))
      expect(statement).toMatch(
        /^(CREATE (TABLE|MATERIALIZED VIEW) IF NOT EXISTS|CREATE OR REPLACE (VIEW|TABLE)|ALTER TABLE|INSERT INTO (deliveries|recipients|message_keys|account_messages)|INSERT INTO minutes \([\w, ]+, summed, owed\)|DROP (VIEW|TABLE) IF EXISTS|RENAME TABLE (IF EXISTS )?\w+_from_\w+|SELECT)\s/,
      );
});

it("renames each view after its query was changed: only then it has the name that lasts (025-names-of-blocks.sql)", () => {
  const folder = join(import.meta.dirname, "../../../../infra/clickhouse");
  const named = new Map<string, boolean>();
  for (const name of readdirSync(folder)
    .filter((file) => file.endsWith(".sql"))
    .sort())
    for (const statement of splitStatements(readFileSync(join(folder, name), "utf8"))) {
      const changed = /^ALTER TABLE (\w+)\s+MODIFY QUERY/.exec(statement)?.[1];
      const gone = /^DROP (?:VIEW|TABLE) IF EXISTS (\w+)/.exec(statement)?.[1];
      const renamed = /^RENAME TABLE (\w+) TO (\w+), \2 TO \1$/.exec(statement)?.[1];
      if (changed !== undefined) named.set(changed, false);
      if (gone !== undefined) named.delete(gone);
      if (renamed !== undefined) named.set(renamed, true);
    }
  expect([...named].filter(([, lasting]) => !lasting)).toEqual([]);
  expect(named.size).toBeGreaterThan(0);
});
