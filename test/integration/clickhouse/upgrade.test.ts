import { randomUUID } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type ClickHouseClient, createClient } from "@clickhouse/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrateClickhouse, splitStatements } from "../../../infra/clickhouse/migrate.ts";
import { questions } from "../../../infra/clickhouse/questions.ts";
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
  /** Since 010-charged-on-delivery.sql. */
  readonly charged?: string;
  readonly submittedAt?: number;
}

const iso = (ms: number) => new Date(ms).toISOString().replace("T", " ").replace("Z", "");

/** Writes rows of events with the columns that there have been from the beginning. `token`: by which ClickHouse knows the block again. */
async function insert(rows: readonly Row[], token = ""): Promise<void> {
  const values = rows.map(
    ({
      id,
      to,
      type,
      at,
      acceptedAt = NOW - 2_000,
      currency = "",
      cost = "0",
      state = "",
      ids = [],
      charged,
      submittedAt,
    }) => ({
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
      submitted_at: submittedAt !== undefined ? iso(submittedAt) : type === "submitted" ? iso(at) : null,
      ...(charged === undefined ? {} : { charged }),
    }),
  );
  await client.insert({
    ...{ table: "events", values, format: "JSONEachRow" },
    clickhouse_settings: {
      insert_deduplication_token: token,
      deduplicate_blocks_in_dependent_materialized_views: token === "" ? 0 : 1,
    },
  });
}

