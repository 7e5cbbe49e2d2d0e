import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrateClickhouse } from "../../../infra/clickhouse/migrate.ts";
import { EVENT_COLUMNS } from "../../../pipeline/records/event-row.ts";
import type { Event } from "../../../schemas/generated/types.ts";
import { madeEvents } from "../../bench/sql/made-events.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { event, facts } from "../../unit/analytics-sink/events.ts";
import { type TestDatabase, testDatabase } from "./database.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase(sharedCluster(), "tables");
});
afterAll(() => db?.drop());

const NOW = Date.now();
const iso = (ms: number) => new Date(ms).toISOString().replace("T", " ").replace("Z", "");

/** A message that is returned by one provider, submitted twice at another, and delivered. */
function story(messageId: string): Event[] {
  const about = facts({
    messageId,
    segments: 2,
    acceptedAt: NOW,
    expiresAt: NOW + 60_000,
    metadata: { campaign: "may" },
  });
  const base = { facts: about, route: "de", currency: "EUR", price: 7_500 };
  const submitted = {
    ...base,
    attempt: 2,
    provider: "beta",
    type: "submitted",
    cost: 15_000,
    providerMessageIds: ["1", "2"],
  } as const;
  return [
    event({ ...base, type: "routed", at: NOW + 5, attempt: 1, provider: "alpha", reason: "priority" }),
    event({
      ...base,
      type: "returned",
      at: NOW + 50,
      attempt: 1,
      provider: "alpha",
      errorClass: "throttled",
      errorCode: "ESME_RTHROTTLED",
    }),
    event({ ...base, type: "routed", at: NOW + 60, attempt: 2, provider: "beta", reason: "failover" }),
    event({ ...submitted, at: NOW + 100, submittedAt: NOW + 100 }),
    event({ ...submitted, at: NOW + 900, submittedAt: NOW + 900, resubmitted: "owner lost" }),
    event({
      ...base,
      type: "receipt",
      at: NOW + 1_000,
      attempt: 2,
      provider: "beta",
      part: 1,
      state: "enroute",
      submittedAt: NOW + 900,
    }),
    event({
      ...base,
      type: "final",
      at: NOW + 3_000,
      attempt: 2,
      provider: "beta",
      state: "delivered",
      submittedAt: NOW + 900,
      doneAt: NOW + 2_500,
      receiptAt: NOW + 2_900,
    }),
  ];
}

describe("migration", () => {
  it("changes nothing the second time", async () => {
    const files = readdirSync(join(import.meta.dirname, "../../../infra/clickhouse")).filter((f) => f.endsWith(".sql"));
    expect(await migrateClickhouse(db.target)).toEqual({ applied: [], present: files.length });
  });

  it("refuses a file that differs from what was applied", async () => {
    const other = await testDatabase(sharedCluster(), "changed");
    await other.client.insert({
      table: "migrations",
      values: [{ name: "002-messages.sql", checksum: "other", applied_at: "2099-01-01 00:00:00" }],
      format: "JSONEachRow",
    });
    await expect(migrateClickhouse(other.target)).rejects.toThrow(/002-messages.sql has changed/);
    await other.drop();
  });
});

