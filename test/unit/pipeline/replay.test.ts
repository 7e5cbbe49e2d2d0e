import { beforeEach, expect, test } from "vitest";
import { DeadLetterBox } from "../../../pipeline/dead-letters/dead-letter-box.ts";
import { type KnownEvent, messageText } from "../../../pipeline/dead-letters/message-history.ts";
import { Replayer } from "../../../pipeline/dead-letters/replay.ts";
import { DEAD_AFTER_MS, type LetterPlace, markRecord } from "../../../pipeline/dead-letters/replay-mark.ts";
import { createCodecs, type SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import type { InRecord, OutRecord } from "../../../platform/kafka/record.ts";
import type { DeadLetter } from "../../../schemas/generated/types.ts";
import { DEAD_LETTER_TOPIC, requestTopic } from "../../../schemas/topics.ts";

const NOW = Date.UTC(2026, 0, 2);
const ID = "0197b7a0-0000-7000-8000-000000000001";
const TO = "491711234567";
const REQUESTS = requestTopic("otp");
const DISPATCHES = "sms.dispatch.a.otp";
/** Records of it that its sender has dealt with. */
const DONE = 8;

/** Topics of one partition, in memory. */
const log = new Map<string, InRecord[]>();
let codecs: SluiceCodecs;
let events: KnownEvent[];
beforeEach(async () => {
  let nextId = 1;
  codecs = await createCodecs({ idOf: async () => nextId++, schemaOf: async () => undefined });
  events = [];
  for (const topic of [DEAD_LETTER_TOPIC, REQUESTS, DISPATCHES]) log.set(topic, []);
  for (let at = 0; at < DONE; at++) append({ topic: DISPATCHES, partition: 0, key: null, value: null });
});

function append({ topic, partition, value, headers = {} }: OutRecord, timestamp = NOW): LetterPlace {
  const records = log.get(topic)!;
  const offset = records.length;
  const bytes = Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)]);
  const rest = { key: null, value, headers: Object.fromEntries(bytes), timestamp };
  records.push({ topic, partition: partition ?? 0, offset, ...rest });
  return { partition: 0, offset };
}

/** A request that the router put aside, since its id stands for another text. */
function putAside(text: string, offset: number): LetterPlace {
  const request = codecs.request.encode({
    ...{ messageId: ID, accountId: "acme", to: TO, text, metadata: {}, from: null, validitySeconds: null },
    ...{ reference: null, callbackUrl: null, transliterate: false, sendAt: null, acceptedAt: NOW - 1_000 },
  });
  return letter({ reason: "id-reused", topic: REQUESTS, offset, value: request });
}

function letter(of: Pick<DeadLetter, "reason" | "topic" | "offset" | "value"> & Partial<DeadLetter>): LetterPlace {
  const value = codecs.deadLetter.encode({
    ...{ detail: "", service: "router", at: NOW - 1_000, messageId: ID, partition: 0, key: null, headers: {}, ...of },
  });
  return append({ topic: DEAD_LETTER_TOPIC, partition: 0, key: null, value });
}

/** What `replay --as-new` makes of these letters. */
const replay = (...places: LetterPlace[]) => replayBy(places);

/** `before`: each time that a run writes records. */
async function replayBy(
  places: LetterPlace[],
  before: (records: readonly OutRecord[]) => Promise<void> = async () => {},
) {
  const reader = {
    topics: async () => [...log.keys()],
    watermarks: async (topic: string) => [{ low: 0, high: log.get(topic)!.length }],
    committed: async (_: string, topic: string) => [topic === DISPATCHES ? DONE : 100],
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
    producer: {
      clock: { now: () => NOW },
      send: async (records) => {
        await before(records);
        for (const record of records) append(record);
      },
    },
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

test("letters of a provider whose topic is gone keep nobody from replaying the others", async () => {
  const gone = { reason: "undecodable", topic: "sms.dispatch.gone.otp", value: Buffer.from("?") };
  const [first, begun] = [letter({ ...gone, offset: 1 }), letter({ ...gone, offset: 2 })];
  const mark = { state: "begun", run: "killed", at: 3 } as const;
  const content = { ...gone, messageId: null, partition: 0 } as DeadLetter;
  append(markRecord(codecs.deadLetter, { ...begun, storedAt: NOW, content }, mark, NOW), NOW - DEAD_AFTER_MS);
  expect(await replay(first, begun, putAside("hello", 5))).toEqual({ replayed: 1, refused: { "not-replayable": 2 } });
});
