import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { loadCatalog } from "../../../../domain/catalog/load-catalog.ts";
import { openYaml } from "../../../../platform/config/yaml-file.ts";
import { runCli } from "../../../../services/cli/sluice.ts";

const page = readFileSync(resolve(import.meta.dirname, "../../../../docs/stages.md"), "utf8");
const stages = page.split(/^## /m).slice(1);

/** The files as they are after so many stages: each names those that it changes. */
function filesAfter(count: number): Map<string, string> {
  const files = new Map<string, string>();
  for (const stage of stages.slice(0, count)) {
    for (const [, name, text] of stage.matchAll(/```yaml\n# (\S+)\n([\s\S]*?)```/g)) files.set(name!, text!);
    for (const [, text] of stage.matchAll(/```csv\n([\s\S]*?)```/g)) files.set("prices/first.csv", text!);
  }
  return files;
}

function load(files: ReadonlyMap<string, string>) {
  const folder = {
    yaml: (file: string, optional: boolean) => openYaml(file, files.get(file) ?? (optional ? "" : "no such file")),
    octets: (file: string) => Buffer.from(files.get(file)!),
  };
  return loadCatalog(folder, 6, { namedSecretsOnly: true });
}

describe("docs/stages.md", () => {
  test("has its stages", () => expect(stages.length).toBeGreaterThanOrEqual(6));

  test.each(stages.map((stage, index) => [stage.split("\n")[0]!, index + 1]))(
    "the catalog of stage %s is sound",
    (_, n) => {
      const { warnings, providers } = load(filesAfter(n as number));
      expect(warnings).toEqual([]);
      expect(providers.length).toBe(n === 1 ? 1 : 2);
    },
  );

  test("the first catalog is short", () => {
    const lines = [...filesAfter(1).values()].join("").trim().split("\n");
    expect(lines.length).toBeLessThanOrEqual(10);
  });

  test("the key of the page is the one whose hash stands there", () => {
    expect(page).toContain(createHash("sha256").update("a-key-of-your-own").digest("hex"));
  });

  test("every command is one that there is, with options that it has", async () => {
    const lines = [...page.matchAll(/^sluice .*$/gm)].map(([line]) => line.replace(/ +#.*/, ""));
    expect(lines.length).toBeGreaterThan(8);
    for (const line of lines) {
      const [, name] = line.split(" ");
      const help: string[] = [];
      const host = { env: {}, print: (text: string) => void help.push(text), tell: () => {} };
      expect([line, await runCli([name!, "--help"], host)]).toEqual([line, 0]);
      for (const [option] of line.matchAll(/--[a-z-]+/g)) expect(help.join("\n"), line).toContain(option);
    }
  });
});
