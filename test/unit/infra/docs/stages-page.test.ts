import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { loadCatalog } from "../../../../domain/catalog/load-catalog.ts";
import { readClusterConfig } from "../../../../infra/local/cluster-config.ts";
import { clusterProcesses } from "../../../../infra/local/processes.ts";
import { openYaml } from "../../../../platform/config/yaml-file.ts";
import { runCli } from "../../../../services/cli/sluice.ts";
import { argumentsOf, commandsOf, filesAfter, placed, stagesOf, writeStep } from "../../../fixture/stages-page.ts";

const stages = stagesOf();
const commands = stages.flatMap(commandsOf);

function load(files: ReadonlyMap<string, string>) {
  const folder = {
    yaml: (file: string, optional: boolean) => openYaml(file, files.get(file) ?? (optional ? "" : "no such file")),
    octets: (file: string) => Buffer.from(files.get(file)!),
  };
  return loadCatalog(folder, 6, { namedSecretsOnly: true });
}

/** Runs a line of the page as its reader does, in their folder: what it printed, and its exit code. There is no cluster. */
async function sluice(line: string): Promise<{ code: number; out: string }> {
  const out: string[] = [];
  const env = { SLUICE_KAFKA_BROKERS: "127.0.0.1:9", SLUICE_REGISTRY_URL: "http://127.0.0.1:9" };
  const code = await runCli(argumentsOf(line), {
    env,
    print: (text) => void out.push(text),
    tell: (text) => void out.push(text),
  });
  return { code, out: out.join("\n") };
}

describe("docs/stages.md", () => {
  test("has its stages", () => expect(stages.length).toBeGreaterThanOrEqual(6));

  test.each(stages.map(({ title }, index) => [title, index + 1] as const))(
    "the catalog of stage %s is sound",
    (_, n) => {
      const { warnings, providers } = load(filesAfter(stages, n));
      expect(warnings).toEqual([]);
      expect(providers.length).toBe(n === 1 ? 1 : 2);
    },
  );

  test("the first catalog is short", () => {
    const lines = [...filesAfter(stages, 1).values()].join("").trim().split("\n");
    expect(lines.length).toBeLessThanOrEqual(10);
  });

  test("the key of the page is the one whose hash stands there", () => {
    const hash = createHash("sha256").update("a-key-of-your-own").digest("hex");
    expect(filesAfter(stages, 1).get("accounts.yaml")).toContain(hash);
  });

  test("every command is one that there is, with options that it has", async () => {
    const lines = commands.filter((line) => line.startsWith("sluice ")).map((line) => line.replace(/ +#.*/, ""));
    expect(lines.length).toBeGreaterThan(8);
    for (const line of lines) {
      const [, name] = line.split(" ");
      const help: string[] = [];
      const host = { env: {}, print: (text: string) => void help.push(text), tell: () => {} };
      expect([line, await runCli([name!, "--help"], host)]).toEqual([line, 0]);
      for (const [option] of line.matchAll(/--[a-z-]+/g)) expect(help.join("\n"), line).toContain(option);
    }
    for (const line of commands) expect(line).toMatch(/^(sluice|make|mkdir|printf|curl|npm run -s cluster --) /);
  });

  test("what it has a cluster do, the local cluster does", () => {
    const makefile = readFileSync(resolve(import.meta.dirname, "../../../../Makefile"), "utf8");
    const targets = commands.flatMap((line) => /^make (\S+)/.exec(line)?.[1] ?? []);
    expect(targets).toEqual(["up", "status"]);
    for (const target of targets) expect(makefile).toMatch(new RegExp(`^${target}:`, "m"));
    const scaled = commands.flatMap((line) => /-- scale (\S+) \d+( +#.*)?$/.exec(line)?.[1] ?? []);
    expect(scaled).toEqual(["router", "sender"]);
    const names = clusterProcesses(readClusterConfig({}, resolve(import.meta.dirname, "../../../.."))).map(({ name }) =>
      name.replace(/-\d+$/, ""),
    );
    for (const name of scaled) expect(names).toContain(name);
  });

  describe("its steps, in a folder of their own", () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-stages-"));
    const here = (text: string) => placed(text, { folder, portOffset: 0 });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    test.each(stages.map((stage) => [stage.title, stage] as const))("%s", async (_, stage) => {
      for (const step of stage.steps) {
        if (step.kind === "file") {
          writeStep(step, { folder, portOffset: 0 });
          continue;
        }
        const plain = here(step.text)
          .split("\n")
          .filter((line) => /^(mkdir|printf) /.test(line));
        execFileSync("sh", ["-ec", plain.join("\n")]);
      }
      const own = commandsOf(stage).map(here);
      for (const line of own.filter((one) => one.startsWith("sluice prices"))) {
        const { code, out } = await sluice(line);
        expect([code, out], line).toEqual([0, expect.stringMatching(/\d+ rows, in EUR[\s\S]*DE, FR/)]);
      }
      // By the files as they are now: there is no catalog at work.
      const explained = own.filter((one) => one.startsWith("sluice explain"));
      const answers = explained.map((line) =>
        sluice(line.includes("--files") ? line : line.replace(/( +#|$)/, ` --files ${folder}$1`)),
      );
      for (const [n, { code, out }] of (await Promise.all(answers)).entries()) {
        expect([code, out], explained[n]).toEqual([0, expect.stringContaining("chosen")]);
        const [, promised] = /# (goes out as \+\d+)/.exec(explained[n]!) ?? [];
        if (promised !== undefined) expect(out).toContain(promised);
      }
      for (const [, secret] of here(filesAfter(stages, stages.length).get("providers.yaml")!).matchAll(
        /file: (\S+secret)/g,
      ))
        if (stages.indexOf(stage) > 0) expect(existsSync(secret!), secret).toBe(true);
    });
  });
});
