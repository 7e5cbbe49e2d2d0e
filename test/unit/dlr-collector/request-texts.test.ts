import { expect, test } from "vitest";
import { messageIdOfRequest } from "../../../domain/message/message-id.ts";
import { WriterSchemaLoader } from "../../../pipeline/follow/writer-schema-loader.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import type { Task } from "../../../platform/kafka/task.ts";
import { silentLog } from "../../../platform/log/log.ts";
import type { Event } from "../../../schemas/generated/types.ts";
import { RequestTexts } from "../../../services/dlr-collector/correlator/request-texts.ts";
import { event, facts, TO } from "./records.ts";
import { codecs } from "./simulated-kafka.ts";

const REQUESTS = "sms.requests.transactional";
const M = "0190a0b0-0000-7000-8000-000000000001";
const task = { partition: 3, alive: true } as Task;

/** A topic whose records are as many requests, each with the messageId given; and which ranges were read of it. */
function world(values: readonly (Buffer | null)[], topic = REQUESTS) {
  const ranges: string[] = [];
  const readRange = async (name: string, partition: number, from: number, to: number, take: (r: InRecord) => void) => {
    ranges.push(`${name}/${partition}/${from}-${to}`);
    if (name !== topic) return;
    for (let offset = from; offset < Math.min(to, values.length); offset++)
      take({ topic, partition, offset, key: Buffer.from(TO), value: values[offset]!, headers: {}, timestamp: 1 });
  };
  const schemas = new WriterSchemaLoader(codecs, silentLog);
  return { ranges, texts: new RequestTexts({ reader: { readRange }, codecs, schemas }) };
}

const request = (messageId: string | null, text: string) =>
  codecs.request.encode({
    messageId,
    accountId: "acme",
    to: `+${TO}`,
    from: null,
    text,
    validitySeconds: null,
    reference: null,
    callbackUrl: null,
    transliterate: false,
    sendAt: null,
    receiptTo: null,
    metadata: {},
    acceptedAt: null,
  });
const rerouted = (source: string | null, messageId = M): Event => event("rerouted", messageId, { source });
const at = (offset: number, topic = REQUESTS, partition = 3) => `${topic}/${partition}/${offset}`;

test("the text is that of the record which the event names, however its message got its id", async () => {
  const derived = messageIdOfRequest({ accountId: "acme", messageId: null, destination: TO, place: at(1) });
  const { texts } = world([request(M, "first"), request(null, "second")]);
  const events = [rerouted(at(0)), rerouted(at(1), derived)];
  await texts.load(events, task);
  expect(events.map((one) => texts.textOf(one)?.text)).toEqual(["first", "second"]);
});

test("a text that the router sends in plain characters goes on in them", async () => {
  const text = `${"Your parcel is on its way. ".repeat(3)}It’s here`;
  const { texts } = world([request(M, text)]);
  const plain = event("rerouted", M, { source: at(0), facts: { ...facts(M), segmentsSaved: 1 } });
  await texts.load([plain], task);
  expect(texts.textOf(plain)?.text).toBe(text.replace("’", "'"));
  expect(texts.textOf(rerouted(at(0)))?.text).toBe(text);
});

test.each(["sms.retry.5s", "sms.due"])("a retry has its earlier tries as well: %s", async (topic) => {
  const tried = [{ provider: "smsc-b", errorClass: "transient", errorCode: "x" }];
  const retry = {
    facts: facts(M),
    text: "again",
    attempt: 2,
    tried,
    inDoubt: null,
    spendLeft: null,
    spendCurrency: null,
    charge: null,
  };
  const { texts } = world([codecs.retry.encode(retry)], topic);
  const events = [rerouted(at(0, topic)), rerouted(at(0, topic), "another")];
  await texts.load(events, task);
  expect(events.map((one) => texts.textOf(one))).toEqual([{ text: "again", tried }, undefined]);
});

test("what is gone, is another message's, or stands nowhere that the router reads, is not found", async () => {
  const { texts, ranges } = world([request("0190a0b0-0000-7000-8000-000000000002", "not this one"), null]);
  const events = [
    rerouted(at(0)),
    rerouted(at(1)),
    rerouted(at(9)),
    rerouted(at(0, "sms.receipts")),
    rerouted(at(0, REQUESTS, 4)),
    rerouted("nonsense"),
    rerouted(null),
  ];
  await texts.load(events, task);
  expect(events.map((one) => texts.textOf(one))).toEqual(events.map(() => undefined));
  expect(ranges, "neighbours are read at once; other topics and partitions not at all").toEqual([`${at(0)}-10`]);
});

test("records that lie apart are read apart, and none of an earlier batch is kept", async () => {
  const { texts, ranges } = world([request(M, "first")]);
  await texts.load([rerouted(at(1_000)), rerouted(at(0)), rerouted(at(0))], task);
  expect(ranges).toEqual([`${at(0)}-1`, `${at(1_000)}-1001`]);
  expect(texts.textOf(rerouted(at(0)))).toBeDefined();
  await texts.load([], task);
  expect(texts.textOf(rerouted(at(0)))).toBeUndefined();
});

test("who has lost the partition does not wait for what it reads", async () => {
  const readRange = () => new Promise<void>(() => {});
  const schemas = new WriterSchemaLoader(codecs, silentLog);
  const texts = new RequestTexts({ reader: { readRange }, codecs, schemas });
  await texts.load([rerouted(at(0))], { partition: 3, alive: false } as Task);
});