/** As the sink does, which inserts again what is refused while a view is renamed. */
async function insertPatiently(rows: readonly Row[]): Promise<void> {
  for (;;) {
    try {
      return await insert(rows);
    } catch (error) {
      if ((error as { type?: string }).type !== "TOO_MANY_PARTS") throw error;
      await pause(100);
    }
  }
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
function course(id: string, to: string, currency: string, acceptedAt = NOW - 2_000, providerId = "870928761"): Row[] {
  const base = { id, to, acceptedAt };
  return [
    { ...base, type: "routed", at: acceptedAt + 100, currency: "USD" },
    { ...base, type: "submitted", at: acceptedAt + 200, currency, cost: "0.068", ids: [providerId] },
    { ...base, type: "final", at: acceptedAt + 1_000, currency, state: "delivered" },
  ];
}

/** Charged on delivery; `owes`: by rows from before the views, and by rows that come in. */
const owes = [randomUUID(), randomUUID()];

/** Two receipts of one submission: the greater amount counts. */
function charged(id: string, to: string): Row[] {
  const base = { id, to, currency: "CHF", charged: "delivery" };
  return [
    { ...base, type: "routed", at: NOW - 1_900 },
    { ...base, type: "submitted", at: NOW - 1_800 },
    { ...base, type: "receipt", at: NOW - 900, cost: "0.03", submittedAt: NOW - 1_800 },
    { ...base, type: "final", at: NOW - 800, cost: "0.07", submittedAt: NOW - 1_800, state: "delivered" },
  ];
}

const sums = (source: string) =>
  select<Record<string, string>>(
    `SELECT toString(sum(t.submitted)) AS submitted, toString(sum(t.delivered)) AS delivered, toString(sum(t.segments)) AS segments,
       mapApply((c, a) -> (c, toString(a)), mapSort(sumMap(t.costs))) AS costs FROM ${source} AS t`,
  );

/** Whole messages to a number, one after the other, until it is stopped; each has a provider id of its own, since only so many of one are found. */
function writing(to: string) {
  let going = true;
  const ids: string[] = [];
  const writer = (async () => {
    while (going) {
      const id = randomUUID();
      ids.push(id);
      await insertPatiently(course(id, to, "EUR", NOW - 2_000, id));
    }
  })();
  return {
    /** When so many have been written. */
    after: (count: number) => expect.poll(() => ids.length, { timeout: 30_000 }).toBeGreaterThan(count),
    now: async (): Promise<readonly string[]> => {
      going = false;
      await writer;
      return ids;
    },
  };
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
    const stop = writing("491700000006");
    await stop.after(2);
    await migrateClickhouse(target);
    const others = await stop.now();
    await insert(course(live, "491700000005", "EUR").slice(2));
    expect((await migrateClickhouse(target)).applied).toEqual([]);
    const found = await select(
      `SELECT toUInt32(count()) AS n, toUInt32(countIf(finals != 1 OR submissions != 1 OR costs != map('EUR', toDecimal128('0.068', 6)))) AS wrong
       FROM messages_latest WHERE destination = '491700000006'`,
    );
    expect(found).toEqual([{ n: others.length, wrong: 0 }]);
  });

  it("holds inserts while views are renamed, also where parts are so large that many are allowed", async () => {
    const [hold, ...others] = splitStatements(readFileSync(join(FOLDER, "025-names-of-blocks.sql"), "utf8"));
    await client.command({ query: "ALTER TABLE events MODIFY SETTING max_avg_part_size_for_too_many_parts = 1" });
    await client.command({ query: hold! });
    await expect(insert(course(randomUUID(), "491700000008", "EUR"))).rejects.toThrow("Too many parts");
    await client.command({ query: others.at(-1)! });
    await insert(course(randomUUID(), "491700000008", "EUR"));
  });

  it("knows a block again that comes once more after ClickHouse has been started anew", async () => {
    const block = course(randomUUID(), "491700000007", "EUR");
    await insert(block, "in doubt");
    const counted = async () => ({ minutes: await sums("traffic_minutes"), hours: await sums("traffic_periods") });
    const before = await counted();
    // What a start does to them: they are read from their definitions.
    const views = await select<{ name: string }>(
      "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'MaterializedView'",
    );
    expect(views.length).toBeGreaterThan(2);
    for (const { name } of views) {
      await client.command({ query: `DETACH TABLE ${name} SYNC` });
      await client.command({ query: `ATTACH TABLE ${name}` });
    }
    await insert(block, "in doubt");
    expect(await counted()).toEqual(before);
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

  it("finds what was there before by every id and by its number, and what is left of a message without events", async () => {
    const keys = async (id: string) => {
      const question = questions().find(({ name }) => name === "find-message")!;
      const found = await select<{ found_by: string; message_id: string }>(question.sql, { id });
      return found.map(({ found_by, message_id }) => [found_by, message_id]);
    };
    expect(await keys(old)).toEqual([["message id", old]]);
    expect(await keys(plain)).toEqual([["message id", plain]]);
    expect(await keys("33E95179")).toContainEqual(["provider id", plain]);
    const numbers = await select(
      "SELECT DISTINCT message_id FROM message_keys WHERE key = sipHash64('destination', '491700000003')",
    );
    expect(numbers).toEqual([{ message_id: old }]);
  });
});

