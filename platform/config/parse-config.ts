import type { z } from "zod";
import { fail, type Result, succeed } from "../errors/result.ts";
import { ENV_PREFIX, environmentName, listSettings, type Setting } from "./config-schema.ts";
import { didYouMean } from "./did-you-mean.ts";
import type { Secret } from "./secret.ts";
import { serviceLinks } from "./service-links.ts";

/** One thing wrong with the configuration, ready to be printed. */
export interface ConfigProblem {
  /** The environment variable, or the key in the file. */
  readonly name: string;
  /** The offending value as text; absent for secrets, for missing values and for unknown keys. */
  readonly value?: string;
  /** What is wrong and what is allowed. */
  readonly reason: string;
}

/** Where the values come from. All of it is data, so that parsing stays pure. */
export interface ConfigSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The parsed YAML file, if one is used; the environment wins over it. */
  readonly file?: unknown;
  /** Names that other services understand; a trailing `*` stands for any ending. They are ignored here. */
  readonly knownKeys?: readonly string[];
  /** Reads the file behind a `<NAME>_FILE` variable; throws when it cannot. */
  readonly readSecretFile: (path: string) => string;
}

/** All of it read-only, all the way down. */
export type DeepReadonly<T> = T extends Secret | ((...args: never) => unknown)
  ? T
  : T extends readonly (infer Item)[]
    ? readonly DeepReadonly<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
      : T;

/** Parses several schemas against the same sources into one frozen object, or lists every problem found at once. */
export function parseConfig(
  schemas: readonly z.ZodObject[],
  given: ConfigSources,
): Result<Readonly<Record<string, unknown>>, readonly ConfigProblem[]> {
  const settings = schemas.flatMap((schema) => listSettings(schema));
  const sources = { ...given, env: withoutServiceLinks(given.env, namesOf(settings)) };
  const problems: ConfigProblem[] = [];
  const raw: Record<string, unknown> = {};
  const broken = new Set<string>();

  for (const setting of settings) {
    const found = rawValue(setting, sources);
    if (found.problem !== undefined || (found.value === undefined && setting.required)) {
      problems.push(found.problem ?? { name: setting.name, reason: missing(setting) });
      broken.add(setting.path.join("."));
    } else {
      // Groups must exist even when nothing in them is set, or zod would miss their defaults.
      put(raw, setting.path, found.value);
    }
  }

  const config: Record<string, unknown> = {};
  for (const schema of schemas) {
    const parsed = schema.safeParse(raw);
    if (parsed.success) Object.assign(config, parsed.data);
    else problems.push(...schemaProblems(parsed.error.issues, settings, raw, broken));
  }
  problems.push(...unknownVariables(settings, sources), ...unknownFileKeys(settings, sources.file));
  const distinct = [...new Map(problems.map((problem) => [`${problem.name}\0${problem.reason}`, problem])).values()];
  return distinct.length > 0 ? fail(distinct) : succeed(deepFreeze(config));
}

function missing(setting: Setting): string {
  const what = setting.allowed === "" ? "" : `: must be ${setting.allowed}`;
  return `is required and not set${what}${setting.description === "" ? "" : ` (${setting.description})`}`;
}

function rawValue(setting: Setting, sources: ConfigSources): { value?: unknown; problem?: ConfigProblem } {
  // Empty means unset: Compose and shells pass `X=` for variables nobody has filled in.
  const direct = sources.env[setting.name] || undefined;
  const fileName = `${setting.name}_FILE`;
  const path = setting.secret ? sources.env[fileName] || undefined : undefined;
  if (path !== undefined) {
    if (direct !== undefined) {
      return { problem: { name: fileName, reason: `is set beside ${setting.name}; remove one of the two` } };
    }
    try {
      return { value: sources.readSecretFile(path).replace(/\r?\n$/, "") };
    } catch (error) {
      const reason = `cannot be read (${error instanceof Error ? error.message : String(error)})`;
      return { problem: { name: fileName, value: path, reason } };
    }
  }
  return { value: direct ?? get(sources.file, setting.path) };
}