describe("events", () => {
  it("keeps every field as it was written", async () => {
    const messageId = randomUUID();
    const said = event({
      type: "final",
      at: NOW,
      attempt: 3,
      facts: facts({
        messageId,
        from: "Grüße",
        metadata: { team: "a", ключ: "значение ".repeat(40) },
        segments: 300,
        reference: "x".repeat(64),
      }),
      provider: "alpha",
      route: "r1",
      reason: "why",
      price: 1,
      cost: 123_456_789_012,
      currency: "USD",
      submittedAt: NOW - 5,
      providerMessageIds: ["a", "b".repeat(200)],
      resubmitted: "because",
      errorClass: "permanent",
      errorCode: "E1",
      part: 2,
      state: "undelivered",
      doneAt: NOW - 1,
      receiptAt: null,
    });
    await db.insert([said], "fields");
    const [row] = await db.rows(
      "SELECT *, toString(cost) AS cost, toString(price) AS price FROM events WHERE message_id = {id:UUID}",
      { id: messageId },
    );
    expect(row).toMatchObject({
      at: iso(NOW),
      type: "final",
      message_id: messageId,
      attempt: 3,
      account: "acme",
      lane: "otp",
      country: "DE",
      network: "26201",
      destination: "491701234567",
      sender: "Grüße",
      encoding: "gsm7",
      segments: 300,
      reference: "x".repeat(64),
      metadata: said.facts.metadata,
      accepted_at: iso(said.facts.acceptedAt),
      expires_at: iso(said.facts.expiresAt),
      provider: "alpha",
      route: "r1",
      reason: "why",
      price: "0.000001",
      cost: "123456.789012",
      currency: "USD",
      submitted_at: iso(NOW - 5),
      provider_message_ids: ["a", "b".repeat(200)],
      resubmitted: "because",
      error_class: "permanent",
      error_code: "E1",
      part: 2,
      state: "undelivered",
      done_at: iso(NOW - 1),
      receipt_at: null,
      log_partition: 2,
    });
  });

  it("drops a block whose token it has seen, in the table and in what is made of it", async () => {
    const figures = async () =>
      (
        await db.rows<
          Record<string, number | string>
        >(`SELECT (SELECT count() FROM events) AS events, (SELECT sum(submissions) FROM messages_latest) AS submissions,
          (SELECT sum(routed) FROM minutes) AS routed, (SELECT toString(sum(cost)) FROM minutes) AS cost`)
      )[0]!;
    await db.insert(story(randomUUID()), "once");
    const before = await figures();
    const others = [story(randomUUID()), story(randomUUID())].flat();
    await Promise.all([db.insert(others, "twice"), db.insert(others, "twice")]);
    await db.insert(others, "once");
    const after = await figures();
    expect(Number(after.events) - Number(before.events)).toBe(14);
    expect(Number(after.submissions) - Number(before.submissions)).toBe(4);
    expect(Number(after.routed) - Number(before.routed)).toBe(4);
    expect((Number(after.cost) - Number(before.cost)).toFixed(6)).toBe("0.060000");
  });

  it("takes a block of more days than ClickHouse allows by default", async () => {
    const days = Array.from({ length: 120 }, (_, day) =>
      event({ at: NOW - day * 86_400_000, facts: facts({ messageId: randomUUID() }) }),
    );
    await db.insert(days, "many days");
    await db.insert(days, "many days");
    expect(await db.rows("SELECT count() AS n FROM events WHERE at < now() - INTERVAL 2 DAY")).not.toEqual([{ n: 0 }]);
  });
});

describe("messages", () => {
  it("are the same whatever the order of their events, and however these fell into blocks", async () => {
    const events = story("");
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(events, { minLength: events.length }),
        fc.array(fc.boolean(), { minLength: events.length, maxLength: events.length }),
        async (shuffled, cuts) => {
          const messageId = randomUUID();
          const mine = shuffled.map((e) => ({ ...e, facts: { ...e.facts, messageId } }));
          let block: Event[] = [];
          for (const [i, e] of mine.entries()) {
            block.push(e);
            if (!cuts[i] && i < mine.length - 1) continue;
            await db.insert(block, `order ${run++}`);
            block = [];
          }
          const found = await db.rows(
            "SELECT *, toString(cost) AS cost FROM messages_latest WHERE message_id = {id:UUID}",
            { id: messageId },
          );
          expect(found).toHaveLength(1);
          expect(found[0]).toMatchObject({
            state: "delivered",
            final: 1,
            provider: "beta",
            route: "de",
            attempts: 2,
            resubmitted: "owner lost",
            cost: "0.03",
            currency: "EUR",
            first_submitted_at: iso(NOW + 100),
            submitted_at: iso(NOW + 900),
            finished_at: iso(NOW + 3_000),
            done_at: iso(NOW + 2_500),
            receipt_at: iso(NOW + 2_900),
            account: "acme",
            country: "DE",
            error_class: "",
            metadata: { campaign: "may" },
            segments: 2,
          });
          expect([
            Number((found[0] as { submissions: string }).submissions),
            Number((found[0] as { finals: string }).finals),
          ]).toEqual([2, 1]);
        },
      ),
      { numRuns: 15 },
    );
  });

  it("stand apart by destination under one id", async () => {
    const messageId = randomUUID();
    const other = story(messageId).map((e) => ({
      ...e,
      facts: { ...e.facts, to: "491701234568" },
      ...(e.type === "final" ? { state: "failed" as const } : {}),
    }));
    await db.insert([...story(messageId).slice(0, 4), ...other], messageId);
    const found = await db.rows(
      `SELECT destination, state, final, toUInt32(submissions) AS submissions, toString(cost) AS cost
       FROM messages_latest WHERE message_id = {id:UUID} ORDER BY destination`,
      { id: messageId },
    );
    expect(found).toEqual([
      { destination: "491701234567", state: "submitted", final: 0, submissions: 1, cost: "0.015" },
      { destination: "491701234568", state: "failed", final: 1, submissions: 2, cost: "0.03" },
    ]);
  });

  it("have the currency of the submission whose cost it is, and two amounts of two currencies", async () => {
    const [refused, both] = [randomUUID(), randomUUID()];
    const inDollars = (e: Event): Event => ({ ...e, currency: "USD", price: 9_000 });
    const otherProvider = (events: Event[]) => events.map((e) => (e.provider === "alpha" ? inDollars(e) : e));
    await db.insert(otherProvider(story(refused)), refused);
    const copies = story(both).map((e) => (e.resubmitted === "owner lost" ? inDollars(e) : e));
    await db.insert(copies, both);
    const costs = (id: string) =>
      db.rows(
        "SELECT mapApply((c, a) -> (c, toString(a)), costs) AS costs, toString(cost) AS cost, currency FROM messages_latest WHERE message_id = {id:UUID}",
        { id },
      );
    expect(await costs(refused)).toEqual([{ costs: { EUR: "0.03" }, cost: "0.03", currency: "EUR" }]);
    expect(await costs(both)).toEqual([{ costs: { EUR: "0.015", USD: "0.015" }, cost: null, currency: "" }]);
  });

  it.each([
    ["routed", 1, "alpha"],
    ["returned", 2, "alpha"],
    ["routed", 3, "beta"],
    ["submitted", 4, "beta"],
    ["submitted", 5, "beta"],
    ["receipt", 6, "beta"],
    ["delivered", 7, "beta"],
  ])("stand at %s after %i events", async (state, count, provider) => {
    const messageId = randomUUID();
    await db.insert(story(messageId).slice(0, count).reverse(), messageId);
    const [found] = await db.rows("SELECT state, final, provider FROM messages_latest WHERE message_id = {id:UUID}", {
      id: messageId,
    });
    expect(found).toEqual({ state, final: count === 7 ? 1 : 0, provider });
  });

  it("are found by their key, without reading the others", async () => {
    const plan = await db.rows<{ explain: string }>(
      "EXPLAIN indexes = 1 SELECT state FROM messages_latest WHERE message_id = {id:UUID} AND accepted_at > now() - INTERVAL 1 DAY",
      { id: randomUUID() },
    );
    // Without the lines of the tree that the plan is drawn as.
    const text = plan.map((line) => line.explain.replace(/[│├└─]/g, " ")).join("\n");
    expect(text).toMatch(/PrimaryKey\s+Keys:\s+message_id/);
    expect(text).toMatch(/Partition\s+Keys:\s+toYYYYMMDD\(accepted_at\)/);
  });
});

