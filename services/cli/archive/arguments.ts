import { parseArgs } from "node:util";
import { understood } from "../arguments.ts";
import { UsageError } from "../command.ts";
import { ARCHIVED_TABLES, type ArchivedTable, dayAfter } from "./archived-tables.ts";

export interface ArchiveArguments {
  /** In order, as 2026-01-31. */
  readonly days: readonly string[];
  readonly tables: readonly ArchivedTable[];
  /** The tables were named, not taken by default. */
  readonly named: boolean;
  readonly folder: string;
  readonly json: boolean;
}

/** Days of one run. */
const MAX_DAYS = 1_000;
const DAY = /^\d{4}-\d\d-\d\d$/;

const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;
const COMMON = { day: text, table: { type: "string", multiple: true }, json: flag } as const;

/** @throws UsageError naming the argument. */
export function readArchiveArguments(args: readonly string[]): ArchiveArguments & { drop: boolean; replace: boolean } {
  const { values } = understood(() =>
    parseArgs({
      args: [...args],
      options: { ...COMMON, to: text, drop: flag, replace: flag },
      allowPositionals: false,
    }),
  );
  return { ...readCommon(values, "--to", values.to), drop: values.drop ?? false, replace: values.replace ?? false };
}

/** @throws UsageError naming the argument. */
export function readRestoreArguments(args: readonly string[]): ArchiveArguments & { into: string | undefined } {
  const { values } = understood(() =>
    parseArgs({ args: [...args], options: { ...COMMON, from: text, into: text }, allowPositionals: false }),
  );
  const common = readCommon(values, "--from", values.from);
  const { into } = values;
  if (into === undefined) return { ...common, into };
  if (!/^[A-Za-z_]\w{0,63}$/.test(into))
    throw new UsageError(`--into ${into}: a table's name is needed: letters, digits and _`);
  if (common.tables.length !== 1) throw new UsageError("--into is for one table: --table says which");
  return { ...common, into };
}

interface CommonValues {
  readonly day?: string | undefined;
  readonly table?: string[] | undefined;
  readonly json?: boolean | undefined;
}

function readCommon(values: CommonValues, name: string, folder: string | undefined): ArchiveArguments {
  if (folder === undefined || folder === "") throw new UsageError(`${name}: the archive's folder is needed`);
  const { day, table, json = false } = values;
  return { days: readDays(day), tables: readTables(table), named: table !== undefined, folder, json };
}

/** A day, or the first and the last of several. */
export function readDays(written: string | undefined): string[] {
  const [first = "", last = first, ...more] = (written ?? "").split("..");
  for (const day of [first, last])
    if (
      more.length > 0 ||
      !DAY.test(day) ||
      Number.isNaN(Date.parse(day)) ||
      new Date(day).toISOString().slice(0, 10) !== day
    )
      throw new UsageError(
        `--day ${written ?? ""}: a day such as 2026-11-01 is needed, or two as 2026-11-01..2026-11-30`,
      );
  if (first > last) throw new UsageError(`--day ${written}: ${first} is after ${last}`);
  const days: string[] = [];
  for (let day = first; day <= last; day = dayAfter(day)) {
    if (days.push(day) > MAX_DAYS) throw new UsageError(`--day ${written}: more than ${MAX_DAYS} days`);
  }
  return days;
}

function readTables(names: readonly string[] | undefined): readonly ArchivedTable[] {
  if (names === undefined) return ARCHIVED_TABLES;
  return names.map((name) => {
    const table = ARCHIVED_TABLES.find((one) => one.name === name);
    if (table !== undefined) return table;
    throw new UsageError(`--table ${name}: ${ARCHIVED_TABLES.map((one) => one.name).join(", ")} can be archived`);
  });
}
