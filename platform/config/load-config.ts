import { readFileSync, statSync } from "node:fs";
import type { z } from "zod";
import { errorMessage, SluiceError } from "../errors/sluice-error.ts";
import { type ConfigRow, describeConfig } from "./config-schema.ts";
import { type ConfigProblem, type ConfigSources, type DeepReadonly, parseConfig } from "./parse-config.ts";
import { type PlatformConfig, platformSettings } from "./platform-settings.ts";
import { loadYamlFile } from "./yaml-file.ts";

/** Names a YAML file with the same keys as the schema; the environment wins over it. */
export const CONFIG_FILE_VARIABLE = "SLUICE_CONFIG_FILE";

/** `EX_CONFIG` of sysexits.h: a supervisor can tell "will never start like this" from a crash. */
export const EXIT_CONFIG_INVALID = 78;

/** A secret longer than this is a wrong file, not a secret. */
const MAX_SECRET_BYTES = 65_536;

/** A service's own settings and those that every service has. */
export type ServiceConfig<Schema extends z.ZodObject> = DeepReadonly<z.output<Schema>> & PlatformConfig;

export interface LoadOptions<Config = never> {
  /** One or two sentences for `--help`: what the service does. */
  readonly purpose?: string;
  /** Variables of other services, so that one environment can serve all; a trailing `*` stands for any ending. */
  readonly knownKeys?: readonly string[];
  /**
   * For `--check`: what the start reads beside the settings, such as the catalog. Gives warnings, a line each.
   * @throws what makes the start impossible
   */
  readonly check?: (config: Config) => readonly string[];
  /** The process, replaced in tests. */
  readonly process?: ConfigProcess;
}

/** What loading needs from the process. */
export interface ConfigProcess {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Arguments after the script's name. */
  readonly args: readonly string[];
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly exit: (code: number) => never;
}

/**
 * Reads, checks and freezes a service's configuration; the first thing a `main.ts` does. `--help` prints the purpose
 * and every variable, `--check` validates only, the files that are named too; both exit. Anything invalid is printed in full and exits with 78.
 */
export function loadConfig<Schema extends z.ZodObject>(
  service: string,
  schema: Schema,
  options: LoadOptions<ServiceConfig<Schema>> = {},
): ServiceConfig<Schema> {
  const host = options.process ?? currentProcess();
  if (host.args.includes("--help") || host.args.includes("-h")) {
    host.stdout(
      helpText(service, options.purpose, [...describeConfig(schema), ...describeConfig(platformOnly(schema))]),
    );
    return host.exit(0);
  }
  try {
    const config = readConfig(service, schema, host.env, options.knownKeys);
    if (!host.args.includes("--check")) return config;
    for (const warning of options.check?.(config) ?? []) host.stderr(`${service}: warning: ${warning}\n`);
  } catch (error) {
    host.stderr(`${errorMessage(error)}\n`);
    return host.exit(EXIT_CONFIG_INVALID);
  }
  host.stdout(`${service}: the configuration is valid\n`);
  return host.exit(0);
}

/**
 * As {@link loadConfig}, for programs that are not services and for tests: throws instead of exiting.
 * @throws SluiceError `CONFIG_INVALID` listing every problem at once.
 */
export function readConfig<Schema extends z.ZodObject>(
  service: string,
  schema: Schema,
  env: ConfigSources["env"],
  knownKeys: readonly string[] = [],
): ServiceConfig<Schema> {
  const path = env[CONFIG_FILE_VARIABLE] || undefined;
  const result = parseConfig([platformOnly(schema), schema], {
    env,
    file: path === undefined ? undefined : loadYamlFile(path, (value) => value),
    knownKeys: [CONFIG_FILE_VARIABLE, ...knownKeys],
    readSecretFile,
  });
  if (!result.ok) {
    throw new SluiceError(problemText(service, result.failure), { code: "CONFIG_INVALID" });
  }
  return result.value as ServiceConfig<Schema>;
}

/** The whole reference of one service as a Markdown table. `ownOnly`: of a program that is no service, and has not what all of them have. */
export function configReference(schema: z.ZodObject, ownOnly = false): string {
  const rows = [...describeConfig(schema), ...(ownOnly ? [] : describeConfig(platformOnly(schema)))];
  const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
  const lines = rows.map(
    (row) => `| \`${row.name}\` | ${cell(row.type)} | ${cell(row.default)} | ${cell(row.description)} |`,
  );
  return ["| variable | type | default | meaning |", "|---|---|---|---|", ...lines, ""].join("\n");
}

/** The settings of the platform that the service has not replaced by its own. */
function platformOnly(schema: z.ZodObject): z.ZodObject {
  const replaced = Object.keys(platformSettings.shape).filter((key) => key in schema.shape);
  return platformSettings.omit(Object.fromEntries(replaced.map((key) => [key, true])) as Record<never, true>);
}

function problemText(service: string, problems: readonly ConfigProblem[]): string {
  const lines = problems.map(({ name, value, reason }) =>
    value === undefined ? `  ${name} ${reason}` : `  ${name}=${JSON.stringify(value)} ${reason}`,
  );
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return `${service}: ${count} in the configuration; --help lists what is allowed\n${lines.join("\n")}`;
}

function helpText(service: string, purpose: string | undefined, rows: readonly ConfigRow[]): string {
  const entries = rows.map((row) => {
    const fallback = row.default === "" || row.default === "required" ? row.default : `default ${row.default}`;
    const facts = [row.type, fallback].filter((fact) => fact !== "").join(", ");
    return `  ${row.name}  (${facts})\n${row.description === "" ? "" : `      ${row.description}\n`}`;
  });
  const head = purpose === undefined ? service : `${service}: ${purpose}`;
  const flags = "Options:\n  --help   print this\n  --check  validate the configuration and what it names, and exit\n";
  const file = `\nAll of it can also stand in a YAML file named by ${CONFIG_FILE_VARIABLE}.\n`;
  return `${head}\n\n${flags}\nEnvironment:\n${entries.join("")}${file}`;
}

function readSecretFile(path: string): string {
  const size = statSync(path).size;
  if (size > MAX_SECRET_BYTES) {
    throw new SluiceError(`${size} bytes, more than the ${MAX_SECRET_BYTES} a secret may have`, {
      code: "CONFIG_INVALID",
    });
  }
  return readFileSync(path, "utf8");
}

function currentProcess(): ConfigProcess {
  return {
    env: process.env,
    args: process.argv.slice(2),
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    exit: (code) => process.exit(code),
  };
}
