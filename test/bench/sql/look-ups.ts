/**
 * `make bench-sql SQL_PARTS=lookups`: what the questions read that services ask while messages flow, on made messages: the status of one
 * (`GET /v1/messages/{id}`), the search by each kind of id, and the campaigns of the console.
 */

import type { ClickhouseReader, QueryParameters, Rows } from "../../../pipeline/read-model/clickhouse-reader.ts";
import { ClickhouseStatus } from "../../../pipeline/read-model/clickhouse-status.ts";
import { findMessages } from "../../../pipeline/read-model/find-messages.ts";
import { EVENT_COLUMNS } from "../../../pipeline/records/event-row.ts";
import { campaigns } from "../../../services/console/read/campaigns.ts";
import { fillTables } from "./fill-tables.ts";
import { type MadeTraffic, madeEvents, madeMessage } from "./made-events.ts";
import type { OwnClickhouse } from "./own-clickhouse.ts";
import { quantile } from "./question-cost.ts";

/** Messages that are looked up, spread over the time. */
const LOOKED_UP = 20;

/** What one kind of question cost, each with all its queries. */
export interface LookUpCost {
  readonly asked: number;
  /** Rows read for the dearest one. */
  readonly rows: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Of ClickHouse's processor time, on the mean. */
  readonly cpuMs: number;
}

/** A reader that counts. */
class CountedReader implements Pick<ClickhouseReader, "lookUp"> {
  private readonly server: OwnClickhouse;
  private readonly database: string;
  rows = 0;

  constructor(server: OwnClickhouse, database: string) {
    this.server = server;
    this.database = database;
  }

  lookUp<T>(work: (rows: Rows) => Promise<T>): Promise<T> {
    return work(async <Row>(query: string, parameters: QueryParameters) => {
      const given = Object.entries(parameters).map(([name, value]) => [`param_${name}`, parameterText(value)]);
      const settings = { ...Object.fromEntries(given), date_time_output_format: "iso", use_query_condition_cache: "0" };
      const { body, rowsRead } = await this.server.ask(`${query} FORMAT JSONEachRow`, this.database, settings);
      this.rows += rowsRead;
      return body
        .toString()
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as Row);
    });
  }
}

function parameterText(value: string | readonly string[]): string {
  return typeof value === "string" ? value : `[${value.map((one) => `'${one}'`).join(",")}]`;
}

/** Fills tables with so many messages of thirty days, and a campaign of so many of one day beside them, and asks. */
export async function costOfLookUps(
  server: OwnClickhouse,
  { messages, campaign, say }: { messages: number; campaign: number; say: (line: string) => void },
) {
  const database = "looked_up";
  const { traffic } = await fillTables(server, database, messages, say);
  const reader = new CountedReader(server, database);
  const measured = async (asks: readonly (() => Promise<unknown[]>)[]): Promise<LookUpCost> => {
    const [rows, taken]: [number[], number[]] = [[], []];
    const cpu = server.cpu();
    for (const ask of asks) {
      reader.rows = 0;
      const began = performance.now();
      if ((await ask()).length === 0) throw new Error("a message that was made is not found");
      taken.push(performance.now() - began);
      rows.push(reader.rows);
    }
    return {
      asked: asks.length,
      rows: Math.max(...rows),
      p50Ms: Math.round(quantile(taken, 0.5)),
      p95Ms: Math.round(quantile(taken, 0.95)),
      cpuMs: Math.round((server.cpu() - cpu) / 1_000 / asks.length),
    };
  };
  const made = await Promise.all(
    Array.from({ length: LOOKED_UP }, (_, n) =>
      messageOf(server, traffic, Math.floor(((n + 0.5) * messages) / LOOKED_UP)),
    ),
  );
  const status = new ClickhouseStatus(reader);
  const found = {
    status: await measured(
      made.map(
        ({ id, account }) =>
          () =>
            status.find(account, id, []),
      ),
    ),
    searchById: await measured(
      made.map(
        ({ id }) =>
          () =>
            findMessages(reader, id),
      ),
    ),
    searchByReference: await measured(
      made
        .filter(({ reference }) => reference !== "")
        .map(
          ({ reference }) =>
            () =>
              findMessages(reader, reference),
        ),
    ),
    searchByProviderId: await measured(
      made.map(
        ({ providerId }) =>
          () =>
            findMessages(reader, providerId),
      ),
    ),
  };
  if (campaign === 0) return found;
  await fillCampaign(server, database, campaign, say);
  const bounds = { rows: 100_000_000, seconds: 60, bytes: 1_000_000_000 };
  const asked = async () => campaigns(reader, "big", 24 * 60, bounds);
  return { ...found, campaign: { messages: campaign, ...(await measured([asked, asked, asked])) } };
}

async function messageOf(server: OwnClickhouse, traffic: MadeTraffic, from: number) {
  const parts = ["toString(message_id)", "account", "reference", "provider_message_ids[1]"].join(", '/', ");
  // Not every message is submitted.
  for (let n = from; ; n++) {
    const [row] = await server.rows<{ value: string }>(madeMessage(traffic, n, `concat(${parts})`));
    const [id = "", account = "", reference = "", providerId = ""] = row!.value.split("/");
    if (id !== "") return { id, account, reference, providerId };
  }
}

/** Messages of the last hours, all with the label `big`, from the table of events itself: some charged on delivery. */
export async function fillCampaign(
  server: OwnClickhouse,
  database: string,
  count: number,
  say: (line: string) => void,
) {
  const hours = 20;
  const everyMs = (hours * 3_600_000) / count;
  // Other messages than those of the month.
  const traffic = { first: 1_000_000_000, count, everyMs, wave: 0, from: 0 };
  const from = Date.now() - hours * 3_600_000 - traffic.first * everyMs;
  const metadata = "map('big', concat('b', toString(cityHash64(message_id) % 3)), 'kind', 'news') AS metadata";
  const step = 250_000;
  for (let first = 0; first < count; first += step) {
    const some = { ...traffic, from, first: traffic.first + first, count: Math.min(step, count - first) };
    const events = madeEvents(some, EVENT_COLUMNS);
    await server.ask(
      `INSERT INTO events (${EVENT_COLUMNS.join(", ")}) SELECT * REPLACE (${metadata}) FROM (${events})`,
      database,
      { max_partitions_per_insert_block: "0", max_insert_threads: "1", max_threads: "2" },
    );
    say(`campaign: ${first + some.count} messages`);
  }
}
