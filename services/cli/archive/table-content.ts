import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import type { ClickHouseClient } from "@clickhouse/client";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";
import { type ArchivedTable, dayAfter } from "./archived-tables.ts";
import type { ArchivedColumn } from "./manifest.ts";

/** How much stands in a day, and what: the sum of the rows' hashes, modulo 2^64. */
export interface Content {
  readonly rows: number;
  readonly checksum: bigint;
}

/** What a client must be able to do. */
export type Database = Pick<ClickHouseClient, "query" | "exec" | "command">;

/** What all rows of a table's day have in common in SQL. */
const ofDay = ({ time }: ArchivedTable, day: string): string =>
  `${time} >= toDate('${day}') AND ${time} < toDate('${dayAfter(day)}')`;

/** A row's 64-bit hash. By its octets: a hash of columns would be NULL where one of them is. */
const rowHash = (columns: readonly ArchivedColumn[]): string =>
  `cityHash64(formatRow('RowBinary', ${columns.map(({ name }) => name).join(", ")}))`;

const source = (table: string, { folded }: ArchivedTable): string => (folded ? `${table} FINAL` : table);

/** Columns that are written; those that ClickHouse works out are worked out again. @throws SluiceError `TABLE_MISSING` */
export async function columnsOf(db: Database, table: string): Promise<ArchivedColumn[]> {
  const query = `SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {table:String}
    AND default_kind NOT IN ('MATERIALIZED', 'ALIAS', 'EPHEMERAL') ORDER BY position`;
  const found = await db.query({ query, query_params: { table }, format: "JSONEachRow" });
  const columns = await found.json<ArchivedColumn>();
  if (columns.length === 0) throw new SluiceError(`there is no table ${table}`, { code: "TABLE_MISSING" });
  return columns;
}

/** A column that came later gets its default value. @throws SluiceError `COLUMNS_DIFFER` */
export async function checkColumns(db: Database, table: string, archived: readonly ArchivedColumn[]): Promise<void> {
  const here = new Map((await columnsOf(db, table)).map(({ name, type }) => [name, type]));
  const wrong = archived.filter(({ name, type }) => here.get(name) !== type);
  if (wrong.length === 0) return;
  const told = wrong.map(({ name, type }) => `${name} was ${type} and is ${here.get(name) ?? "not there"}`);
  throw new SluiceError(`${table} has other columns than the archive: ${told.join("; ")}`, { code: "COLUMNS_DIFFER" });
}

/** What a table has of a day. `name`: of the table when it is another one of the same kind. */
export async function contentOf(
  db: Database,
  table: ArchivedTable,
  day: string,
  columns: readonly ArchivedColumn[],
  name: string = table.name,
): Promise<Content> {
  const query = `SELECT toString(count()) AS rows, toString(sum(${rowHash(columns)})) AS checksum
    FROM ${source(name, table)} WHERE ${ofDay(table, day)}`;
  const found = await db.query({ query, format: "JSONEachRow" });
  const [row] = await found.json<{ rows: string; checksum: string }>();
  return { rows: Number(row?.rows ?? 0), checksum: BigInt(row?.checksum ?? 0) };
}

/** A part of a day that goes into one file. */
export interface Piece {
  readonly stem: string;
  readonly where: string;
}

/** Rows of a file at the most, about: ClickHouse holds a whole file in memory when it is read back. */
export const FILE_ROWS = 500_000;

