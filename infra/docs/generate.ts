/**
 * `node infra/docs/generate.ts` writes docs/configuration.md, docs/sql.md, the list of known variables and the containers' providers; --check
 * only compares.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { containerProviders } from "../docker/container-providers.ts";
import { configurationPage, variablesModule } from "./configuration.ts";
import { sqlPage } from "./sql-page.ts";

const PROJECT = resolve(import.meta.dirname, "../..");
const wanted = {
  "docs/configuration.md": configurationPage(),
  "docs/sql.md": sqlPage(),
  "schemas/generated/variables.ts": variablesModule(),
  "infra/docker/providers.yaml": containerProviders(
    readFileSync(join(PROJECT, "infra/local/catalog/providers.yaml"), "utf8"),
  ),
};

for (const [file, text] of Object.entries(wanted)) {
  const path = join(PROJECT, file);
  const current = existsSync(path) && readFileSync(path, "utf8") === text;
  if (current) console.log(`${file} is current`);
  else if (process.argv.includes("--check")) {
    console.error(`${file} is not current; run: npx node infra/docs/generate.ts`);
    process.exitCode = 1;
  } else {
    writeFileSync(path, text);
    console.log(`${file} written`);
  }
}
