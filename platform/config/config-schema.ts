import { z } from "zod";
import type { SettingMeta } from "./settings.ts";

/** Every variable of the project begins with this; anything else in the environment is none of our business. */
export const ENV_PREFIX = "SLUICE_";

/** One value a service can be given: a leaf of its schema. */
export interface Setting {
  /** Where it stands in the schema and in a YAML file, such as `["kafka", "brokers"]`. */
  readonly path: readonly string[];
  /** Its environment variable, such as `SLUICE_KAFKA_BROKERS`. */
  readonly name: string;
  readonly type: string;
  /** What is allowed, in words; empty when the zod type does not say. */
  readonly allowed: string;
  readonly required: boolean;
  /** The default as a user would write it; undefined when there is none. */
  readonly defaultText: string | undefined;
  readonly description: string;
  readonly secret: boolean;
}

/** One row of the generated reference table. */
export interface ConfigRow {
  readonly name: string;
  readonly type: string;
  readonly default: string;
  readonly description: string;
}

/** `["kafka", "maxInFlight"]` becomes `SLUICE_KAFKA_MAX_IN_FLIGHT`. */
export function environmentName(path: readonly string[]): string {
  return ENV_PREFIX + path.map((key) => key.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase()).join("_");
}

/**
 * The settings of a schema in the order they are written; nested objects are groups.
 * @throws TypeError when two settings would share one environment variable.
 */
export function listSettings(schema: z.ZodObject): Setting[] {
  const settings = collect(schema, []);
  const seen = new Set<string>();
  for (const { name } of settings) {
    if (seen.has(name)) throw new TypeError(`two settings of the schema are both called ${name}; rename one`);
    seen.add(name);
  }
  return settings;
}

/** Rows for the Markdown reference and for `--help`. */
export function describeConfig(schema: z.ZodObject): ConfigRow[] {
  return listSettings(schema).map((setting) => ({
    name: setting.secret ? `${setting.name} (or ${setting.name}_FILE)` : setting.name,
    type: setting.type,
    default: setting.defaultText ?? (setting.required ? "required" : ""),
    description: setting.description,
  }));
}

function collect(schema: z.ZodObject, parent: readonly string[]): Setting[] {
  return Object.entries(schema.shape).flatMap(([key, type]) => {
    const path = [...parent, key];
    return type instanceof z.ZodObject ? collect(type, path) : [describe(path, type as z.ZodType)];
  });
}

/** Looks through `.default()`, `.optional()` and the like, since either side of them may carry the description. */
function describe(path: readonly string[], outer: z.ZodType): Setting {
  let meta: { [Key in keyof SettingMeta]?: SettingMeta[Key] | undefined } & { description?: string | undefined } = {};
  let required = true;
  let fallback: { value: unknown } | undefined;
  let type = outer;
  for (;;) {
    meta = { ...type.meta(), ...meta };
    if (type instanceof z.ZodDefault || type instanceof z.ZodPrefault) fallback ??= { value: type.def.defaultValue };
    else if (type instanceof z.ZodOptional || type instanceof z.ZodNullable) required = false;
    else if (!(type instanceof z.ZodReadonly)) break;
    type = type.def.innerType as z.ZodType;
  }
  const secret = meta.secret === true;
  return {
    path,
    name: environmentName(path),
    type: meta.settingType ?? type.def.type,
    allowed: meta.allowed ?? "",
    required: required && fallback === undefined,
    defaultText: fallback === undefined ? undefined : defaultText(fallback.value, meta.format, secret),
    description: meta.description ?? "",
    secret,
  };
}

function defaultText(value: unknown, format: SettingMeta["format"], secret: boolean): string {
  if (secret) return "[secret]";
  if (format !== undefined) return format(value as never);
  return typeof value === "string" ? value : JSON.stringify(value);
}