/** Divides a day by hours, and an hour of many rows by a hash. */
export async function piecesOf(db: Database, table: ArchivedTable, day: string, most = FILE_ROWS): Promise<Piece[]> {
  const hour = table.time === "at" ? "toHour(at)" : "0";
  const query = `SELECT ${hour} AS hour, toString(count()) AS rows FROM ${source(table.name, table)} WHERE ${ofDay(table, day)}
    GROUP BY hour ORDER BY hour`;
  const found = await db.query({ query, format: "JSONEachRow" });
  const hours = await found.json<{ hour: number; rows: string }>();
  const pieces: Piece[] = [];
  for (const { hour: number, rows } of hours) {
    const of = Math.ceil(Number(rows) / most);
    for (let index = 0; index < of; index++) {
      const stem = `${day}-${String(number).padStart(2, "0")}-${String(index).padStart(3, "0")}`;
      const part = `cityHash64(${table.divided}) % ${of} = ${index}`;
      pieces.push({ stem, where: `${ofDay(table, day)} AND ${hour} = ${number} AND ${part}` });
    }
  }
  return pieces;
}

/** A piece as Parquet, as ClickHouse writes it; what it holds besides is one group of rows. */
export async function readPiece(
  db: Database,
  table: ArchivedTable,
  columns: readonly ArchivedColumn[],
  { where }: Piece,
): Promise<{ rows: number; content: Readable }> {
  const from = `FROM ${source(table.name, table)} WHERE ${where}`;
  const counted = await db.query({ query: `SELECT toString(count()) AS rows ${from}`, format: "JSONEachRow" });
  const [row] = await counted.json<{ rows: string }>();
  const { stream } = await db.exec({
    query: `SELECT ${columns.map(({ name }) => name).join(", ")} ${from} FORMAT Parquet`,
    clickhouse_settings: {
      output_format_parquet_compression_method: "zstd",
      output_format_parquet_string_as_string: 1,
      output_format_parquet_row_group_size: "100000",
    },
  });
  return { rows: Number(row?.rows ?? 0), content: stream };
}

/** Reads a file into a table, columns by their names. */
export async function loadFile(
  db: Database,
  table: string,
  columns: readonly ArchivedColumn[],
  path: string,
): Promise<void> {
  const { stream } = await db.exec({
    query: `INSERT INTO ${table} (${columns.map(({ name }) => name).join(", ")}) FORMAT Parquet`,
    values: createReadStream(path),
    clickhouse_settings: {
      async_insert: 0,
      insert_deduplicate: 0,
      max_partitions_per_insert_block: "0",
      wait_end_of_query: 1,
    },
  });
  for await (const _ of stream) {
    // An insert answers with nothing; the connection is free again when that has been read.
  }
}

interface Lacking {
  readonly from: string;
  readonly lackedBy: string;
}

const lackingRows = (
  table: ArchivedTable,
  day: string,
  columns: readonly ArchivedColumn[],
  { from, lackedBy }: Lacking,
): string =>
  `FROM ${source(from, table)} WHERE ${rowHash(columns)} NOT IN
      (SELECT ${rowHash(columns)} FROM ${source(lackedBy, table)} WHERE ${ofDay(table, day)})`;

/** How many rows of a day the one table has and the other has not. */
export async function countLacking(
  db: Database,
  table: ArchivedTable,
  day: string,
  columns: readonly ArchivedColumn[],
  lacking: Lacking,
): Promise<number> {
  const query = `SELECT toString(count()) AS rows ${lackingRows(table, day, columns, lacking)}`;
  const found = await db.query({ query, format: "JSONEachRow", clickhouse_settings: { transform_null_in: 0 } });
  const [row] = await found.json<{ rows: string }>();
  return Number(row?.rows ?? 0);
}

/** Copies the rows of a day that the one table has and the other has not. */
export async function copyLacking(
  db: Database,
  table: ArchivedTable,
  day: string,
  columns: readonly ArchivedColumn[],
  { to, ...lacking }: Lacking & { readonly to: string },
): Promise<void> {
  const names = columns.map(({ name }) => name).join(", ");
  await db.command({
    query: `INSERT INTO ${to} (${names}) SELECT ${names} ${lackingRows(table, day, columns, lacking)}`,
    clickhouse_settings: { insert_deduplicate: 0, max_partitions_per_insert_block: "0", transform_null_in: 0 },
  });
}
