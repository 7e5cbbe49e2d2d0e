import { z } from "zod";
import { formatBytes, formatDuration, parseBytes, parseDuration } from "./quantities.ts";
import { Secret } from "./secret.ts";

/**
 * The building blocks of a service's config schema. Each reads the text of an environment variable as well as the
 * native value of a YAML file, and says in its error what is allowed. Combine them with `.default(value)` (the parsed
 * value, such as 5_000 for five seconds), `.optional()` and `.describe("why and in which unit")`.
 */

/** What {@link describeConfig} knows about a setting beyond its zod type. */
export interface SettingMeta {
  /** The name of the type in the reference table. */
  readonly settingType: string;
  /** What is allowed, in words. */
  readonly allowed: string;
  readonly secret?: boolean;
  /** Writes a default the way a user would write the value. */
  readonly format?: (value: never) => string;
}

/** Bounds, both inclusive. */
export interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

function setting<Value>(meta: SettingMeta, read: (raw: unknown) => Value | undefined) {
  return z
    .unknown()
    .transform((raw, context): Value => {
      const value = read(raw);
      if (value !== undefined) return value;
      context.addIssue({ code: "custom", message: `must be ${meta.allowed}`, input: raw });
      return z.NEVER;
    })
    .meta({ ...meta });
}

function boundsText(bounds: Bounds, format: (value: number) => string): string {
  if (bounds.min !== undefined && bounds.max !== undefined)
    return ` from ${format(bounds.min)} to ${format(bounds.max)}`;
  if (bounds.min !== undefined) return ` of at least ${format(bounds.min)}`;
  return bounds.max === undefined ? "" : ` of at most ${format(bounds.max)}`;
}

function within(value: number | undefined, bounds: Bounds): number | undefined {
  if (value === undefined || Number.isNaN(value)) return undefined;
  return value >= (bounds.min ?? -Infinity) && value <= (bounds.max ?? Infinity) ? value : undefined;
}

function asText(raw: unknown): string | undefined {
  if (typeof raw === "string") return raw.trim();
  return typeof raw === "number" || typeof raw === "boolean" ? String(raw) : undefined;
}

function asNumber(raw: unknown): number | undefined {
  if (typeof raw === "number") return raw;
  if (typeof raw !== "string" || !/^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(raw.trim())) return undefined;
  return Number(raw);
}

/** Non-empty text, trimmed; `pattern` narrows it and `allowed` explains the pattern. */
export function text(rule: { readonly pattern?: RegExp; readonly allowed?: string } = {}) {
  const allowed = rule.allowed ?? (rule.pattern ? `text matching ${rule.pattern}` : "non-empty text");
  return setting({ settingType: "text", allowed }, (raw) => {
    const value = asText(raw);
    return value !== undefined && value !== "" && (rule.pattern?.test(value) ?? true) ? value : undefined;
  });
}

/** A whole number within bounds. */
export function integer(bounds: Bounds = {}) {
  const allowed = `a whole number${boundsText(bounds, String)}`;
  return setting({ settingType: "integer", allowed }, (raw) => {
    const value = asNumber(raw);
    return value !== undefined && Number.isSafeInteger(value) ? within(value, bounds) : undefined;
  });
}

/** A number within bounds, fractions allowed. */
export function number(bounds: Bounds = {}) {
  const allowed = `a number${boundsText(bounds, String)}`;
  return setting({ settingType: "number", allowed }, (raw) => within(asNumber(raw), bounds));
}

/** `true/false`, `yes/no`, `on/off` or `1/0`. */
export function bool() {
  return setting({ settingType: "bool", allowed: "true or false (also yes/no, on/off, 1/0)" }, (raw) => {
    const value = asText(raw)?.toLowerCase();
    if (value === "true" || value === "yes" || value === "on" || value === "1") return true;
    return value === "false" || value === "no" || value === "off" || value === "0" ? false : undefined;
  });
}

