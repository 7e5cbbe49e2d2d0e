import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ClickhouseReader } from "../../../pipeline/read-model/clickhouse-reader.ts";
import { ClickhouseStatus, MAX_DESTINATIONS } from "../../../pipeline/read-model/clickhouse-status.ts";
import type { Event } from "../../../schemas/generated/types.ts";
import { scheduled } from "../../../services/console/read/scheduled.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { event, facts } from "../../unit/analytics-sink/events.ts";
import { type TestDatabase, testDatabase } from "./database.ts";

let db: TestDatabase;
let reader: ClickhouseReader;
let status: ClickhouseStatus;
beforeAll(async () => {
  db = await testDatabase(sharedCluster(), "status");
  reader = new ClickhouseReader(db.target);
  status = new ClickhouseStatus(reader);
});
afterAll(async () => {
  await reader?.close();
  await db?.drop();
});

const NOW = Date.now();

/** A provider asks dollars and refuses; another, for euros, takes it. */
function course(messageId: string, to: string, acceptedAt = NOW): Event[] {
  const about = { facts: facts({ messageId, to, accountId: "acme", acceptedAt, expiresAt: acceptedAt + 60_000 }) };
  const sent = {
    facts: { ...about.facts, from: "ACME", sentAs: "12345" },
    rules: "sender rule de: goes out as 12345",
    verdicts: "beta: dearer",
  };
  const euros = { ...about, attempt: 2, provider: "beta", currency: "EUR", price: 68_000 };
  return [
    event({ ...sent, type: "routed", at: NOW + 1, attempt: 1, provider: "alpha", currency: "USD", price: 7_900 }),
    event({
      ...about,
      type: "returned",
      at: NOW + 2,
      attempt: 1,
      provider: "alpha",
      currency: "USD",
      errorClass: "refused",
    }),
    event({
      ...euros,
      type: "submitted",
      at: NOW + 3,
      submittedAt: NOW + 3,
      cost: 68_000,
      providerMessageIds: ["33E95179"],
    }),
  ];
}

describe("a message's status", () => {
  it("names the currency of the submission whose cost it is, and the ids as the provider writes them", async () => {
    const id = randomUUID();
    await db.insert(course(id, "491700000001"), id);
    const found = await status.find("acme", id, []);
    expect(found).toMatchObject([
      {
        ...{ id, to: "+491700000001", status: "submitted", costs: { EUR: "0.068" }, cost: "0.068", currency: "EUR" },
        history: [
          { type: "routed", sentAs: "12345", rules: "sender rule de: goes out as 12345", verdicts: "beta: dearer" },
          { type: "returned" },
          { type: "submitted", providerMessageIds: ["33E95179"] },
        ],
      },
    ]);
    const rows = await db.rows(
      "SELECT DISTINCT type, sender, sent_as FROM events WHERE message_id = {id:UUID} AND sent_as != ''",
      { id },
    );
    expect(rows, "the submitted sender stays the sender").toEqual([
      { type: "routed", sender: "ACME", sent_as: "12345" },
    ]);
  });

  it("has the costs of both copies, each in its own currency", async () => {
    const id = randomUUID();
    const first = { ...course(id, "491700000001")[2]!, provider: "alpha", currency: "USD", cost: 7_900, attempt: 1 };
    await db.insert([...course(id, "491700000001"), { ...first, at: NOW + 9, submittedAt: NOW + 9 }], id);
    const [found] = await status.find("acme", id, []);
    expect(found?.costs).toEqual({ EUR: "0.068", USD: "0.0079" });
    expect(found).not.toHaveProperty("cost");
  });

  it("is one for each destination of an id, each with its own history, and for no other account", async () => {
    const id = randomUUID();
    const others = course(id, "491700000002", NOW + 5).slice(0, 1);
    await db.insert([...course(id, "491700000001"), ...others], id);
    const both = await status.find("acme", id, []);
    expect(both.map(({ to, status, history }) => [to, status, history.length])).toEqual([
      ["+491700000001", "submitted", 3],
      ["+491700000002", "routed", 1],
    ]);
    expect(await status.find("acme", id, ["491700000002"])).toEqual([both[1]]);
    expect(await status.find("acme", id, ["491700000009", "491700000001"])).toEqual([both[0]]);
    expect(await status.find("acme", id, ["491700000009"])).toEqual([]);
    expect(await status.find("globex", id, [])).toEqual([]);
  });

  it("is found by its key: of a month of messages few rows are read, and next to none for an id that nobody knows", async () => {
    const DAYS = 20;
    const PER_DAY = 10_000;
    const made = `SELECT toUUID(concat('0197b7a0-0000-7000-8000-', leftPad(toString(number), 12, '0'))) AS message_id,
        now64(3) - toIntervalDay(1 + number % ${DAYS}) AS accepted_at, accepted_at AS at, 'routed' AS type, 'acme' AS account,
        toString(491700000000 + number) AS destination, 1 AS attempt, 'alpha' AS provider
      FROM numbers(${DAYS * PER_DAY})`;
    const columns = "message_id, accepted_at, at, type, account, destination, attempt, provider";
    await db.client.command({
      query: `INSERT INTO events (${columns}) SELECT ${columns} FROM (${made})`,
      clickhouse_settings: { max_partitions_per_insert_block: "0" },
    });
    let read = 0;
    const counted = new ClickhouseStatus({
      lookUp: (work) =>
        work(async (query, parameters) => {
          const answer = await db.client.query({
            ...{ query, query_params: parameters, format: "JSONEachRow" },
            clickhouse_settings: { wait_end_of_query: 1, date_time_output_format: "iso" },
          });
          read += Number(JSON.parse(String(answer.response_headers["x-clickhouse-summary"])).read_rows);
          return answer.json() as never;
        }),
    });
    const [found] = await counted.find("acme", "0197b7a0-0000-7000-8000-000000012345", []);
    expect(found).toMatchObject({ to: "+491700012345", status: "routed", history: [{ type: "routed" }] });
    // One granule of the key, and one or two of its own day in each table; not one of every day.
    expect(read).toBeLessThan(60_000);
    read = 0;
    expect(await counted.find("acme", randomUUID(), [])).toEqual([]);
    expect(read).toBeLessThan(10_000);
  });

  it("is bounded, for an id that an upstream system gives to everyone", async () => {
    const id = randomUUID();
    const many = Array.from({ length: MAX_DESTINATIONS + 10 }, (_, i) => course(id, `4917000${10_000 + i}`, NOW + i));
    await db.insert(many.flat(), id);
    const found = await status.find("acme", id, []);
    expect(found).toHaveLength(MAX_DESTINATIONS);
    expect(new Set(found.map(({ history }) => history.length))).toEqual(new Set([3]));
    const last = `4917000${10_000 + MAX_DESTINATIONS + 9}`;
    expect(await status.find("acme", id, [last])).toMatchObject([{ to: `+${last}` }]);
  });
});

