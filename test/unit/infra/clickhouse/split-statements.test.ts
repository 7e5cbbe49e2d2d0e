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
  // A row of deliveries or recipients that is filled in twice says the same (005-deliveries.sql), and so does one of message_keys, or of what is owed.
  const folder = join(import.meta.dirname, "../../../../infra/clickhouse");
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".sql")))
    for (const statement of splitStatements(readFileSync(join(folder, name), "utf8")))
      expect(statement).toMatch(
        /^(CREATE (TABLE|MATERIALIZED VIEW) IF NOT EXISTS|CREATE OR REPLACE (VIEW|TABLE)|ALTER TABLE|INSERT INTO (deliveries|recipients|message_keys)|INSERT INTO minutes \([\w, ]+, summed, owed\)|DROP (VIEW|TABLE) IF EXISTS|SELECT)\s/,
      );
});