describe("a database without sums by hour and day", () => {
  beforeAll(async () => {
    await client.command({ query: `DROP DATABASE IF EXISTS ${target.database}` });
    copyFiles("012");
    await migrateClickhouse(target, folder);
    await insert([...course(plain, "491700000004", "EUR"), ...course(mixed, "491700000004", "EUR", NOW - 3 * DAY_MS)]);
    await insert(charged(owes[0]!, "491700000010"));
    before = await latest();
  });

  let before: unknown[];
  /** All that is said of the messages that were there first. */
  const latest = () =>
    select(
      `SELECT * FROM messages_latest WHERE destination IN ('491700000004', '491700000010') ORDER BY message_id, destination`,
    );
  const copyFiles = (until: string) => {
    for (const file of readdirSync(FOLDER).filter((name) => /^0\d\d-.*sql$/.test(name) && name < until))
      cpSync(join(FOLDER, file), join(folder, file));
  };
  const counted = () =>
    select(
      `SELECT toString(countIf(type = 'submitted')) AS submitted, toString(countIf(type = 'final')) AS delivered, toString(countIf(type = 'submitted')) AS segments,
         map('CHF', '0.14', 'EUR', toString(sumIf(toDecimal128(cost, 6), type = 'submitted'))) AS costs FROM events`,
    );
  const EVER = "traffic_between(from = toDateTime('2000-01-01 00:00:00', 'UTC'), to = now() + INTERVAL 1 DAY)";

  it("has them of all rows, each once, when it was brought up to date while events arrive", async () => {
    const stop = writing("491700000006");
    await stop.after(2);
    copyFiles("015");
    await migrateClickhouse(target, folder);
    const others = await stop.now();
    expect(before).toHaveLength(3);
    expect(await latest()).toEqual(before);
    expect(
      await select(
        "SELECT toUInt32(count()) AS n, toUInt32(countIf(finals != 1 OR submissions != 1)) AS wrong FROM messages_latest WHERE destination = '491700000006'",
      ),
    ).toEqual([{ n: others.length, wrong: 0 }]);
    await insert(charged(owes[1]!, "491700000011"));
    expect(await sums("traffic_minutes")).toEqual(await counted());
    expect(await sums(EVER)).toEqual(await counted());
    // Whole days, hours and minutes, each for itself.
    const ends = [NOW - 3 * DAY_MS - 3_600_000, NOW - 3 * DAY_MS + 100, NOW - 61_000, NOW + 7_200_000].map((ms) =>
      iso(ms).slice(0, 19),
    );
    for (const [i, from] of ends.entries())
      for (const to of ends.slice(i + 1)) {
        const minutes = `(SELECT * FROM traffic_minutes WHERE minute >= '${from}' AND minute < '${to}')`;
        const between = `traffic_between(from = toDateTime('${from}', 'UTC'), to = toDateTime('${to}', 'UTC'))`;
        expect(await sums(between), `${from} to ${to}`).toEqual(await sums(minutes));
      }
  });

  it("has them once also when the files are applied again, and finds messages by what message_keys has", async () => {
    await client.command({ query: "ALTER TABLE migrations DELETE WHERE name >= '012' SETTINGS mutations_sync = 2" });
    expect((await migrateClickhouse(target)).applied).toEqual(
      expect.arrayContaining(["012-message-keys.sql", "013-periods.sql"]),
    );
    expect(await sums(EVER)).toEqual(await counted());
    const lost = `SELECT toUInt32(count()) AS n FROM messages_latest WHERE (message_id, accepted_at) NOT IN
      (SELECT message_id, accepted_at FROM message_keys WHERE key IN (SELECT sipHash64('message id', toString(message_id)) FROM recipients))`;
    expect(await select(lost)).toEqual([{ n: 0 }]);
    const unlisted = `SELECT toUInt32(count()) AS n FROM messages_latest WHERE (message_id, accepted_at) NOT IN
      (SELECT message_id, accepted_at FROM message_keys WHERE key IN (SELECT sipHash64('account', account) FROM recipients))`;
    expect(await select(unlisted)).toEqual([{ n: 0 }]);
  });

  it("has what is charged on delivery in the rows of its messages, also of those from before, and when these files are applied again", async () => {
    const charges = () =>
      select(
        `SELECT message_id, destination, attempt, repeated, provider, account, country, currency, toString(cost) AS cost FROM delivery_charges ORDER BY destination`,
      );
    const of = (id: string, destination: string) => ({
      ...{ message_id: id, destination, attempt: 1, repeated: false, provider: "alpha" },
      ...{ account: "acme", country: "DE", currency: "CHF", cost: "0.07" },
    });
    const all = [of(owes[0]!, "491700000010"), of(owes[1]!, "491700000011")];
    expect(await latest()).toEqual(before);
    expect(await charges()).toEqual(all);
    const again = "ALTER TABLE migrations DELETE WHERE name >= '023' SETTINGS mutations_sync = 2";
    await client.command({ query: again });
    await migrateClickhouse(target);
    expect(await latest()).toEqual(before);
    expect(await charges()).toEqual(all);
  });
});
