import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ControlClient } from "../../../infra/local/control-client.ts";
import { compareRollUps } from "../../../pipeline/read-model/compare-roll-ups.ts";
import { EVENT_COLUMNS, EVENT_TYPES, writeEventRow } from "../../../pipeline/records/event-row.ts";
import { BlockInserter } from "../../../platform/clickhouse/block-inserter.ts";
import { NativeBlock } from "../../../platform/clickhouse/native-block.ts";
import type { ClickhouseConfig } from "../../../platform/clickhouse/settings.ts";
import { Secret } from "../../../platform/config/secret.ts";
import type { Doubt } from "../../../platform/kafka/sink-store.ts";
import type { Event } from "../../../schemas/generated/types.ts";
import { CrashedBlocks } from "../../../services/analytics-sink/crashed-blocks.ts";
import { type OwnCluster, startCluster } from "../../fixture/cluster.ts";
import { event, facts } from "../../unit/analytics-sink/events.ts";
import { type TestDatabase, testDatabase } from "./database.ts";

/**
 * ClickHouse notes a block's token and then gives the part its name; killed in between it takes the block for stored. Here it is killed, and the
 * part taken away that it would not have had: the same files as after such a kill, at the same place each time.
 */
const TABLE = { table: "events", columns: EVENT_COLUMNS, format: "Native" } as const;
const PARTITION = 3;
const LOOKS = { lackingMs: 1_500, mostMs: 5_000 };

let cluster: OwnCluster;
let db: TestDatabase;
let inserter: BlockInserter;
let crashed: CrashedBlocks;
let told: Told[];
let offset = 0;

beforeAll(async () => {
  cluster = await startCluster();
  db = await testDatabase(cluster, "crashed");
  inserter = new BlockInserter(configOf(db), { ...TABLE, connections: 1, timeoutMs: 30_000 });
  crashed = new CrashedBlocks(configOf(db), logged(), LOOKS);
});
afterAll(async () => {
  await Promise.all([inserter?.close(), crashed?.close()]);
  await db?.drop();
  await cluster?.stop();
});

function configOf({ target: { url, user, password, database } }: TestDatabase): ClickhouseConfig {
  return {
    ...{ clickhouseUrl: url, clickhouseUser: user, clickhouseDatabase: database },
    clickhousePassword: password === "" ? undefined : new Secret(password),
  };
}

function logged() {
  const note = (level: string) => (fields: unknown) => void told.push({ level, ...(fields as Omit<Told, "level">) });
  return { warn: note("warn"), error: note("error") };
}

interface Told {
  readonly level: string;
  readonly table: string;
  readonly block: string;
}

interface Block {
  readonly rows: () => Buffer;
  readonly doubt: Doubt;
}

/** Messages that were submitted, and delivered at once: one to each number. */
function block(messages: number): Block {
  return blockOf(Array.from({ length: messages }, (_, n) => course(`4917139200${10 + n}`)).flat());
}

function blockOf(given: readonly Event[], ageMs = 3_600_000): Block {
  const start = offset;
  const rows = new NativeBlock(EVENT_TYPES);
  for (const one of given) expect(writeEventRow(rows, one, PARTITION, offset++)).toBeUndefined();
  const doubt = {
    token: `g/sms.events/${start}-${offset}`,
    partition: PARTITION,
    start,
    end: offset,
    ageMs,
    alive: () => true,
  };
  return { rows: () => rows.encoded(), doubt };
}

function course(to: string): Event[] {
  const at = Date.now();
  const routed = event({
    ...{ type: "routed", at, attempt: 1, provider: "p" },
    facts: facts({
      messageId: randomUUID(),
      accountId: "acme",
      lane: "otp",
      to,
      from: "ACME",
      country: "DE",
      acceptedAt: at - 50,
    }),
  });
  const submitted: Event = {
    ...routed,
    type: "submitted",
    at: at + 1,
    submittedAt: at + 1,
    cost: 75_000,
    currency: "EUR",
  };
  const final: Event = {
    ...submitted,
    type: "final",
    at: at + 2,
    state: "delivered",
    receiptAt: at + 2,
    cost: null,
    currency: null,
  };
  return [routed, submitted, final];
}

const insert = ({ rows, doubt }: Block) => inserter.insert(rows, doubt.token);

/** The newest part of a table is gone, and ClickHouse has started anew. */
async function killedBeforeNaming(table: string, order = "ORDER BY max_block_number DESC"): Promise<void> {
  const [part] = await db.rows<{ path: string }>(
    `SELECT path FROM system.parts WHERE active AND database = '${db.name}' AND table = '${table}' ${order} LIMIT 1`,
  );
  const { shared } = cluster;
  if (shared.engine !== "native")
    throw new Error("this takes files away from ClickHouse: SLUICE_CLUSTER_ENGINE=native");
  const control = new ControlClient(shared.stateDir);
  await control.signal("clickhouse", "SIGKILL", { keepDown: true });
  rmSync(join(part!.path), { recursive: true });
  await control.start("clickhouse");
}

