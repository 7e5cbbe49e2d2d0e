import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import {
  type ConfigProcess,
  configReference,
  loadConfig,
  readConfig,
} from "../../../../platform/config/load-config.ts";
import { port, secret, text } from "../../../../platform/config/settings.ts";

const schema = z.object({ routesFile: text().describe("Routes"), apiSecret: secret().optional() });

class Exit extends Error {}

function run(
  env: Record<string, string>,
  args: string[] = [],
  used: z.ZodObject = schema,
  check?: () => readonly string[],
) {
  const seen = { out: "", err: "", code: undefined as number | undefined, config: undefined as unknown };
  const process: ConfigProcess = {
    env,
    args,
    stdout: (text) => {
      seen.out += text;
    },
    stderr: (text) => {
      seen.err += text;
    },
    exit: (code) => {
      seen.code = code;
      throw new Exit();
    },
  };
  try {
    seen.config = loadConfig("router", used, {
      purpose: "Chooses.",
      process,
      ...(check === undefined ? {} : { check }),
    });
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
  }
  return seen;
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-config-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("a service gets its own settings and the platform's", () => {
  expect(
    run({ SLUICE_ROUTES_FILE: "r.yaml", SLUICE_LOG_LEVEL: "warn", SLUICE_EXIT_WITH_PARENT: "1" }).config,
  ).toMatchObject({
    routesFile: "r.yaml",
    logLevel: "warn",
    exitWithParent: true,
    adminPort: 0,
    shutdownDeadline: 10_000,
  });
});

test("a service may replace a setting of the platform", () => {
  const own = z.object({ adminPort: port().default(9_100).describe("Mine") });
  expect(run({}, [], own).config).toMatchObject({ adminPort: 9_100, logLevel: "info" });
  expect(configReference(own).match(/SLUICE_ADMIN_PORT/g)).toHaveLength(1);
});

test("an invalid configuration is printed in full and exits with 78", () => {
  const { err, code, config } = run({ SLUICE_LOG_LEVEL: "loud", SLUICE_ADMIN_PORT: "x" });
  expect({ code, config }).toEqual({ code: 78, config: undefined });
  expect(err.split("\n").map((line) => line.trim().split(/[ =]/)[0])).toEqual([
    "router:",
    "SLUICE_ROUTES_FILE",
    "SLUICE_LOG_LEVEL",
    "SLUICE_ADMIN_PORT",
    "",
  ]);
});

test("--check validates and exits, --help explains and validates nothing", () => {
  expect(run({ SLUICE_ROUTES_FILE: "r" }, ["--check"])).toMatchObject({ code: 0, config: undefined });
  expect(run({}, ["--check"]).code).toBe(78);
  const help = run({}, ["--help"]);
  expect(help.code).toBe(0);
  for (const part of [
    "router: Chooses.",
    "SLUICE_ROUTES_FILE  (text, required)",
    "SLUICE_API_SECRET_FILE",
    "SLUICE_LOG_LEVEL",
  ]) {
    expect(help.out).toContain(part);
  }
});

test("values are read from the YAML file, and secrets from theirs", () => {
  const yaml = join(folder, "router.yaml");
  const key = join(folder, "key");
  writeFileSync(yaml, "routesFile: from-file.yaml\nlogLevel: debug\n");
  writeFileSync(key, "hunter2\n");
  const env = { SLUICE_CONFIG_FILE: yaml, SLUICE_API_SECRET_FILE: key };
  const config = readConfig("router", schema, env);
  expect(config).toMatchObject({ routesFile: "from-file.yaml", logLevel: "debug" });
  expect(config.apiSecret?.reveal()).toBe("hunter2");
});

test("a missing or broken YAML file stops the start with its name", () => {
  expect(run({ SLUICE_CONFIG_FILE: join(folder, "none.yaml") })).toMatchObject({ code: 78 });
  const broken = join(folder, "broken.yaml");
  writeFileSync(broken, "a: [1\nb: 2\n");
  expect(run({ SLUICE_CONFIG_FILE: broken }).err).toMatch(/broken\.yaml.*line \d/s);
});

test("a secret file of absurd size is refused", () => {
  const big = join(folder, "big");
  writeFileSync(big, "x".repeat(70_000));
  expect(run({ SLUICE_ROUTES_FILE: "r", SLUICE_API_SECRET_FILE: big }).err).toContain("70000 bytes");
});

test("the reference is the same for every process", () => {
  expect(configReference(schema)).toContain("| `SLUICE_INSTANCE` | text | <host>-<pid> |");
  expect(configReference(schema)).not.toContain(String(process.pid));
});

test("--check reads what the start would read, and tells its warnings and its problems; a start does so itself", () => {
  const env = { SLUICE_ROUTES_FILE: "r.yaml" };
  expect(run(env, ["--check"], schema, () => ["routes: there is none"])).toMatchObject({
    code: 0,
    err: "router: warning: routes: there is none\n",
    out: "router: the configuration is valid\n",
  });
  const broken = () => {
    throw new Error("The catalog has 1 problem");
  };
  expect(run(env, ["--check"], schema, broken)).toMatchObject({
    code: 78,
    err: "The catalog has 1 problem\n",
    out: "",
  });
  expect(run(env, [], schema, broken)).toMatchObject({ code: undefined, config: { routesFile: "r.yaml" } });
});
