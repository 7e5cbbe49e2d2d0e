import { Readable } from "node:stream";
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { SluiceError } from "../errors/sluice-error.ts";
import { type ClickhouseConfig, clickhouseHint, clientAddress } from "./settings.ts";

/** RowBinary: row by row (`RowBinary`); Native: column by column (`NativeBlock`), which costs ClickHouse less. */
export type BlockFormat = "RowBinary" | "Native";

export interface BlockInserterOptions {
  readonly table: string;
  readonly columns: readonly string[];
  /** Of the blocks. Default: RowBinary. */
  readonly format?: BlockFormat;
  /** Inserts at one time at the most. */
  readonly connections: number;
  /** Longest wait for an answer, ms. */
  readonly timeoutMs: number;
}

/** Inserts blocks of rows into one table, each under a deduplication token. */
export class BlockInserter {
  private readonly client: ClickHouseClient;
  private readonly query: string;
  /** Inserts that may begin now, and those that wait for one to end. */
  private free: number;
  private readonly waiting: (() => void)[] = [];

  constructor(config: ClickhouseConfig, { table, columns, format, connections, timeoutMs }: BlockInserterOptions) {
    this.free = connections;
    this.client = createClient({
      ...clientAddress(config),
      request_timeout: timeoutMs,
      max_open_connections: connections,
      // Compressing costs more than loopback or a local network does.
      compression: { request: false, response: false },
      keep_alive: { enabled: true },
      // It would write a page to the console for each failure; what fails is thrown, and logged by whoever inserts again.
      log: { level: ClickHouseLogLevel.OFF },
    });
    this.query = `INSERT INTO ${table} (${columns.join(", ")}) FORMAT ${format ?? "RowBinary"}`;
  }

  /**
   * Resolves when the block is stored, or was stored under this token before, in the table and in all its views.
   * Rejects when that is not certain: insert the same block under the same token again. `rows`: or what makes them, which is
   * asked when it is the block's turn, so that none that waits for one is held in octets as well.
   */
  async insert(rows: Buffer | (() => Buffer), token: string): Promise<void> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((begin) => this.waiting.push(begin));
    try {
      await this.send(typeof rows === "function" ? rows() : rows, token);
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.free++;
      else next();
    }
  }

  /** Rejects with the reason when ClickHouse does not answer or the table is not there. */
  async check(table: string): Promise<void> {
    await this.client.command({ query: `SELECT 1 FROM ${table} LIMIT 0` }).catch((cause: unknown) => {
      const hint = clickhouseHint(cause);
      if (hint === "") throw cause;
      throw new SluiceError(`ClickHouse does not let in${hint}`, {
        code: "CLICKHOUSE_REFUSED",
        class: "transient",
        cause,
      });
    });
  }

  /** Space on ClickHouse's disks, bytes. Rejects when it does not answer. */
  async disks(): Promise<{ readonly name: string; readonly free: number; readonly total: number }[]> {
    const query = "SELECT name, toFloat64(free_space) AS free, toFloat64(total_space) AS total FROM system.disks";
    const answer = await this.client.query({ query, format: "JSONEachRow" });
    return answer.json();
  }

  close(): Promise<void> {
    return this.client.close();
  }

  private async send(rows: Buffer, token: string): Promise<void> {
    const { stream } = await this.client.exec({
      query: this.query,
      values: Readable.from([rows], { objectMode: false }),
      clickhouse_settings: {
        async_insert: 0,
        insert_deduplicate: 1,
        insert_deduplication_token: token,
        deduplicate_blocks_in_dependent_materialized_views: 1,
        // A late event lands in the partition of its own day, and nothing may hold up the block.
        max_partitions_per_insert_block: "0",
        // Rows of one key are folded by merges, which do it anyway, and by those who read; folding each block as well costs a quarter of an insert.
        optimize_on_insert: 0,
        wait_end_of_query: 1,
      },
    });
    for await (const _ of stream) {
      // An insert answers with nothing; the connection is free again when that has been read.
    }
  }
}
