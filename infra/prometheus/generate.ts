/** `make alerts`: writes the rule file, and has promtool check and test it where that is installed. */
import { spawnSync } from "node:child_process";
import { globSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promtool } from "./promtool.ts";
import { ruleFile } from "./rule-file.ts";

const RULES = join(import.meta.dirname, "rules");
const TESTS = join(import.meta.dirname, "tests");

mkdirSync(RULES, { recursive: true });
writeFileSync(join(RULES, "sluice.yml"), ruleFile());
const tool = promtool();
if (tool !== undefined) {
  const run = (...args: string[]) => spawnSync(tool, args, { stdio: "inherit" }).status ?? 1;
  const checked = run("check", "rules", join(RULES, "sluice.yml"));
  const tested = run("test", "rules", ...globSync("*.test.yml", { cwd: TESTS }).map((file) => join(TESTS, file)));
  process.exitCode = checked || tested;
}
