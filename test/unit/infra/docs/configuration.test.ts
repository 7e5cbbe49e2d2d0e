import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { configurationPage, knownVariables, variablesModule } from "../../../../infra/docs/configuration.ts";
import { readConfig } from "../../../../platform/config/load-config.ts";
import { KNOWN_VARIABLES } from "../../../../schemas/generated/variables.ts";
import { routerSettings } from "../../../../services/router/router-settings.ts";

const PROJECT = resolve(import.meta.dirname, "../../../..");
const read = (file: string) => readFileSync(join(PROJECT, file), "utf8");

test("the reference and the list of variables are current; if not: npx node infra/docs/generate.ts", () => {
  expect(read("docs/configuration.md")).toBe(configurationPage());
  expect(read("schemas/generated/variables.ts")).toBe(variablesModule());
});

test.each([
  "infra/local/cluster-config.ts",
  "infra/local/sluice-processes.ts",
  "infra/local/compose.ts",
  "docker-compose.yml",
])("every variable of %s is known", (file) => {
  const known = knownVariables();
  const prefixes = known.filter((name) => name.endsWith("*")).map((name) => name.slice(0, -1));
  const used = [...read(file).matchAll(/\bSLUICE_[A-Z_]*[A-Z]\b/g)].map(([name]) => name);
  const unknown = used.filter((name) => !known.includes(name) && !prefixes.some((prefix) => name.startsWith(prefix)));
  // A comment may speak of a whole family: SLUICE_EXTERNAL_…
  expect(unknown.filter((name) => !known.some((other) => other.startsWith(`${name}_`)))).toEqual([]);
});

test("a service takes the variables of the others and names the one that was meant", () => {
  const env = { SLUICE_SINK_MAX_ROWS: "5", SLUICE_PORT_OFFSET: "7", SLUICE_SIMULATOR_NAME: "smsc-a" };
  expect(() => readConfig("router", routerSettings, env, KNOWN_VARIABLES)).not.toThrow();
  expect(() => readConfig("router", routerSettings, { SLUICE_PARTITONS: "12" }, KNOWN_VARIABLES)).toThrow(
    "SLUICE_PARTITONS is not a known variable; did you mean SLUICE_PARTITIONS?",
  );
});
