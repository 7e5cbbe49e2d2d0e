import { migrateClickhouse } from "../../../infra/clickhouse/migrate.ts";
import { EVENT_COLUMNS } from "../../../pipeline/records/event-row.ts";
import { settled } from "./insert-cost.ts";
import { type MadeTraffic, madeEvents } from "./made-events.ts";
import type { OwnClickhouse } from "./own-clickhouse.ts";

const DAY_MS = 86_400_000;
const DAYS = 30;
/** Messages of one insert: some two hours of a month with 10,000,000. */
const PER_INSERT = 250_000;

export interface FilledTables {
  readonly traffic: MadeTraffic;
  readonly messages: number;
  readonly events: number;
  /** Compressed megabytes and rows by table, when merges had settled. */
  readonly tables: Readonly<Record<string, { readonly rows: number; readonly megabytes: number }>>;
  readonly ms: number;
}

/** Thirty days of messages up to now, through the tables' own views; some conversions and dead letters. */
export async function fillTables(
  server: OwnClickhouse,
  database: string,
  messages: number,
  say: (line: string) => void,
): Promise<FilledTables> {
  const began = performance.now();
  await migrateClickhouse({ url: server.url, user: server.user, password: server.password, database });
  const traffic = {
    first: 0,
    count: messages,
    from: Date.now() - DAYS * DAY_MS,
    everyMs: (DAYS * DAY_MS) / messages,
    wave: 0.6,
  };
  for (let first = 0; first < messages; first += PER_INSERT) {
    const some = { ...traffic, first, count: Math.min(PER_INSERT, messages - first) };
    await server.ask(`INSERT INTO events (${EVENT_COLUMNS.join(", ")}) ${madeEvents(some, EVENT_COLUMNS)}`, database, {
      max_partitions_per_insert_block: "0",
      max_insert_threads: "1",
      max_threads: "2",
    });
    say(`filled in: ${first + some.count} messages, ${Math.round((performance.now() - began) / 1_000)} s`);
  }
  await server.ask(
    `INSERT INTO conversions (message_id, account, told_at, converted_at)
     SELECT message_id, account, at + INTERVAL 60 SECOND, if(cityHash64(message_id) % 10 < 7, at + INTERVAL 30 SECOND, NULL)
     FROM events WHERE type = 'final' AND lane = 'otp' AND account IN ('acme', 'bank') AND at > now() - INTERVAL 10 DAY`,
    database,
  );
  await server.ask(
    `INSERT INTO exchange_rates (date, applied_at, currency, base, per_base, version)
     SELECT today() - ${DAYS}, now() - INTERVAL ${DAYS} DAY, pair.1, 'EUR', pair.2, 1
     FROM (SELECT arrayJoin([('EUR', toDecimal64('1', 9)), ('USD', toDecimal64('1.0842', 9))]) AS pair)`,
    database,
  );
  await server.ask(
    `INSERT INTO dead_letters (at, reason, topic, partition, offset, detail)
     SELECT now() - number * 250, 'undecodable', 'sms.requests.otp', number % 6, number, 'not Avro' FROM numbers(10000)`,
    database,
  );
  await settled(server, database);
  const parts = await server.rows<{ table: string; rows: number; bytes: number }>(
    `SELECT table, sum(rows) AS rows, sum(data_compressed_bytes) AS bytes FROM system.parts
     WHERE active AND database = '${database}' AND table != 'migrations' GROUP BY table ORDER BY table`,
  );
  const tables = Object.fromEntries(
    parts.map(({ table, rows, bytes }) => [table, { rows, megabytes: Math.round(bytes / 1e6) }]),
  );
  return { traffic, messages, events: tables.events!.rows, tables, ms: performance.now() - began };
}
