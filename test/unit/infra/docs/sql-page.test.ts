import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { questions } from "../../../../infra/clickhouse/questions.ts";
import { sqlPage } from "../../../../infra/docs/sql-page.ts";

const PROJECT = resolve(import.meta.dirname, "../../../..");
const page = readFileSync(resolve(PROJECT, "docs/sql.md"), "utf8");

test("docs/sql.md is current; if not: npx node infra/docs/generate.ts", () => {
  expect(page).toBe(sqlPage());
});

test("it shows exactly the queries of the folder, word for word", () => {
  const shown = [...page.matchAll(/^### (\S+)\n[\s\S]*?```sql\n([\s\S]*?)\n```$/gm)].map(([, name, sql]) => [
    name,
    sql,
  ]);
  const files = readdirSync(resolve(PROJECT, "infra/clickhouse/queries")).map((file) => file.replace(/\.sql$/, ""));
  expect(shown.map(([name]) => name).sort()).toEqual(files.sort());
  for (const { name, sql } of questions()) expect(shown).toContainEqual([name, sql]);
});

test("a query that stands in no group, or reads what is not explained, is an error", () => {
  const [first, ...others] = questions();
  const stray = { ...first!, name: "stray" };
  expect(() => sqlPage([...others, first!, stray])).toThrow("in no group: stray");
  expect(() => sqlPage([...others, { ...first!, sql: "SELECT * FROM elsewhere" }])).toThrow("reads elsewhere");
});
