import type { CatalogSource } from "./catalog-version.ts";
import { isPublished, pricesDiff } from "./prices-diff.ts";

/** Lists of a catalog whose entries have ids, in the order in which a difference is told. */
const LISTS = [
  ["accounts", "account"],
  ["providers", "provider"],
  ["routes", "route"],
  ["regions", "region"],
  ["senders", "sender rule"],
  ["caps", "cap"],
  ["quietHours", "quiet hours"],
  ["retired", "retired provider"],
] as const;

/** Parts that are one entry, and may be missing. */
const SINGLES = ["rates", "portability"] as const;

/** Fields whose values are not shown, only that they have changed. */
const SECRET = /^(password|authToken|sharedKeySecret|sha256)$/;
const CONCEALED = "(not shown)";
/** Entries of a list that are told one by one; beyond it their number is. */
const NAMED = 20;

type Plain = Readonly<Record<string, unknown>>;

/**
 * What is different between two catalogs, a line each: `+ route x`, `- provider y`, `~ provider z: rate: 100 -> 200`. Empty
 * when they say the same, however it is written.
 */
export function catalogDiff(before: CatalogSource, after: CatalogSource): string[] {
  return [
    ...LISTS.flatMap((list) => ofList(list, before, after)),
    ...SINGLES.flatMap((part) => ofSingle(part, before[part], after[part])),
  ];
}

function ofList([list, noun]: (typeof LISTS)[number], before: CatalogSource, after: CatalogSource): string[] {
  const old = byId(before[list]);
  const now = byId(after[list]);
  return [
    ...[...old.keys()].filter((id) => !now.has(id)).map((id) => `- ${noun} ${id}`),
    ...[...now].flatMap(([id, entry]) => {
      const was = old.get(id);
      if (was === undefined) return [`+ ${noun} ${id}`];
      return entryDiff(was, entry).map((line) => `~ ${noun} ${id}: ${line}`);
    }),
    ...(list === "routes" ? orderOf(old, now) : []),
  ];
}

function ofSingle(part: string, before: unknown, after: unknown): string[] {
  if (before === undefined) return after === undefined ? [] : [`+ ${part}`];
  return after === undefined ? [`- ${part}`] : fieldsOf(before, after, "").map((line) => `~ ${part}: ${line}`);
}

function entryDiff(was: Plain, entry: Plain): string[] {
  if (!isPublished(was.prices) && !isPublished(entry.prices)) return fieldsOf(was, entry, "");
  const { prices: _, ...before } = was;
  const { prices: __, ...after } = entry;
  return [...fieldsOf(before, after, ""), ...pricesDiff(was, entry)];
}

/** The order of routes decides. */
function orderOf(old: ReadonlyMap<string, Plain>, now: ReadonlyMap<string, Plain>): string[] {
  const before = [...old.keys()].filter((id) => now.has(id));
  const after = [...now.keys()].filter((id) => old.has(id));
  if (before.join("\n") === after.join("\n")) return [];
  return [`~ routes: asked in another order: ${after.join(", ")}`];
}

function fieldsOf(before: unknown, after: unknown, path: string): string[] {
  if (same(before, after)) return [];
  if (isPlain(before) && isPlain(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) => fieldsOf(before[name], after[name], path === "" ? name : `${path}.${name}`));
  }
  const name = path.slice(path.lastIndexOf(".") + 1);
  if (SECRET.test(name) || /(^|\.)secretHeaders(\.[^.]+)?$/.test(path)) return [`${path}: another one`];
  if (Array.isArray(before) && Array.isArray(after) && [...before, ...after].every(isPlain))
    return entriesOf(before as Plain[], after as Plain[], path);
  return [`${path}: ${shown(before)} -> ${shown(after)}`];
}

/** Entries of a list within an entry: prices, API keys, a route's providers. */
function entriesOf(before: readonly Plain[], after: readonly Plain[], path: string): string[] {
  const old = new Map(before.map((entry) => [identityOf(entry), entry]));
  const now = new Map(after.map((entry) => [identityOf(entry), entry]));
  const lines = [
    ...[...old].filter(([identity]) => !now.has(identity)).map(([, entry]) => `${path}: without ${nameOf(entry)}`),
    ...[...now].flatMap(([identity, entry]) => {
      const was = old.get(identity);
      if (was === undefined) return [`${path}: with ${nameOf(entry)}${priceIn(entry)}`];
      return fieldsOf(was, entry, "").map((line) => `${path}: ${nameOf(entry)}: ${line}`);
    }),
  ];
  if (lines.length === 0) return [`${path}: in another order`];
  if (lines.length <= NAMED) return lines;
  return [...lines.slice(0, NAMED), `${path}: and ${lines.length - NAMED} more`];
}

/** What an entry is known by: its id, where a tier begins, where a price is for; undefined: by all that it says. */
function ownName({ id, from, country, mccMnc, price }: Plain): string | undefined {
  if (typeof from === "number") return `from ${from}`;
  const name = id ?? mccMnc ?? country ?? (price === undefined ? undefined : "everywhere else");
  return name === undefined ? undefined : String(name);
}

/** What tells an entry from others: two that differ in a secret alone are two. Never shown. */
function identityOf(entry: Plain): string {
  return ownName(entry) ?? JSON.stringify(entry);
}

function nameOf(entry: Plain): string {
  return ownName(entry) ?? shown(entry);
}

function priceIn({ price }: Plain): string {
  return price === undefined ? "" : ` at ${String(price)}`;
}

function shown(value: unknown): string {
  if (value === undefined) return "not set";
  return typeof value === "string" ? value : JSON.stringify(value, withoutSecrets);
}

/** A part that comes or goes as a whole holds its secrets further down. */
function withoutSecrets(name: string, value: unknown): unknown {
  if (SECRET.test(name)) return CONCEALED;
  if (name !== "secretHeaders" || !isPlain(value)) return value;
  return Object.fromEntries(Object.keys(value).map((header) => [header, CONCEALED]));
}

function byId(list: unknown): Map<string, Plain> {
  return new Map((Array.isArray(list) ? list : []).filter(isPlain).map((entry) => [String(entry.id), entry]));
}

function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => same(item, b[i]));
  if (!isPlain(a) || !isPlain(b)) return false;
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => same(a[name], b[name]));
}

function isPlain(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