describe("the sums by minute", () => {
  it("keep the currencies of a provider apart", async () => {
    const own = await testDatabase(sharedCluster(), "currencies");
    const inDollars = story(randomUUID()).map((e) => ({ ...e, currency: "USD" }));
    await own.insert([...story(randomUUID()), ...inDollars], "currencies");
    for (const view of ["provider_minutes", "traffic_minutes"]) {
      const [row] = await own.rows(
        `SELECT mapApply((c, a) -> (c, toString(a)), sumMap(v.costs)) AS costs, toUInt32(sum(v.delivered)) AS delivered,
           toUInt32(countIf(length(v.costs) = 2 AND (isNotNull(v.cost) OR v.currency != ''))) AS added_up
         FROM ${view} AS v WHERE provider = 'beta'`,
      );
      expect([view, row]).toEqual([view, { costs: { EUR: "0.03", USD: "0.03" }, delivered: 2, added_up: 0 }]);
    }
    const rows = await own.rows<{ currency: string; cost_per_delivered: number }>(
      readFileSync(join(import.meta.dirname, "../../../infra/clickhouse/queries/cost-per-delivered.sql"), "utf8"),
    );
    expect(rows.map(({ currency, cost_per_delivered }) => [currency, cost_per_delivered]).sort()).toEqual([
      ["EUR", 0.015],
      ["USD", 0.015],
    ]);
    await own.drop();
  });
});

