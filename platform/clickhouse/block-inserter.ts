import { Readable } from "node:stream";
import { type ClickHouseClient, createClient } from "@clickhouse/client";
import type { ClickhouseConfig } from "./settings.ts";

/** Above ClickHouse's own slow inserts, below what anyone wants to wait for a dead connection. */
const REQUEST_TIMEOUT_MS = 30_000;

/** Inserts blocks of RowBinary into one table, each under a deduplication token. */
export class BlockInserter {
  private readonly client: ClickHouseClient;
  private readonly query: string;

  /** `connections`: inserts at one time at the most. */
  constructor(config: ClickhouseConfig, table: string, columns: readonly string[], connections: number) {
    this.client = createClient({
      url: config.clickhouseUrl,
      username: config.clickhouseUser,
      password: config.clickhousePassword?.reveal() ?? "",
      database: config.clickhouseDatabase,
      request_timeout: REQUEST_TIMEOUT_MS,
      max_open_connections: connections,
      // Compressing costs more than loopback or a local network does.
      compression: { request: false, response: false },
      keep_alive: { enabled: true },
    });
    this.query = `INSERT INTO ${table} (${columns.join(", ")}) FORMAT RowBinary`;
  }

  /**
   * Resolves when the block is stored, or was stored under this token before, in the table and in all its views.
   * Rejects when that is not certain: insert the same block under the same token again.
   */
  async insert(rows: Buffer, token: string): Promise<void> {
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
        wait_end_of_query: 1,
      },
    });
    for await (const _ of stream) {
      // An insert answers with nothing; the connection is free again when that has been read.
    }
  }

  /** Rejects with the reason when ClickHouse does not answer or the table is not there. */
  async check(table: string): Promise<void> {
    await this.client.command({ query: `SELECT 1 FROM ${table} LIMIT 0` });
  }

  close(): Promise<void> {
    return this.client.close();
  }
}
