import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ClickhouseReader } from "../../../pipeline/read-model/clickhouse-reader.ts";
import { findMessages, MAX_FOUND } from "../../../pipeline/read-model/find-messages.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { event, facts } from "../../unit/analytics-sink/events.ts";
import { type TestDatabase, testDatabase } from "./database.ts";

const NOW = Date.now();
const [first, second, third] = [randomUUID(), randomUUID(), randomUUID()];

let db: TestDatabase;
let reader: ClickhouseReader;
beforeAll(async () => {
  db = await testDatabase(sharedCluster(), "find");
  reader = new ClickhouseReader(db.target);
  await db.insert(
    [
      ...course(first, "491700000001", "order-7", "33E95179", NOW - 3_000),
      ...course(first, "491700000002", "order-7", "33E9517A", NOW - 3_000),
      ...course(second, "491700000003", "order-7", "00ab", NOW - 2_000, "shop"),
      ...course(third, "491700000004", first, "SM77", NOW - 1_000),
    ],
    "find",
  );
});
afterAll(async () => {
  await reader?.close();
  await db?.drop();
});

function course(id: string, to: string, reference: string, providerId: string, acceptedAt: number, accountId = "acme") {
  const about = {
    facts: facts({ messageId: id, to, reference, accountId, acceptedAt }),
    provider: "alpha",
    route: "de",
  };
  const said = { ...about, currency: "EUR", cost: 75_000, submittedAt: acceptedAt + 9 };
  return [
    event({ ...about, type: "routed", at: acceptedAt + 1 }),
    event({ ...said, type: "submitted", at: acceptedAt + 9, providerMessageIds: [providerId, "other-part"] }),
  ];
}

const found = async (text: string, account?: string) =>
  (await findMessages(reader, text, account === undefined ? {} : { account })).map(({ foundBy, id, to }) => [
    foundBy,
    id,
    to,
  ]);

it.each([
  ["a provider's id in the portal's notation", "33e95179", [["provider-id", first, "+491700000001"]]],
  ["the same in decimal", "870928761", [["provider-id", first, "+491700000001"]]],
  ["with zeros or without", "AB", [["provider-id", second, "+491700000003"]]],
  ["with blanks around it", " sm77 ", [["provider-id", third, "+491700000004"]]],
  ["nothing", "nobody's", []],
  ["an empty text", "  ", []],
  ["a text that no id is as long as", "7".repeat(300), []],
])("finds by %s", async (_, text, expected) => {
  // An id of a message finds it to all its destinations.
  const rows = await found(text);
  const extra = expected.length === 1 && expected[0]?.[1] === first ? [["provider-id", first, "+491700000002"]] : [];
  expect(rows).toEqual([...expected, ...extra]);
});

it("finds by a reference, newest first, and an account's own only", async () => {
  expect(await found("order-7")).toEqual([
    ["reference", second, "+491700000003"],
    ["reference", first, "+491700000001"],
    ["reference", first, "+491700000002"],
  ]);
  expect(await found("order-7", "shop")).toEqual([["reference", second, "+491700000003"]]);
});

it("finds by our id, in capital letters too, and beside it what has it as its reference", async () => {
  expect(await found(first.toUpperCase())).toEqual([
    ["message-id", first, "+491700000001"],
    ["message-id", first, "+491700000002"],
  ]);
  expect(await found(first)).toEqual([
    ["reference", third, "+491700000004"],
    ["message-id", first, "+491700000001"],
    ["message-id", first, "+491700000002"],
  ]);
});

it("says what a list of findings shows", async () => {
  const [message] = await findMessages(reader, "sm77");
  expect(message).toMatchObject({
    ...{ account: "acme", lane: "otp", country: "DE", network: "26201", status: "submitted", final: false },
    ...{ provider: "alpha", route: "de", attempts: 1, segments: 2, costs: { EUR: "0.075" } },
    acceptedAt: new Date(NOW - 1_000).toISOString(),
  });
});

it("shows a hundred of a reference that stands for more", async () => {
  const many = Array.from({ length: MAX_FOUND + 20 }, (_, i) =>
    course(randomUUID(), `4917100000${100 + i}`, "batch", `b${i}`, NOW + i),
  );
  await db.insert(many.flat(), "many");
  const rows = await found("batch");
  expect(rows).toHaveLength(MAX_FOUND);
  expect(rows[0]?.[2]).toBe(`+4917100000${100 + many.length - 1}`);
});
