import { randomUUID } from "node:crypto";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClickHouseClient, createClient } from "@clickhouse/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrateClickhouse } from "../../../infra/clickhouse/migrate.ts";
import { clickhouseOptions } from "../../fixture/cluster-handle.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";

/**
 * A database that the first four files made, with what stood in it, is brought to the shape of today: while events still
 * arrive, cut off in the middle, and again.
 */
const FOLDER = join(import.meta.dirname, "../../../infra/clickhouse");
const FIRST_FILES = ["001-events.sql", "002-messages.sql", "003-minutes.sql", "004-views.sql"];
const DAY_MS = 86_400_000;
const NOW = Date.now();

let folder: string;
let client: ClickHouseClient;
let target: Parameters<typeof migrateClickhouse>[0];
let offset = 0;

interface Row {
  readonly id: string;
  readonly to: string;
  readonly type: string;
  readonly at: number;
  readonly acceptedAt?: number;
  readonly currency?: string;
  readonly cost?: string;
  readonly state?: string;
  readonly ids?: string[];
}

const iso = (ms: number) => new Date(ms).toISOString().replace("T", " ").replace("Z", "");

/** Writes rows of events with the columns that there have been from the beginning. */
async function insert(rows: readonly Row[]): Promise<void> {
  const values = rows.map(
    ({ id, to, type, at, acceptedAt = NOW - 2_000, currency = "", cost = "0", state = "", ids = [] }) => ({
      ...{
        at: iso(at),
        type,
        message_id: id,
        attempt: 1,
        account: "acme",
        lane: "otp",
        country: "DE",
        destination: to,
      },
      ...{ accepted_at: iso(acceptedAt), expires_at: iso(acceptedAt + DAY_MS), provider: "alpha", segments: 1 },
      ...{ currency, cost, state, provider_message_ids: ids, log_partition: 0, log_offset: offset++ },
      submitted_at: type === "submitted" ? iso(at) : null,
    }),
  );
  await client.insert({ table: "events", values, format: "JSONEachRow" });
}

const select = async <T>(query: string, parameters: object = {}): Promise<T[]> => {
  const answer = await client.query({ query, query_params: { ...parameters }, format: "JSONEachRow" });
  return (await answer.json()) as T[];
};
const messages = (id: string) =>
  select(
    `SELECT destination, state, final, toUInt32(finals) AS finals, toUInt32(submissions) AS submissions,
       mapApply((c, a) -> (c, toString(a)), costs) AS costs
     FROM messages_latest WHERE message_id = {id:UUID} ORDER BY destination`,
    { id },
  );

const [mixed, plain, old, live] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];

/** All that happens to a message to one destination. */
function course(id: string, to: string, currency: string, acceptedAt = NOW - 2_000): Row[] {
  const base = { id, to, acceptedAt };
  return [
    { ...base, type: "routed", at: acceptedAt + 100, currency: "USD" },
    { ...base, type: "submitted", at: acceptedAt + 200, currency, cost: "0.068", ids: ["870928761"] },
    { ...base, type: "final", at: acceptedAt + 1_000, currency, state: "delivered" },
  ];
}

beforeAll(async () => {
  const { url, username, password } = clickhouseOptions(sharedCluster());
  target = { url, user: username, password, database: `upgrade_${process.pid}_${Date.now()}` };
  folder = mkdtempSync(join(tmpdir(), "sluice-upgrade-"));
  for (const file of FIRST_FILES) cpSync(join(FOLDER, file), join(folder, file));
  await migrateClickhouse(target, folder);
  client = createClient({ url, username, password, database: target.database });
  // A message whose events have been dropped with their day: only its row is left.
  const longAgo = course(old, "491700000003", "EUR", NOW - 80 * DAY_MS);
  await insert([...longAgo, { ...longAgo[1]!, at: longAgo[1]!.at + 50 }]);
  await client.command({ query: "ALTER TABLE events DELETE WHERE 1 SETTINGS mutations_sync = 2" });
  await insert([...course(mixed, "491700000001", "EUR"), ...course(mixed, "491700000002", "GBP").slice(0, 2)]);
  await insert(course(plain, "491700000004", "EUR"));
});

