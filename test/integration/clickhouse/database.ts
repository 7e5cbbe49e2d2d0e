import { type ClickHouseClient, createClient } from "@clickhouse/client";
import { migrateClickhouse } from "../../../infra/clickhouse/migrate.ts";
import { EVENT_COLUMNS, EVENT_TYPES, writeEventRow } from "../../../pipeline/records/event-row.ts";
import { BlockInserter } from "../../../platform/clickhouse/block-inserter.ts";
import { NativeBlock } from "../../../platform/clickhouse/native-block.ts";
import { Secret } from "../../../platform/config/secret.ts";
import type { Event } from "../../../schemas/generated/types.ts";
import { clickhouseOptions, type TestCluster } from "../../fixture/cluster-handle.ts";

/** A migrated database of its own on the shared ClickHouse. */
export interface TestDatabase {
  readonly name: string;
  readonly target: { url: string; user: string; password: string; database: string };
  readonly client: ClickHouseClient;
  /** Rows as objects; numbers beyond 53 bits and decimals as text. */
  rows<Row>(query: string, parameters?: Record<string, unknown>): Promise<Row[]>;
  /** Inserts events as one block, as the sink does. */
  insert(events: readonly Event[], token: string): Promise<void>;
  drop(): Promise<void>;
}

export async function testDatabase(cluster: TestCluster, name: string): Promise<TestDatabase> {
  const database = `${name}_${process.pid}_${Date.now()}`;
  const { url, username, password } = clickhouseOptions(cluster);
  const target = { url, user: username, password, database };
  await migrateClickhouse(target);
  const client = createClient({ url, username, password, database });
  const inserter = new BlockInserter(
    {
      clickhouseUrl: url,
      clickhouseUser: username,
      clickhousePassword: password === "" ? undefined : new Secret(password),
      clickhouseDatabase: database,
    },
    { table: "events", columns: EVENT_COLUMNS, format: "Native", connections: 2, timeoutMs: 30_000 },
  );
  let offset = 0;
  return {
    name: database,
    target,
    client,
    rows: async <Row>(query: string, parameters: Record<string, unknown> = {}) => {
      const answer = await client.query({ query, query_params: parameters, format: "JSONEachRow" });
      return answer.json<Row>() as Promise<Row[]>;
    },
    insert: async (events, token) => {
      const rows = new NativeBlock(EVENT_TYPES);
      for (const event of events) {
        const wrong = writeEventRow(rows, event, 2, offset++);
        if (wrong !== undefined) throw new Error(wrong);
      }
      await inserter.insert(rows.encoded(), token);
    },
    drop: async () => {
      await client.command({ query: `DROP DATABASE IF EXISTS ${database}` });
      await Promise.all([client.close(), inserter.close()]);
    },
  };
}