/** A duration with its unit (`250ms`, `5s`, `1h30m`), as milliseconds. */
export function duration(bounds: Bounds = {}) {
  const allowed = `a duration with its unit, such as 250ms, 5s or 1h30m,${boundsText(bounds, formatDuration)}`;
  const meta = { settingType: "duration", allowed: allowed.replace(/,$/, ""), format: formatDuration };
  return setting(meta, (raw) => within(parseDuration(asText(raw) ?? ""), bounds));
}

/** A size (`512`, `64KiB`, `10MB`), as bytes. */
export function bytes(bounds: Bounds = {}) {
  const allowed = `a size in bytes, such as 65536, 64KiB or 10MB,${boundsText(bounds, formatBytes)}`;
  const meta = { settingType: "bytes", allowed: allowed.replace(/,$/, ""), format: formatBytes };
  return setting(meta, (raw) => within(parseBytes(asText(raw) ?? ""), bounds));
}

/** A TCP port to reach (1–65535); with `allowZero` also 0, for "listen on any free port". */
export function port(options: { readonly allowZero?: boolean } = {}) {
  const min = options.allowZero ? 0 : 1;
  const allowed = `a port from ${min} to 65535${options.allowZero ? " (0: any free port)" : ""}`;
  return setting({ settingType: "port", allowed }, (raw) => {
    const value = asNumber(raw);
    return value !== undefined && Number.isInteger(value) ? within(value, { min, max: 65_535 }) : undefined;
  });
}

/** An absolute URL as text, without a trailing slash; credentials in it are refused because URLs get logged. */
export function url(protocols: readonly string[] = ["http", "https"]) {
  const allowed = `an absolute URL (${protocols.join(", ")}) without a user name or password in it`;
  return setting({ settingType: "url", allowed }, (raw) => {
    const value = asText(raw) ?? "";
    if (!URL.canParse(value)) return undefined;
    const parsed = new URL(value);
    if (!protocols.includes(parsed.protocol.slice(0, -1)) || parsed.username !== "" || parsed.password !== "") {
      return undefined;
    }
    return value.replace(/\/+$/, "");
  });
}

/** A comma-separated list (or a YAML sequence) of non-empty items without repeats. */
export function list(
  rule: { readonly min?: number; readonly item?: Pick<RegExp, "test">; readonly allowed?: string } = {},
) {
  const min = rule.min ?? 1;
  const allowed =
    rule.allowed ?? `a comma-separated list of ${min > 0 ? `${min} or more` : "any number of"} different items`;
  const format = (value: readonly string[]) => value.join(",");
  return setting({ settingType: "list", allowed, format }, (raw) => {
    const parts: unknown[] | undefined = Array.isArray(raw) ? raw : asText(raw)?.split(",");
    const items = parts?.map((part) => asText(part) ?? "").filter((part) => part !== "");
    if (items === undefined || items.length < min || new Set(items).size !== items.length) return undefined;
    return items.every((item) => rule.item?.test(item) ?? true) ? items : undefined;
  });
}

/** One of a fixed set of words. */
export function oneOf<const Word extends string>(words: readonly Word[]) {
  return setting({ settingType: "choice", allowed: `one of ${words.join(", ")}` }, (raw) => {
    const value = asText(raw);
    return words.find((word) => word === value);
  });
}

/** A secret: never printed, and also readable from the file named by `<NAME>_FILE` (Docker and Kubernetes secrets). */
export function secret(rule: { readonly minLength?: number } = {}) {
  const minLength = rule.minLength ?? 1;
  const allowed = `a secret of at least ${minLength} character${minLength === 1 ? "" : "s"}`;
  return setting({ settingType: "secret", allowed, secret: true, format: String }, (raw) => {
    if (raw instanceof Secret) return raw.reveal().length >= minLength ? raw : undefined;
    const value = asText(raw);
    return value !== undefined && value.length >= minLength ? new Secret(value) : undefined;
  });
}