afterAll(async () => {
  await client.command({ query: `DROP DATABASE IF EXISTS ${target.database}` });
  await client.close();
  rmSync(folder, { recursive: true });
});

describe("an older database", () => {
  it("is brought up to date while events arrive, also after having been cut off", async () => {
    const before = await select("SELECT state FROM messages_latest WHERE message_id = {id:UUID}", { id: mixed });
    expect(before, "two destinations, one row").toHaveLength(1);
    // Cut off before it is on record: the same file is applied once more.
    cpSync(join(FOLDER, "005-deliveries.sql"), join(folder, "005-deliveries.sql"));
    await migrateClickhouse(target, folder);
    await insert(course(live, "491700000005", "EUR").slice(0, 2));
    await client.command({
      query: "ALTER TABLE migrations DELETE WHERE name LIKE '005%' SETTINGS mutations_sync = 2",
    });
    let writing = true;
    const others: string[] = [];
    const writer = (async () => {
      while (writing) {
        const id = randomUUID();
        others.push(id);
        await insert(course(id, "491700000006", "EUR"));
      }
    })();
    await expect.poll(() => others.length, { timeout: 30_000 }).toBeGreaterThan(2);
    await migrateClickhouse(target);
    writing = false;
    await writer;
    await insert(course(live, "491700000005", "EUR").slice(2));
    expect((await migrateClickhouse(target)).applied).toEqual([]);
    const found = await select(
      `SELECT toUInt32(count()) AS n, toUInt32(countIf(finals != 1 OR submissions != 1 OR costs != map('EUR', toDecimal128('0.068', 6)))) AS wrong
       FROM messages_latest WHERE destination = '491700000006'`,
    );
    expect(found).toEqual([{ n: others.length, wrong: 0 }]);
  });

  it("has its destinations apart, and each amount in its own currency", async () => {
    const ended = { state: "delivered", final: 1, finals: 1, submissions: 1 };
    expect(await messages(mixed)).toEqual([
      { destination: "491700000001", ...ended, costs: { EUR: "0.068" } },
      { destination: "491700000002", ...ended, state: "submitted", final: 0, finals: 0, costs: { GBP: "0.068" } },
    ]);
    expect(await messages(plain)).toEqual([{ destination: "491700000004", ...ended, costs: { EUR: "0.068" } }]);
    expect(await messages(live)).toEqual([{ destination: "491700000005", ...ended, costs: { EUR: "0.068" } }]);
  });

  it("still has the messages whose events are gone, with what they cost", async () => {
    expect(await messages(old)).toEqual([
      { destination: "491700000003", state: "delivered", final: 1, finals: 1, submissions: 2, costs: { USD: "0.136" } },
    ]);
    expect(
      await select("SELECT name FROM system.tables WHERE database = currentDatabase() AND name = 'messages'"),
    ).toEqual([]);
  });

  it("sums up old minutes as it did, and new ones by currency", async () => {
    const sums = await select<{ amount: string }>(
      "SELECT toString(arraySum(mapValues(sumMap(costs)))) AS amount FROM provider_minutes",
    );
    const rows = await select<{ amount: string }>(
      "SELECT toString(sumIf(toDecimal128(cost, 6), type = 'submitted') + toDecimal128('0.136', 6)) AS amount FROM events",
    );
    expect(sums).toEqual(rows);
  });

  it("finds old rows by the id that the provider's portal shows", async () => {
    const found = await select(
      "SELECT toUInt32(count()) AS n FROM events WHERE hasAny(provider_id_keys, ['870928761']) AND message_id = {id:UUID}",
      { id: plain },
    );
    expect(found).toEqual([{ n: 1 }]);
  });
});