describe("the queries", () => {
  const folder = join(import.meta.dirname, "../../../infra/clickhouse/queries");
  const query = (name: string) => readFileSync(join(folder, name), "utf8");
  let own: TestDatabase;
  const messageId = randomUUID();
  beforeAll(async () => {
    own = await testDatabase(sharedCluster(), "queries");
    const failed = story(randomUUID()).map((e) => (e.type === "final" ? { ...e, state: "failed" as const } : e));
    await own.insert([...story(messageId), ...failed], "queries");
  });
  afterAll(() => own?.drop());

  it("tell the delivery rate of a provider by minute", async () => {
    const rows = await own.rows<Record<string, number | string>>(query("delivery-rate.sql"));
    const beta = rows.filter((row) => row.provider === "beta");
    const sum = (column: string) => beta.reduce((total, row) => total + Number(row[column]), 0);
    expect([sum("submitted"), sum("delivered"), sum("finals")]).toEqual([4, 1, 2]);
    expect(beta.find((row) => Number(row.finals) > 0)?.delivered_percent).toBe(50);
  });

  it("tell what a delivered message costs", async () => {
    const rows = await own.rows(query("cost-per-delivered.sql"));
    expect(rows).toEqual([
      expect.objectContaining({
        country: "DE",
        network: "26201",
        provider: "beta",
        currency: "EUR",
        cost_per_delivered: 0.06,
      }),
    ]);
  });

  it("tell what happened to a message", async () => {
    const rows = await own.rows<{ type: string }>(query("message-history.sql"), { message: messageId });
    expect(rows.map((row) => row.type)).toEqual([
      "routed",
      "returned",
      "routed",
      "submitted",
      "submitted",
      "receipt",
      "final",
    ]);
  });

  it.each([
    ["33E95179", ["33E95179"]],
    ["33e95179", ["33E95179"]],
    ["0033E95179", ["33E95179"]],
    // As rows have it that were written before ids were kept as the provider wrote them.
    ["33E95179", ["870928761"]],
    ["870928761", ["33e95179"]],
    ["870928761", ["870928761"]],
    ["00ff", ["255"]],
    ["FFFFFFFFFFFFFFFF", ["18446744073709551615"]],
    ["0A12BC34-5D6E-4F70-8A9B-C0D1E2F3A4B5", ["0a12bc34-5d6e-4f70-8a9b-c0d1e2f3a4b5"]],
    ["abc_1", ["other", "ABC_1"]],
    [" SM0001 ", ["SM0001"]],
    ["18446744073709551615", ["FFFFFFFFFFFFFFFF"]],
    ["99999999999999999999", ["99999999999999999999"]],
  ])("find by %j the message that a provider knows as %j", async (id, providerMessageIds) => {
    const sought = randomUUID();
    const events = story(sought).map((e) => (e.type === "submitted" ? { ...e, providerMessageIds } : e));
    await own.insert(events.slice(0, 4), `${id} ${providerMessageIds}`);
    const rows = await own.rows(query("find-message.sql"), { id });
    expect(rows).toContainEqual(
      expect.objectContaining({ message_id: sought, provider: "beta", provider_message_ids: providerMessageIds }),
    );
    expect(await own.rows(query("find-message.sql"), { id: "nobody has this" })).toEqual([]);
  });

  it("find one message, by whatever id or number, and read a part of the rows", async () => {
    const many = await testDatabase(sharedCluster(), "many");
    const traffic = { first: 0, count: 20_000, from: Date.now() - 10 * 86_400_000, everyMs: 43_200, wave: 0 };
    const made = `INSERT INTO events (${EVENT_COLUMNS.join(", ")}) ${madeEvents(traffic, EVENT_COLUMNS)}`;
    await many.client.command({ query: made, clickhouse_settings: { max_partitions_per_insert_block: "0" } });
    const [one] = await many.rows<Record<string, string>>(
      `SELECT message_id AS message, reference, provider_message_ids[1] AS provider_id, destination AS to_number, events FROM events
       CROSS JOIN (SELECT toString(count()) AS events FROM events) AS n WHERE type = 'submitted' AND reference != '' ORDER BY at DESC LIMIT 1`,
    );
    const { message, reference, provider_id, to_number, events } = one!;
    const between = { from: iso(traffic.from).slice(0, 19), to: iso(Date.now()).slice(0, 19) };
    const read = async (name: string, query_params: Record<string, unknown>) => {
      const settings = { wait_end_of_query: 1, use_query_condition_cache: 0 } as const;
      const answer = await many.client.query({ query: query(name), query_params, clickhouse_settings: settings });
      expect(((await answer.json()) as { rows: number }).rows, name).toBeGreaterThan(0);
      return Number(JSON.parse(String(answer.response_headers["x-clickhouse-summary"])).read_rows) / Number(events);
    };
    for (const id of [message, reference, provider_id])
      expect(await read("find-message.sql", { id }), id).toBeLessThan(0.25);
    expect(await read("message-history.sql", { message }), "message-history").toBeLessThan(0.25);
    expect(await read("number-history.sql", { to_number, ...between }), "number-history").toBeLessThan(0.25);
    await many.drop();
  });

  it("tell the latency of a provider", async () => {
    const rows = await own.rows(query("provider-latency.sql"));
    expect(rows[1]).toMatchObject({
      provider: "beta",
      submit_p50_p95_p99_ms: expect.any(Array),
      receipt_p50_p95_p99_ms: [2000, 2000, 2000],
    });
  });
});