const differing = async () => (await compareRollUps(db.client)).differing;
const events = async () => Number((await db.rows<{ n: string }>("SELECT toString(count()) AS n FROM events"))[0]!.n);

/** What a block of events is put into, by itself or by a view. */
const TABLES = ["events", "minutes", "periods", "recipients", "message_keys"];

describe("a block that ClickHouse was given when it was killed", () => {
  // So that the block's part stays one of its own.
  beforeAll(async () => {
    for (const table of TABLES)
      await db.client.command({
        query: `ALTER TABLE ${table} MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1`,
      });
  });

  for (const table of TABLES)
    it(`is filled in where ${table} lacks it, and nowhere else`, async () => {
      told = [];
      await insert(block(4));
      const lost = block(3);
      await insert(lost);
      const before = await events();
      expect(await differing()).toEqual([]);
      await killedBeforeNaming(table);
      // As the sink does: the token is known.
      await insert(lost);
      expect(await differing(), "ClickHouse takes it for stored").not.toEqual([]);
      // Somebody else's block comes in meanwhile.
      await insert(block(2));
      await crashed.events(TABLE, lost.rows, lost.doubt);
      expect(await differing()).toEqual([]);
      expect(await events()).toBe(before + 6);
      // Alike however often they are there: given without a word.
      expect(told).toEqual(
        ["recipients", "message_keys"].includes(table) ? [] : [{ level: "warn", table, block: lost.doubt.token }],
      );
      await crashed.events(TABLE, lost.rows, lost.doubt);
      expect(await differing(), "filled in once").toEqual([]);
    });

  it("is left alone when it is stored everywhere, or ClickHouse has run since before it was first given, or another owns the partition", async () => {
    told = [];
    const stored = block(3);
    await insert(stored);
    await crashed.events(TABLE, stored.rows, stored.doubt);
    expect(await differing()).toEqual([]);
    const lost = block(3);
    await insert(lost);
    await killedBeforeNaming("minutes");
    await pause(3_000);
    const [{ up }] = (await db.rows<{ up: number }>("SELECT toFloat64(uptime()) AS up")) as [{ up: number }];
    expect(up).toBeGreaterThan(2);
    await crashed.events(TABLE, lost.rows, { ...lost.doubt, ageMs: (up - 2.5) * 1_000 });
    await crashed.events(TABLE, lost.rows, { ...lost.doubt, alive: () => false });
    expect(await differing()).not.toEqual([]);
    expect(told).toEqual([]);
    await crashed.events(TABLE, lost.rows, lost.doubt);
    expect(await differing()).toEqual([]);
    const tables = await db.rows(
      "SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE '%in_doubt%'",
    );
    expect(tables).toEqual([]);
  });

  it.each(["minutes", "periods"])("has what it is owed for submissions of another month in %s", async (table) => {
    told = [];
    const lost = blockOf(
      course("491713920010").map((one) => {
        if (one.type !== "final") return one;
        // A submission of 40 days ago, charged now that it is delivered.
        return {
          ...one,
          submittedAt: one.at - 40 * 86_400_000,
          cost: 80_000,
          currency: "EUR",
          onDelivery: true,
        };
      }),
    );
    await insert(lost);
    expect(await differing()).toEqual([]);
    await killedBeforeNaming(table, "ORDER BY partition, max_block_number DESC");
    await insert(lost);
    expect(await differing()).not.toEqual([]);
    await crashed.events(TABLE, lost.rows, lost.doubt);
    expect(await differing()).toEqual([]);
    expect(told).toEqual([]);
  });

  it("is told of, and holds nobody up, where a view is another", async () => {
    const one = block(2);
    await insert(one);
    told = [];
    await db.client.command({ query: "RENAME TABLE recipients_from_events TO another" });
    await crashed.events(TABLE, one.rows, one.doubt);
    await db.client.command({ query: "RENAME TABLE another TO recipients_from_events" });
    // The other tables are looked at all the same.
    expect(told).toEqual([{ level: "error", table: "recipients", block: one.doubt.token, why: expect.any(String) }]);
    expect(await differing()).toEqual([]);
  });

  it("is told of when a table differs by something else", async () => {
    told = [];
    const one = block(3);
    await insert(one);
    // One message of another block, in the same minute, that minutes has twice.
    await db.client.command({
      query: `INSERT INTO minutes (minute, provider, account, lane, country, network, summed, routed)
        SELECT minute, provider, account, lane, country, network, summed, 1 FROM minutes ORDER BY minute DESC LIMIT 1`,
    });
    await crashed.events(TABLE, one.rows, one.doubt);
    expect(told).toEqual([{ level: "error", table: "minutes", block: one.doubt.token }]);
  });
});
