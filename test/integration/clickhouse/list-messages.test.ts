import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ClickhouseReader } from "../../../pipeline/read-model/clickhouse-reader.ts";
import { compareRollUps } from "../../../pipeline/read-model/compare-roll-ups.ts";
import {
  type ListFilter,
  type ListPlace,
  listMessages,
  MOST_LOOKED_AT,
} from "../../../pipeline/read-model/list-messages.ts";
import type { Event, MessageFacts } from "../../../schemas/generated/types.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { event, facts } from "../../unit/analytics-sink/events.ts";
import { type TestDatabase, testDatabase } from "./database.ts";

const NOW = Math.floor(Date.now() / 1_000) * 1_000;
const HOUR = 3_600_000;
/** Of one day, a minute apart, and of the month before it many that are another's. */
const COUNT = 30;
const ids = Array.from({ length: COUNT }, () => randomUUID());

let db: TestDatabase;
let reader: ClickhouseReader;
let read = 0;
beforeAll(async () => {
  db = await testDatabase(sharedCluster(), "list");
  reader = new ClickhouseReader(db.target);
  await db.insert(
    ids.flatMap((id, place) => message(id, place)),
    "list",
  );
  await db.insert(message(randomUUID(), 3, { accountId: "globex", reference: "order-1" }), "others");
  await fill(200_000);
}, 120_000);
afterAll(async () => {
  await reader?.close();
  await db?.drop();
});

function message(id: string, place: number, more: Partial<MessageFacts> = {}): Event[] {
  const acceptedAt = NOW - 2 * HOUR - place * 60_000;
  const about = facts({
    ...{ messageId: id, accountId: "acme", acceptedAt, to: `4917000000${10 + (place % 3)}` },
    ...{ reference: `order-${place % 2}`, lane: place % 5 === 0 ? "marketing" : "otp", from: null },
    ...{ metadata: { campaign: place % 4 === 0 ? "spring" : "autumn" }, ...more },
  });
  const routed = event({ type: "routed", facts: about, at: acceptedAt + 10, provider: "alpha", route: "de" });
  return place % 10 === 0
    ? [routed, event({ type: "final", facts: about, at: acceptedAt + 900, state: "failed", errorCode: "x" })]
    : [routed];
}

/** Another account's messages of thirty days, so that reading more than a page is seen. */
async function fill(count: number): Promise<void> {
  const made = `SELECT generateUUIDv4() AS message_id, now64(3) - toIntervalDay(1 + number % 30) - toIntervalMillisecond(number) AS accepted_at, accepted_at AS at,
      'routed' AS type, 'big' AS account, toString(491710000000 + number) AS destination, 1 AS attempt, 'alpha' AS provider FROM numbers(${count})`;
  const columns = "message_id, accepted_at, at, type, account, destination, attempt, provider";
  await db.client.command({
    query: `INSERT INTO events (${columns}) SELECT ${columns} FROM (${made})`,
    clickhouse_settings: { max_partitions_per_insert_block: "0" },
  });
}

/** The same as the reader, counting what ClickHouse reads. */
const counted: Pick<ClickhouseReader, "lookUp"> = {
  lookUp: (work) =>
    work(async (query, parameters) => {
      const answer = await db.client.query({
        ...{ query, query_params: parameters, format: "JSONEachRow" },
        clickhouse_settings: { wait_end_of_query: 1, date_time_output_format: "iso" },
      });
      read += Number(JSON.parse(String(answer.response_headers["x-clickhouse-summary"])).read_rows);
      return answer.json() as never;
    }),
};

const list = async (filter: Partial<ListFilter>, limit = 100, after?: ListPlace) => {
  const { messages } = await listMessages(reader, { account: "acme", ...filter }, limit, after);
  return messages.map(({ id }) => ids.indexOf(id as never));
};
const places = (of: (place: number) => boolean) => ids.map((_, place) => place).filter(of);