describe("what waits for its time", () => {
  it("is counted by account and by what it waits for; what is due, cancelled, or waits for a provider is not", async () => {
    const [HOUR, block] = [3_600_000, randomUUID()];
    const held = (
      accountId: string,
      errorCode: string,
      due: number,
      change: Partial<Event> = {},
      to = "491700000001",
    ) => {
      const about = facts({ messageId: randomUUID(), to, accountId, acceptedAt: NOW, expiresAt: NOW + 100 * HOUR });
      return event({
        type: "postponed",
        at: NOW,
        facts: about,
        errorClass: null,
        errorCode,
        due: NOW + due,
        ...change,
      });
    };
    const again = held("later", "scheduled", HOUR);
    const cancelled = held("later", "scheduled", 5 * HOUR);
    await db.insert(
      [
        held("later", "scheduled", 2 * HOUR),
        held("later", "scheduled", 3 * HOUR),
        // Held twice: for its time, and then for the end of quiet hours. The last one counts.
        again,
        { ...again, at: NOW + 1, errorCode: "quiet-hours", due: NOW + 9 * HOUR },
        cancelled,
        event({ ...cancelled, type: "closed", at: NOW + 2, state: "rejected", errorCode: "cancelled", due: null }),
        held("later", "scheduled", -HOUR),
        held("later", "no-provider", HOUR, { errorClass: "unroutable" }),
        held("other", "scheduled", HOUR),
      ],
      block,
    );
    const found = (await scheduled(reader)).filter(({ account }) => account === "later" || account === "other");
    expect(found).toEqual([
      { account: "later", code: "scheduled", messages: 2, next: NOW + 2 * HOUR },
      { account: "later", code: "quiet-hours", messages: 1, next: NOW + 9 * HOUR },
      { account: "other", code: "scheduled", messages: 1, next: NOW + HOUR },
    ]);
    await expect(scheduled(reader, { rows: 1, seconds: 5, bytes: 1_000_000_000 })).rejects.toMatchObject({
      code: "LOOKUP_TOO_LARGE",
    });
  });
});
