/**
 * `node infra/docs/generate.ts` writes docs/configuration.md, docs/sql.md with its pictures, the list of known variables, the containers' providers and the
 * tables for a ClickHouse cluster; --check only compares.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { clusterFiles } from "../clickhouse/cluster-tables.ts";
import { containerProviders } from "../docker/container-providers.ts";
import { configurationPage, variablesModule } from "./configuration.ts";
import { sqlPage } from "./sql-page.ts";
import { sqlPictures } from "./sql-pictures.ts";

const PROJECT = resolve(import.meta.dirname, "../..");
const wanted: Record<string, string> = {
  "docs/configuration.md": configurationPage(),
  "docs/sql.md": sqlPage(),
  ...Object.fromEntries(Object.values(sqlPictures()).map(({ file, svg }) => [`docs/${file}`, svg])),
  "schemas/generated/variables.ts": variablesModule(),
  "infra/docker/providers.yaml": containerProviders(
    readFileSync(join(PROJECT, "infra/local/catalog/providers.yaml"), "utf8"),
  ),
  ...Object.fromEntries(clusterFiles().map(({ name, sql }) => [`infra/clickhouse/cluster/${name}`, sql])),
};

for (const [file, text] of Object.entries(wanted)) {
  const path = join(PROJECT, file);
  const current = existsSync(path) && readFileSync(path, "utf8") === text;
  if (current) console.log(`${file} is current`);
  else if (process.argv.includes("--check")) {
    console.error(`${file} is not current; run: npx node infra/docs/generate.ts`);
    process.exitCode = 1;
  } else {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    console.log(`${file} written`);
  }
}