describe("an account's messages", () => {
  it("are listed the newest first, with what is known of each, and nobody else's", async () => {
    expect(await list({})).toEqual(places(() => true));
    const { messages, next } = await listMessages(reader, { account: "acme" }, 2);
    expect(messages[0]).toMatchObject({
      ...{ id: ids[0], status: "failed", final: true, to: "+491700000010", from: "", lane: "marketing", country: "DE" },
      ...{ reference: "order-0", metadata: { campaign: "spring" }, provider: "alpha", errorCode: "x", sendAt: null },
      acceptedAt: new Date(NOW - 2 * HOUR).toISOString(),
    });
    expect(messages[1]).toMatchObject({ status: "routed", final: false, finishedAt: null });
    expect(next).toBeDefined();
    expect(await listMessages(reader, { account: "nobody" }, 10)).toEqual({ messages: [] });
  });

  it.each<[string, Partial<ListFilter>, (place: number) => boolean]>([
    ["number", { to: "491700000011" }, (place) => place % 3 === 1],
    ["reference", { reference: "order-1" }, (place) => place % 2 === 1],
    ["number and reference", { to: "491700000011", reference: "order-1" }, (place) => place % 6 === 1],
    ["label", { labels: { campaign: "spring" } }, (place) => place % 4 === 0],
    ["a label that none has", { labels: { campaign: "" } }, () => false],
    ["lane", { lane: "marketing" }, (place) => place % 5 === 0],
    ["status", { status: "failed" }, (place) => place % 10 === 0],
    ["time", { from: NOW - 2 * HOUR - 10 * 60_000, until: NOW - 2 * HOUR - 4 * 60_000 }, (n) => n > 4 && n <= 10],
  ])("are found by %s", async (_, filter, wanted) => {
    expect(await list(filter)).toEqual(places(wanted));
  });

  it("come page by page, each once, also while others come in", async () => {
    const seen: number[] = [];
    let after: ListPlace | undefined;
    for (let pages = 0; pages < 20; pages++) {
      const page = await listMessages(reader, { account: "acme", lane: "otp" }, 7, after);
      seen.push(...page.messages.map(({ id }) => ids.indexOf(id as never)).filter((place) => place >= 0));
      if (page.next === undefined) break;
      after = page.next;
      await db.insert(message(randomUUID(), -1 - pages, { reference: "later" }), `later-${pages}`);
    }
    expect(seen).toEqual(places((place) => place % 5 !== 0));
  });

  it("that share an id are given each, whatever the size of a page", async () => {
    const id = randomUUID();
    const to = ["491700000091", "491700000092", "491700000093"];
    await db.insert(
      to.flatMap((one) => message(id, 1, { accountId: "many", to: one })),
      "shared",
    );
    const seen: string[] = [];
    let after: ListPlace | undefined;
    do {
      const page = await listMessages(reader, { account: "many" }, 1, after);
      seen.push(...page.messages.map((one) => one.to));
      after = page.next;
    } while (after !== undefined);
    expect(seen).toEqual(to.map((one) => `+${one}`));
  });

  it("that wait for their time are listed with it, until they are cancelled or sent", async () => {
    const [waits, cancelled, unroutable] = [randomUUID(), randomUUID(), randomUUID()];
    const held = (id: string, change: Partial<Event> = {}) =>
      event({
        ...{ type: "postponed", at: NOW - HOUR + 5, attempt: 0, errorCode: "scheduled", due: NOW + HOUR },
        facts: facts({ messageId: id, accountId: "later", acceptedAt: NOW - HOUR, to: "491700000099" }),
        ...change,
      });
    const end = { type: "closed", at: NOW - 100, state: "rejected", errorCode: "cancelled", due: null } as const;
    await db.insert(
      [
        ...[held(waits), held(cancelled), held(cancelled, end)],
        held(unroutable, { errorClass: "unroutable", errorCode: "no-provider" }),
      ],
      "waiting",
    );
    const { messages } = await listMessages(reader, { account: "later", status: "scheduled" }, 10);
    expect(messages.map(({ id, status, sendAt }) => [id, status, sendAt])).toEqual([
      [waits, "scheduled", new Date(NOW + HOUR).toISOString()],
    ]);
    const postponed = await listMessages(reader, { account: "later", status: "postponed" }, 10);
    expect(postponed.messages.map(({ id }) => id)).toEqual([unroutable]);
  });

  it("are read a page at a time: of a month of an account's messages few rows, and few where nothing fits", async () => {
    const rowsOf = async (filter: ListFilter, limit: number, after?: ListPlace) => {
      read = 0;
      const page = await listMessages(counted, filter, limit, after);
      return { page, read };
    };
    const first = await rowsOf({ account: "big" }, 50);
    expect(first.page.messages).toHaveLength(50);
    // Both tables have 200,000 rows; the newest of the messages stand in one day of 6,700.
    expect(first.read).toBeLessThan(15_000);
    const second = await rowsOf({ account: "big" }, 50, first.page.next);
    expect(second.read).toBeLessThan(15_000);
    const old = await rowsOf({ account: "big", until: NOW - 20 * 24 * HOUR }, 50);
    expect(old.page.messages).toHaveLength(50);
    expect(old.read).toBeLessThan(15_000);
    const none = await rowsOf({ account: "big", status: "failed" }, 50);
    expect(none.page.messages).toEqual([]);
    expect(none.page.next, "more may follow").toBeDefined();
    expect(none.read).toBeLessThan((MOST_LOOKED_AT / 100) * 15_000);
    expect((await rowsOf({ account: "nobody" }, 50)).read).toBeLessThan(10_000);
  });

  it("stand in the index as their events say", async () => {
    expect((await compareRollUps(db.client)).differing).toEqual([]);
  });
});