function schemaProblems(
  issues: readonly z.core.$ZodIssue[],
  settings: readonly Setting[],
  raw: unknown,
  broken: ReadonlySet<string>,
): ConfigProblem[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map(String);
    const setting = settings.find((candidate) => candidate.path.every((key, index) => key === path[index]));
    if (setting !== undefined && broken.has(setting.path.join("."))) return [];
    const inner = setting === undefined ? [] : path.slice(setting.path.length);
    const name = setting?.name ?? (path.length === 0 ? "(configuration)" : environmentName(path));
    const reason = inner.length === 0 ? issue.message : `at ${inner.join(".")}: ${issue.message}`;
    const value = setting === undefined ? undefined : get(raw, setting.path);
    return [value === undefined || setting?.secret ? { name, reason } : { name, value: shown(value), reason }];
  });
}

function unknownVariables(settings: readonly Setting[], sources: ConfigSources): ConfigProblem[] {
  const known = new Set([...namesOf(settings), ...(sources.knownKeys ?? [])]);
  return misspeltVariables(sources.env, known);
}

/**
 * Variables that begin like ours and are none. `known`: a trailing `*` stands for any ending. The value of an unknown
 * variable stays unprinted: it may be a secret under a misspelt name.
 */
export function misspeltVariables(env: ConfigSources["env"], known: ReadonlySet<string>): ConfigProblem[] {
  const prefixes = [...known].filter((name) => name.endsWith("*")).map((name) => name.slice(0, -1));
  return Object.keys(env)
    .filter((name) => name.startsWith(ENV_PREFIX) && env[name] !== undefined && !known.has(name))
    .filter((name) => !prefixes.some((prefix) => name.startsWith(prefix)))
    .map((name) => ({ name, reason: `is not a known variable${didYouMean(name, [...known])}` }));
}

/** The environment without what Kubernetes and Docker say of other machines under names that begin like ours. */
export function withoutServiceLinks(env: ConfigSources["env"], settings: ReadonlySet<string>): ConfigSources["env"] {
  const links = serviceLinks(env, ENV_PREFIX, settings);
  return links.size === 0 ? env : Object.fromEntries(Object.entries(env).filter(([name]) => !links.has(name)));
}

function namesOf(settings: readonly Setting[]): ReadonlySet<string> {
  return new Set(settings.flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name])));
}

function unknownFileKeys(settings: readonly Setting[], file: unknown): ConfigProblem[] {
  if (file === undefined || file === null) return [];
  if (!isPlainObject(file)) return [{ name: "(file)", reason: "must be a mapping of setting names to values" }];
  const leaves = new Set(settings.map(({ path }) => path.join(".")));
  const groups = new Set(settings.flatMap(({ path }) => path.map((_, end) => path.slice(0, end).join("."))));
  const walk = (value: Record<string, unknown>, parent: string): ConfigProblem[] =>
    Object.entries(value).flatMap(([key, child]) => {
      const path = parent === "" ? key : `${parent}.${key}`;
      if (leaves.has(path)) return [];
      if (!groups.has(path)) return [{ name: path, reason: `is not a known key${didYouMean(path, [...leaves])}` }];
      return isPlainObject(child) ? walk(child, path) : [{ name: path, reason: "must be a mapping" }];
    });
  return walk(file, "");
}

function shown(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function get(root: unknown, path: readonly string[]): unknown {
  let current = root;
  for (const key of path) {
    if (!isPlainObject(current) || !Object.hasOwn(current, key)) return undefined;
    current = current[key];
  }
  return current ?? undefined;
}

function put(root: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let current = root;
  for (const key of path.slice(0, -1)) {
    current[key] ??= {};
    current = current[key] as Record<string, unknown>;
  }
  if (value !== undefined) current[path.at(-1)!] = value;
}

/** Freezes plain objects and arrays; instances of classes look after themselves. */
function deepFreeze<T>(value: T): T {
  if (Array.isArray(value)) for (const item of value) deepFreeze(item);
  else if (isPlainObject(value)) for (const item of Object.values(value)) deepFreeze(item);
  else return value;
  return Object.freeze(value);
}
