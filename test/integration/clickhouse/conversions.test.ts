import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ClickhouseReader } from "../../../pipeline/read-model/clickhouse-reader.ts";
import { ClickhouseStatus } from "../../../pipeline/read-model/clickhouse-status.ts";
import { createCodecs } from "../../../pipeline/records/codecs.ts";
import { BlockInserter } from "../../../platform/clickhouse/block-inserter.ts";
import { Secret } from "../../../platform/config/secret.ts";
import { CONVERSION_COLUMNS, ConversionBlock } from "../../../services/analytics-sink/conversions/conversion-block.ts";
import { ConversionLookups } from "../../../services/analytics-sink/conversions/conversion-lookups.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { event, facts } from "../../unit/analytics-sink/events.ts";
import { type TestDatabase, testDatabase } from "./database.ts";

const NOW = Date.now();
let nextId = 1;
const codecs = await createCodecs({ idOf: async () => nextId++, schemaOf: async () => undefined });

let db: TestDatabase;
let inserter: BlockInserter;
let lookups: ConversionLookups;
beforeAll(async () => {
  db = await testDatabase(sharedCluster(), "conversions");
  const { url, user, password, database } = db.target;
  const config = {
    clickhouseUrl: url,
    clickhouseUser: user,
    clickhousePassword: password === "" ? undefined : new Secret(password),
    clickhouseDatabase: database,
  };
  inserter = new BlockInserter(config, {
    table: "conversions",
    columns: CONVERSION_COLUMNS,
    connections: 1,
    timeoutMs: 30_000,
  });
  lookups = new ConversionLookups(config);
});
afterAll(async () => {
  await Promise.all([inserter?.close(), lookups?.close()]);
  await db?.drop();
});

/** Stores words as the sink does. */
async function tell(
  words: readonly { id: string; account?: string; converted: boolean; at?: number; toldAt?: number }[],
) {
  const block = new ConversionBlock(codecs);
  for (const { id, account = "acme", converted, at = NOW, toldAt = NOW } of words) {
    const value = codecs.conversion.encode({ messageId: id, accountId: account, converted, at });
    const record = { topic: "sms.conversions", partition: 0, offset: 0, key: null, value, headers: {} };
    expect(block.add({ ...record, timestamp: toldAt })).toBe("added");
  }
  await inserter.insert(block.encoded(), randomUUID());
}

/** A message that a provider took, and how it ended. */
async function message(id: string, provider: string, state: "delivered" | "undelivered", accountId = "acme") {
  const about = facts({
    messageId: id,
    accountId,
    lane: "otp",
    country: "DE",
    network: "26201",
    acceptedAt: NOW - 9_000,
  });
  const base = { facts: about, attempt: 1, provider, submittedAt: NOW - 8_000 };
  await db.insert(
    [
      event({ ...base, type: "routed", submittedAt: null, at: NOW - 8_500 }),
      event({ ...base, type: "submitted", at: NOW - 8_000 }),
      event({ ...base, type: "final", state, at: NOW - 5_000 }),
    ],
    id,
  );
}

const latest = (id: string) =>
  db.rows<{ account: string; converted: number; told: number; at: number | null }>(
    `SELECT account, converted, toUnixTimestamp64Milli(told_at) AS told, toUnixTimestamp64Milli(converted_at) AS at
     FROM conversions_latest WHERE message_id = {id:UUID} ORDER BY account`,
    { id },
  );

