import { beforeEach, expect, test } from "vitest";
import { DeadLetterBox } from "../../../pipeline/dead-letters/dead-letter-box.ts";
import { type KnownEvent, messageText } from "../../../pipeline/dead-letters/message-history.ts";
import { Replayer } from "../../../pipeline/dead-letters/replay.ts";
import type { LetterPlace } from "../../../pipeline/dead-letters/replay-mark.ts";
import { createCodecs, type SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import type { InRecord, OutRecord } from "../../../platform/kafka/record.ts";
import { DEAD_LETTER_TOPIC, requestTopic } from "../../../schemas/topics.ts";

const NOW = Date.UTC(2026, 0, 2);
const ID = "0197b7a0-0000-7000-8000-000000000001";
const TO = "491711234567";
const REQUESTS = requestTopic("otp");

/** Topics of one partition, in memory. */
const log = new Map<string, InRecord[]>();
let codecs: SluiceCodecs;
let events: KnownEvent[];
beforeEach(async () => {
  let nextId = 1;
  codecs = await createCodecs({ idOf: async () => nextId++, schemaOf: async () => undefined });
  events = [];
  for (const topic of [DEAD_LETTER_TOPIC, REQUESTS]) log.set(topic, []);
});

function append({ topic, partition, value, headers = {} }: OutRecord): LetterPlace {
  const records = log.get(topic)!;
  const offset = records.length;
  const bytes = Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)]);
  const rest = { key: null, value, headers: Object.fromEntries(bytes), timestamp: NOW };
  records.push({ topic, partition: partition ?? 0, offset, ...rest });
  return { partition: 0, offset };
}

/** A request that the router put aside, since its id stands for another text. */
function putAside(text: string, offset: number): LetterPlace {
  const request = codecs.request.encode({
    ...{ messageId: ID, accountId: "acme", to: TO, text, metadata: {}, from: null, validitySeconds: null },
    ...{ reference: null, callbackUrl: null, transliterate: false, sendAt: null, acceptedAt: NOW - 1_000 },
  });
  const value = codecs.deadLetter.encode({
    ...{ reason: "id-reused", detail: "", service: "router", at: NOW - 1_000, messageId: ID },
    ...{ topic: REQUESTS, partition: 0, offset, key: null, value: request, headers: {} },
  });
  return append({ topic: DEAD_LETTER_TOPIC, partition: 0, key: null, value });
}

/** What `replay --as-new` makes of these letters. */
async function replay(...places: LetterPlace[]) {
  const reader = {
    topics: async () => [...log.keys()],
    watermarks: async (topic: string) => [{ low: 0, high: log.get(topic)!.length }],
    committed: async () => [100],
    offsetsAt: async () => [0],
    readRange: async (topic: string, _: number, from: number, to: number, take: (record: InRecord) => void) =>
      log.get(topic)!.slice(from, to).forEach(take),
  };
  const replayer = new Replayer({
    box: new DeadLetterBox({ reader, codecs }),
    history: {
      of: async (keys) =>
        new Map(
          keys.map((key) => [messageText(key), events.filter((event) => messageText(event) === messageText(key))]),
        ),
      submissionsOf: async () => [],
    },
    ...{ codecs, reader, readTopic: (_, read) => read(reader) },
    producer: { clock: { now: () => NOW }, send: async (records) => void records.map(append) },
  });
  const result = await replayer.replay(places, { carryOut: true, rate: 1_000, most: 10, asNew: true });
  return { replayed: result.replayed, refused: Object.fromEntries(result.refused) };
}

/** Ids and texts of what stands in the topic of requests. */
function sent() {
  return log.get(REQUESTS)!.map(({ value }) => {
    const decoded = codecs.request.decode(value!);
    if (!decoded.ok) throw new Error(decoded.detail);
    return { messageId: decoded.value.messageId, text: decoded.value.text };
  });
}

test("two letters of one request go out as one new message, whether they are replayed together or one by one", async () => {
  const [first, twin, other] = [putAside("hello", 5), putAside("hello", 6), putAside("goodbye", 7)];
  expect(await replay(first, twin, other)).toEqual({ replayed: 2, refused: { waiting: 1 } });
  const [hello] = sent();
  expect(sent().map(({ text }) => text)).toEqual(["hello", "goodbye"]);

  // Before the router has come to it: under the same id, so that it is a repeat to the router.
  expect(await replay(twin)).toEqual({ replayed: 1, refused: {} });
  expect(sent()[2]).toEqual(hello);

  const third = putAside("hello", 8);
  const routed = { type: "routed", attempt: 1, provider: "a", state: "", providerMessageIds: [] };
  events = [{ ...routed, messageId: hello!.messageId!, to: TO, partition: 0, offset: 0 }];
  expect(await replay(third)).toEqual({ replayed: 0, refused: { "under-way": 1 } });
  expect(sent()).toHaveLength(3);
});
