import { expect, test } from "vitest";
import { LogHistory } from "../../../pipeline/dead-letters/message-history.ts";
import type { QueryParameters, Rows } from "../../../pipeline/read-model/clickhouse-reader.ts";
import { createCodecs } from "../../../pipeline/records/codecs.ts";
import { BLANK_EVENT } from "../../../pipeline/records/event-record.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import type { Event, MessageFacts } from "../../../schemas/generated/types.ts";
import { EVENTS_TOPIC } from "../../../schemas/topics.ts";

const ID = "0197b7a0-0000-7000-8000-000000000001";
const OTHER = "0197b7a0-0000-7000-8000-000000000002";
const TO = "491711234567";
const facts: MessageFacts = {
  ...{ messageId: ID, accountId: "acme", lane: "otp", to: TO, from: null, country: "DE", network: null },
  ...{ networkSource: null, encoding: "gsm7", segments: 1, reference: null, callbackUrl: null, metadata: {} },
  ...{ acceptedAt: 1, expiresAt: 2, sentAs: null, segmentsSaved: 0, receiptTo: null },
};
const row = (offset: number, messageId = ID) => ({
  ...{ messageId, to: TO, type: "routed", attempt: 1, provider: "a", state: "", providerMessageIds: [], partition: 0 },
  offset: String(offset),
});

/** sms.events of so many partitions, `longer` offsets each than what is said, of which ClickHouse has `rows` and nothing is stored yet. */
async function world(partitions: number, rows: object[] = [], longer = 0) {
  let nextId = 1;
  const codecs = await createCodecs({ idOf: async () => nextId++, schemaOf: async () => undefined });
  const log: InRecord[][] = Array.from({ length: partitions }, () => []);
  const asked: QueryParameters[] = [];
  let reads = 0;
  const answer = async (_: string, parameters: QueryParameters) => {
    asked.push(parameters);
    return rows;
  };
  const history = new LogHistory({
    codecs,
    // As the reader does: what fails within it is ClickHouse's failure.
    clickhouse: {
      lookUp: (ask) => ask(answer as Rows).catch((cause) => Promise.reject(new Error("ClickHouse failed", { cause }))),
    },
    reader: {
      watermarks: async () => log.map(({ length }) => ({ low: 0, high: length + longer })),
      committed: async () => log.map(() => 0),
      readRange: async (_, partition, from, to, take) => {
        reads++;
        log[partition]!.slice(from, to).forEach(take);
      },
    },
  });
  const partition = partitionFor(TO, partitions);
  const encoded = (type: Event["type"], over: Partial<Event> = {}, own: Partial<MessageFacts> = {}) =>
    codecs.event.encode({ ...BLANK_EVENT, type, at: 1, facts: { ...facts, ...own }, attempt: 1, ...over });
  const put = (value: Buffer) => {
    const offset = log[partition]!.length;
    log[partition]!.push({ topic: EVENTS_TOPIC, partition, offset, key: null, value, headers: {}, timestamp: 1 });
  };
  const say = (...event: Parameters<typeof encoded>) => put(encoded(...event));
  return { history, say, put, encoded, asked, reads: () => reads };
}

test("what is not stored yet is found in the log, however many partitions it has", async () => {
  for (const partitions of [1, 6, 7, 18]) {
    const { history, say } = await world(partitions);
    say("routed");
    say("submitted");
    const found = await history.of([{ messageId: ID, to: TO }]);
    expect(found.get(`${ID}/${TO}`)?.map(({ type }) => type)).toEqual(["routed", "submitted"]);
  }
});

test("an id with any number of destinations is asked for with its own", async () => {
  const { history, asked } = await world(1, [row(0)]);
  expect((await history.of([{ messageId: ID, to: TO }])).size).toBe(1);
  expect(asked).toEqual([{ ids: [ID], to: [TO] }]);
});

test("a history that may be cut off is none", async () => {
  const rows = Array.from({ length: 50_000 }, (_, offset) => row(offset, OTHER));
  const { history } = await world(1, rows);
  const cut = { code: "HISTORY_TOO_LONG" };
  await expect(history.of([{ messageId: ID, to: TO }])).rejects.toMatchObject(cut);
  await expect(history.submissionsOf([{ provider: "a", providerMessageId: "7", to: TO }])).rejects.toMatchObject(cut);
});

test("of the log only what is asked for is kept, and no more than a bound of that", async () => {
  const { history, put, encoded, say } = await world(1);
  const submitted = { provider: "a", providerMessageIds: ["00Ab"] };
  const other = encoded("submitted", submitted, { messageId: OTHER });
  for (let i = 0; i < 50_000; i++) put(other);
  say("routed");
  say("submitted", { ...submitted, providerMessageIds: ["171"] });
  expect((await history.of([{ messageId: ID, to: TO }])).get(`${ID}/${TO}`)).toHaveLength(2);
  // By any notation of the id, and of this provider alone.
  const found = (provider: string, providerMessageId: string) =>
    history.submissionsOf([{ provider, providerMessageId, to: "" }]);
  expect(await found("b", "171")).toEqual([[]]);
  await expect(found("a", "171")).rejects.toMatchObject({ code: "HISTORY_TOO_LONG" });
});

test("a receipt's submission is found in the log in any notation of its id", async () => {
  const { history, say } = await world(6);
  say("submitted", { provider: "a", providerMessageIds: ["ab"] });
  say("submitted", { provider: "b", providerMessageIds: ["ab"] });
  say("routed", { provider: "a", providerMessageIds: ["ab"] });
  const [found] = await history.submissionsOf([{ provider: "a", providerMessageId: "171", to: "" }]);
  expect(found).toMatchObject([{ type: "submitted", provider: "a", providerMessageIds: ["ab"] }]);
});

test("a sink that is far behind in all partitions together is looked after first: nothing is read", async () => {
  const { history, reads } = await world(4, [], 600_000);
  const all = history.submissionsOf([{ provider: "a", providerMessageId: "7", to: "" }]);
  await expect(all).rejects.toMatchObject({ code: "HISTORY_BEHIND", class: "transient" });
  expect(reads()).toBe(0);
  expect(await history.submissionsOf([{ provider: "a", providerMessageId: "7", to: TO }])).toEqual([[]]);
});