describe("what applications tell of their messages", () => {
  it("is one word for each message, converted where any word says so, in whatever order, block or day they come", async () => {
    const id = randomUUID();
    await tell([{ id, converted: false, toldAt: NOW - 86_400_000 }]);
    await tell([
      { id, converted: true, at: NOW - 20 },
      { id, converted: true, at: NOW - 30 },
    ]);
    await tell(Array.from({ length: 1_000 }, () => ({ id, converted: false })));
    expect(await latest(id)).toEqual([{ account: "acme", converted: 1, told: NOW - 86_400_000, at: NOW - 30 }]);
    await db.client.command({ query: "OPTIMIZE TABLE conversions FINAL" });
    expect(await latest(id)).toHaveLength(1);
    expect(await latest(id)).toMatchObject([{ converted: 1, at: NOW - 30 }]);
  });

  it("stands in the status of the account's message", async () => {
    const id = randomUUID();
    await message(id, "alpha", "delivered");
    await tell([{ id, account: "globex", converted: true }]);
    const reader = new ClickhouseReader(db.target);
    const status = new ClickhouseStatus(reader);
    try {
      expect((await status.find("acme", id, []))[0]).not.toHaveProperty("conversion");
      await tell([{ id, converted: false }]);
      const toldAt = new Date(NOW).toISOString();
      expect((await status.find("acme", id, []))[0]?.conversion).toEqual({ converted: false, toldAt });
      await tell([{ id, converted: true, at: NOW - 50, toldAt: NOW + 10 }]);
      const at = new Date(NOW - 50).toISOString();
      expect((await status.find("acme", id, []))[0]).toMatchObject({
        status: "delivered",
        history: [{ type: "routed" }, { type: "submitted" }, { type: "final" }],
        conversion: { converted: true, at, toldAt },
      });
    } finally {
      await reader.close();
    }
  });

  it("is each account's own word", async () => {
    const id = randomUUID();
    await tell([
      { id, converted: false },
      { id, account: "globex", converted: true },
    ]);
    expect(await latest(id)).toMatchObject([
      { account: "acme", converted: 0, at: null },
      { account: "globex", converted: 1 },
    ]);
  });

  it("finds the way of its message, where one was submitted", async () => {
    const [taken, waiting, none] = [randomUUID(), randomUUID(), randomUUID()];
    await message(taken, "alpha", "delivered");
    await db.insert(
      [event({ facts: facts({ messageId: waiting, network: null }), type: "routed", provider: "alpha", attempt: 1 })],
      waiting,
    );
    const found = await lookups.find([taken, waiting, none]);
    expect(found.find(({ messageId }) => messageId === taken)).toEqual({
      messageId: taken,
      accountId: "acme",
      acceptedAt: NOW - 9_000,
      way: { provider: "alpha", country: "DE", network: "26201", lane: "otp" },
    });
    expect(found.find(({ messageId }) => messageId === waiting)?.way).toBeUndefined();
    expect(found).toHaveLength(2);
  });

  it("is looked up by a thousand ids at once, reading those alone", async () => {
    const ids = Array.from({ length: 1_000 }, () => randomUUID());
    expect(await lookups.find(ids)).toEqual([]);
    for (const view of ["messages_latest", "conversions_latest"]) {
      const plan = await db.rows<{ explain: string }>(
        `EXPLAIN indexes = 1 SELECT account FROM ${view} WHERE message_id IN {ids:Array(UUID)}`,
        { ids: ids.slice(0, 2) },
      );
      // Without the lines of the tree that the plan is drawn as.
      const text = plan.map((line) => line.explain.replace(/[│├└─]/g, " ")).join("\n");
      expect(text, view).toMatch(/PrimaryKey\s+Keys:\s+message_id/);
    }
  });
});

describe("the queries of conversions", () => {
  const query = (name: string) =>
    readFileSync(join(import.meta.dirname, "../../../infra/clickhouse/queries", name), "utf8");
  const ids = Array.from({ length: 8 }, () => randomUUID());
  beforeAll(async () => {
    await db.client.command({ query: "TRUNCATE TABLE recipients" });
    for (const id of ids.slice(0, 4)) await message(id, "honest", "delivered");
    for (const id of ids.slice(4, 7)) await message(id, "grey", "delivered");
    await message(ids[7]!, "grey", "undelivered");
    await tell([
      ...[0, 1, 2].map((n) => ({ id: ids[n]!, converted: n < 2 })),
      ...[4, 5, 7].map((n) => ({ id: ids[n]!, converted: n === 4 })),
      // Of another account's message.
      { id: ids[3]!, account: "globex", converted: true },
    ]);
  });

  it("tell what converts beside what was delivered, and count nothing of what was not told", async () => {
    const rows = await db.rows<Record<string, unknown>>(query("conversion-rate.sql"));
    const place = { country: "DE", network: "26201", lane: "otp" };
    expect(
      rows.map((row) => ({
        ...row,
        messages: Number(row.messages),
        told: Number(row.told),
        converted: Number(row.converted),
      })),
    ).toEqual([
      {
        ...place,
        provider: "grey",
        messages: 4,
        delivered_percent: 75,
        told: 3,
        converted: 1,
        converted_percent: 33.3,
      },
      {
        ...place,
        provider: "honest",
        messages: 4,
        delivered_percent: 100,
        told: 3,
        converted: 2,
        converted_percent: 66.7,
      },
    ]);
  });

  it("tell which messages were delivered, as is said, and did not convert", async () => {
    const rows = await db.rows<{ provider: string; messages: string; some_ids: string[] }>(
      query("delivered-not-converted.sql"),
    );
    expect(rows.map(({ provider, messages, some_ids }) => [provider, Number(messages), some_ids]).sort()).toEqual([
      ["grey", 1, [ids[5]]],
      ["honest", 1, [ids[2]]],
    ]);
  });
});
