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
const TO = "491711234567";
const facts: MessageFacts = {
  ...{ messageId: ID, accountId: "acme", lane: "otp", to: TO, from: null, country: "DE", network: null },
  ...{ networkSource: null, encoding: "gsm7", segments: 1, reference: null, callbackUrl: null, metadata: {} },
  ...{ acceptedAt: 1, expiresAt: 2, sentAs: null },
};
const row = (offset: number, messageId = ID) => ({
  ...{ messageId, to: TO, type: "routed", attempt: 1, provider: "a", state: "", providerMessageIds: [], partition: 0 },
  offset: String(offset),
});

/** sms.events of so many partitions, of which ClickHouse has `rows` and nothing is stored yet. */
async function world(partitions: number, rows: object[] = []) {
  let nextId = 1;
  const codecs = await createCodecs({ idOf: async () => nextId++, schemaOf: async () => undefined });
  const log: InRecord[][] = Array.from({ length: partitions }, () => []);
  const asked: QueryParameters[] = [];
  const answer = async (_: string, parameters: QueryParameters) => {
    asked.push(parameters);
    return rows;
  };
  const history = new LogHistory({
    codecs,
    clickhouse: { lookUp: (ask) => ask(answer as Rows) },
    reader: {
      watermarks: async () => log.map(({ length }) => ({ low: 0, high: length })),
      committed: async () => log.map(() => 0),
      readRange: async (_, partition, from, to, take) => log[partition]!.slice(from, to).forEach(take),
    },
  });
  const say = (type: Event["type"]) => {
    const partition = partitionFor(TO, partitions);
    const value = codecs.event.encode({ ...BLANK_EVENT, type, at: 1, facts, attempt: 1 });
    const offset = log[partition]!.length;
    log[partition]!.push({ topic: EVENTS_TOPIC, partition, offset, key: null, value, headers: {}, timestamp: 1 });
  };
  return { history, say, asked };
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
  const rows = Array.from({ length: 50_000 }, (_, offset) => row(offset, "0197b7a0-0000-7000-8000-000000000002"));
  const { history } = await world(1, rows);
  await expect(history.of([{ messageId: ID, to: TO }])).rejects.toMatchObject({ code: "HISTORY_TOO_LONG" });
});
