import { setTimeout as pause } from "node:timers/promises";
import { LOG_PARTITIONS, madeEvents } from "./made-events.ts";
import type { OwnClickhouse } from "./own-clickhouse.ts";

/** Tables of one version of Sluice, and how that version's sink writes into them. */
export interface InsertSide {
  readonly name: string;
  readonly database: string;
  /** Columns of `events` that this version's sink writes, in its order. */
  readonly columns: readonly string[];
  /** Of its blocks. */
  readonly format: "RowBinary" | "Native";
  /** How many times {@link BLOCK_MS} this version's sink gathers a block at full speed. */
  readonly spans: number;
  insert(rows: Buffer, token: string): Promise<void>;
}

/** What the inserts of one side came to. */
export interface InsertCost {
  readonly name: string;
  readonly rows: number;
  /** Of the server, merges until they have settled included. */
  readonly cpuMicrosPerRow: number;
  /** Until the last answer; the rest are merges that went on after it. */
  readonly insertingMicrosPerRow: number;
}

/**
 * Messages accepted in a second, and how old a block becomes: some 10,000 rows, half of the sink's bound of a block. Today's sink gives a block that has
 * a quarter of its bound twice the time.
 */
const MESSAGES_PER_SECOND = 4_000;
const BLOCK_MS = 5_000;
/** Inserts at one time, as many as the sink's setting says. */
const AT_ONCE = 4;
/** No merge for so long: settled. */
const SETTLED_MS = 2_500;

/** Blocks of events in the order in which sinks would insert them, made once and given to every side. */
export class MadeBlocks {
  readonly #server: OwnClickhouse;
  readonly #database: string;
  readonly count: number;

  private constructor(server: OwnClickhouse, database: string, count: number) {
    this.#server = server;
    this.#database = database;
    this.count = count;
  }

  /** `rounds` times at least `blocks` blocks of the last minutes. */
  static async make(
    server: OwnClickhouse,
    database: string,
    blocks: number,
    columns: readonly string[],
  ): Promise<MadeBlocks> {
    await server.ask(`CREATE DATABASE ${database}`);
    const seconds = (Math.ceil(blocks / LOG_PARTITIONS) * BLOCK_MS) / 1_000;
    const from = Math.floor(Date.now() / BLOCK_MS) * BLOCK_MS - (seconds + 120) * 1_000;
    const traffic = {
      first: 0,
      count: seconds * MESSAGES_PER_SECOND,
      from,
      everyMs: 1_000 / MESSAGES_PER_SECOND,
      wave: 0,
    };
    const span = `intDiv(toUnixTimestamp64Milli(at) - ${from}, ${BLOCK_MS})`;
    await server.ask(
      `CREATE TABLE blocks ENGINE = MergeTree ORDER BY (block, at) AS
       SELECT toUInt32(least(${span}, ${(seconds * 1_000) / BLOCK_MS - 1}) * ${LOG_PARTITIONS} + log_partition) AS block, * FROM (${madeEvents(traffic, columns)})`,
      database,
    );
    return new MadeBlocks(server, database, blocks);
  }

  /** Blocks [from, to) as a side inserts them: those of a partition that it gathers together are one. */
  static together(from: number, to: number, spans: number): number[][] {
    const step = LOG_PARTITIONS * spans;
    const first = Array.from({ length: to - from }, (_, i) => from + i).filter(
      (n) => (n - from) % step < LOG_PARTITIONS,
    );
    return first.map((n) => Array.from({ length: spans }, (_, i) => n + i * LOG_PARTITIONS).filter((one) => one < to));
  }

  /** These blocks as one, in a side's format, and as the types of its table want it. */
  async block(
    numbers: readonly number[],
    side: InsertSide,
  ): Promise<{ readonly rows: number; readonly bytes: Buffer }> {
    const where = `block IN (${numbers.join(", ")})`;
    const [counted] = await this.#server.rows<{ n: number }>(
      `SELECT count() AS n FROM blocks WHERE ${where}`,
      this.#database,
    );
    const types = await this.#server.rows<{ name: string; type: string }>(
      `SELECT name, type FROM system.columns WHERE database = '${side.database}' AND table = 'events'`,
    );
    const typeOf = new Map(types.map(({ name, type }) => [name, type.replaceAll("'", "\\'")]));
    const values = side.columns.map((column) => `CAST(made.${column}, '${typeOf.get(column)}') AS ${column}`);
    const { body } = await this.#server.ask(
      `SELECT ${values.join(", ")} FROM blocks AS made WHERE ${where} ORDER BY made.at FORMAT ${side.format}`,
      this.#database,
    );
    return { rows: counted!.n, bytes: body };
  }
}

/** Inserts blocks [from, to) into one side, and waits until its merges have settled. */
export async function insertCost(
  server: OwnClickhouse,
  side: InsertSide,
  blocks: MadeBlocks,
  [from, to]: readonly [number, number],
): Promise<InsertCost> {
  // Read beforehand: reading them is no part of what is measured.
  const ready: { readonly rows: number; readonly bytes: Buffer; readonly token: string }[] = [];
  for (const numbers of MadeBlocks.together(from, to, side.spans))
    ready.push({ ...(await blocks.block(numbers, side)), token: `block ${numbers[0]}` });
  const rows = ready.reduce((sum, block) => sum + block.rows, 0);
  const idle = await idleCpu(server);
  const [began, before] = [performance.now(), server.cpu()];
  const queue = ready.values();
  const worker = async () => {
    for (const { bytes, token } of queue) await side.insert(bytes, token);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const inserted = server.cpu();
  const insertedAt = performance.now();
  await settled(server, side.database);
  const used = server.cpu() - before - idle * (performance.now() - began);
  const inserting = inserted - before - idle * (insertedAt - began);
  return { name: side.name, rows, cpuMicrosPerRow: used / rows, insertingMicrosPerRow: inserting / rows };
}

/** CPU microseconds a millisecond that the server takes with nothing to do. */
async function idleCpu(server: OwnClickhouse): Promise<number> {
  const [began, before] = [performance.now(), server.cpu()];
  await pause(1_500);
  return (server.cpu() - before) / (performance.now() - began);
}

/** Waits until no merge of a database has been under way for a while. */
export async function settled(server: OwnClickhouse, database: string): Promise<void> {
  let quietSince = performance.now();
  while (performance.now() - quietSince < SETTLED_MS) {
    const [merging] = await server.rows<{ n: number }>(
      `SELECT count() AS n FROM system.merges WHERE database = '${database}'`,
    );
    if (merging!.n > 0) quietSince = performance.now();
    await pause(250);
  }
}
