import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { newMessageId } from "../../../domain/message/message-id.ts";
import { ClickhouseMessages, type ListQuery } from "../../../pipeline/read-model/account-pages.ts";
import { ClickhouseReader } from "../../../pipeline/read-model/clickhouse-reader.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { event, facts } from "../../unit/analytics-sink/events.ts";
import { type TestDatabase, testDatabase } from "./database.ts";

const NOW = Math.floor(Date.now() / 1_000) * 1_000;
/** Messages of a busy account, some of one millisecond, half of them with ids that say no time. */
const BUSY = Array.from({ length: 3_000 }, (_, i) => {
  const at = NOW - 60_000 + Math.floor(i / 40);
  return {
    id: i % 2 === 0 ? newMessageId(at) : randomUUID(),
    at,
    to: `4917100${10_000 + i}`,
    from: i % 100 === 0 ? "Shop" : "ACME",
  };
});
/** As ClickHouse is to give them: newest first, then by id, backwards. */
const IN_ORDER = BUSY.toSorted((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1));

let db: TestDatabase;
let reader: ClickhouseReader;
let messages: ClickhouseMessages;
beforeAll(async () => {
  db = await testDatabase(sharedCluster(), "list");
  reader = new ClickhouseReader(db.target);
  messages = new ClickhouseMessages(reader);
  await db.insert(
    BUSY.flatMap((one) => course({ ...one, accountId: "busy" })),
    "busy",
  );
  const few = [1, 2, 3].map((i) => ({
    id: randomUUID(),
    at: NOW - i * 40 * 86_400_000,
    to: "491700000001",
    from: "ACME",
  }));
  await db.insert(
    few.flatMap((one) => course({ ...one, accountId: "few" })),
    "few",
  );
  // Decided on a second time: the message stands once in the list.
  await db.insert([routed({ ...BUSY[7]!, accountId: "busy" }, 2)], "again");
});
afterAll(async () => {
  await reader?.close();
  await db?.drop();
});

interface Sent {
  readonly id: string;
  readonly at: number;
  readonly to: string;
  readonly from: string;
  readonly accountId: string;
}

function about({ id, at, to, from, accountId }: Sent) {
  return { facts: facts({ messageId: id, to, from, accountId, acceptedAt: at }), provider: "alpha", route: "de" };
}

function routed(sent: Sent, attempt = 1) {
  return event({ ...about(sent), type: "routed", at: sent.at + 1, attempt });
}

function course(sent: Sent) {
  const said = { currency: "EUR", cost: 75_000, submittedAt: sent.at + 9 };
  return [
    routed(sent),
    event({ ...about(sent), ...said, type: "submitted", at: sent.at + 9, providerMessageIds: [`p${sent.to}`] }),
  ];
}

/** All pages of a query. */
async function idsOf(account: string, query: ListQuery): Promise<{ ids: string[]; pages: number }> {
  const ids: string[] = [];
  for (let [after, pages] = [query.after, 1]; ; pages++) {
    const page = await messages.list(account, { ...query, after });
    expect(page.messages.length).toBeLessThanOrEqual(query.limit);
    ids.push(...page.messages.map(({ id }) => id));
    if (page.next === undefined) return { ids, pages };
    after = page.next;
  }
}

it("gives an account's messages page by page, newest first, each once", async () => {
  const { ids } = await idsOf("busy", { limit: 333 });
  expect(ids).toEqual(IN_ORDER.map(({ id }) => id));
  const [first] = (await messages.list("busy", { limit: 1 })).messages;
  const { id, at, to } = IN_ORDER[0]!;
  const time = new Date(at).toISOString();
  expect(first).toMatchObject({
    id,
    to: `+${to}`,
    from: "ACME",
    status: "submitted",
    final: false,
    acceptedAt: time,
    costs: { EUR: "0.075" },
  });
  expect(first!.submittedAt).toBe(new Date(at + 9).toISOString());
});

it("reaches an account's messages of months ago at once, and not another's", async () => {
  const { ids, pages } = await idsOf("few", { limit: 50 });
  expect([ids.length, pages]).toEqual([3, 1]);
  expect((await messages.list("nobody", { limit: 50 })).messages).toEqual([]);
});

it("narrows by recipient, sender and time, the pages of a sender as short as they come out", async () => {
  const shop = IN_ORDER.filter(({ from }) => from === "Shop");
  expect((await idsOf("busy", { limit: 10, senders: ["Shop", "+Shop"] })).ids).toEqual(shop.map(({ id }) => id));
  const { to, id } = BUSY[41]!;
  expect((await idsOf("busy", { limit: 10, to })).ids).toEqual([id]);
  expect((await idsOf("few", { limit: 10, to })).ids).toEqual([]);
  const [since, until] = [NOW - 60_000 + 10, NOW - 60_000 + 11];
  const within = IN_ORDER.filter(({ at }) => at >= since && at <= until);
  expect(within).toHaveLength(80);
  expect((await idsOf("busy", { limit: 50, since, until })).ids).toEqual(within.map(({ id }) => id));
});

it("finds one message, and says which ids it has", async () => {
  const { id } = BUSY[3]!;
  expect((await messages.find("busy", id))?.id).toBe(id);
  expect(await messages.find("few", id)).toBeUndefined();
  expect(await messages.known([id, randomUUID()])).toEqual(new Set([id]));
});

it("reads a page's own rows and not the account's", async () => {
  const rows = await db.rows<{ n: string }>(
    `SELECT count() AS n FROM message_keys WHERE key = sipHash64('account', 'busy')`,
  );
  expect(Number(rows[0]!.n)).toBeGreaterThanOrEqual(BUSY.length);
  await db.rows(`OPTIMIZE TABLE message_keys FINAL`).catch(() => []);
  const explained = await db.rows<{ explain: string }>(
    `EXPLAIN indexes = 1 SELECT message_id FROM message_keys WHERE key = sipHash64('account', 'busy')
     AND accepted_at <= fromUnixTimestamp64Milli(${NOW - 60_000 + 5}, 'UTC') ORDER BY accepted_at DESC LIMIT 10`,
  );
  const text = explained.map(({ explain }) => explain).join("\n");
  expect(text).toContain("by_time");
  expect(text).toMatch(/Read(Reverse|Type: InReverseOrder)|InReverseOrder/);
});
