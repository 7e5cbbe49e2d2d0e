import { beforeEach, expect, test } from "vitest";
import { DeadLetterBox } from "../../../pipeline/dead-letters/dead-letter-box.ts";
import { type KnownEvent, messageText } from "../../../pipeline/dead-letters/message-history.ts";
import { Replayer } from "../../../pipeline/dead-letters/replay.ts";
import { DEAD_AFTER_MS, type LetterPlace, markRecord } from "../../../pipeline/dead-letters/replay-mark.ts";
import { createCodecs, type SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import type { InRecord, OutRecord } from "../../../platform/kafka/record.ts";
import type { DeadLetter, MessageFacts } from "../../../schemas/generated/types.ts";
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
/** Called when it has been said how far a topic goes. */
let told: (topic: string) => void;
beforeEach(async () => {
  let nextId = 1;
  codecs = await createCodecs({ idOf: async () => nextId++, schemaOf: async () => undefined });
  events = [];
  told = () => {};
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
    ...{
      reference: null,
      callbackUrl: null,
      transliterate: false,
      sendAt: null,
      receiptTo: null,
      acceptedAt: NOW - 1_000,
    },
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

type Around = (records: readonly OutRecord[], write: () => void) => Promise<void>;

/** `around`: each time that the run writes records. */
async function replayBy(places: LetterPlace[], around: Around = async (_, write) => write()) {
  const reader = {
    topics: async () => [...log.keys()],
    watermarks: async (topic: string) => {
      const marks = [{ low: 0, high: log.get(topic)!.length }];
      told(topic);
      return marks;
    },
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
      send: (records) =>
        around(records, () => {
          for (const record of records) append(record);
        }),
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

/** A dispatch that its sender put aside, once more at each takeover before it was committed. */
function dispatchAside(): LetterPlace {
  const facts = {
    ...{ messageId: ID, accountId: "acme", lane: "otp", to: TO, from: null, country: "DE", network: null },
    ...{ networkSource: null, encoding: "gsm7", segments: 1, reference: null, callbackUrl: null, metadata: {} },
    ...{ acceptedAt: NOW, expiresAt: NOW + 60_000, sentAs: null, segmentsSaved: 0, receiptTo: null },
  } satisfies Partial<MessageFacts> as MessageFacts;
  const value = codecs.dispatch.encode({
    ...{ facts, text: "hi", attempt: 1, provider: "a", route: "r", price: null, currency: null, tried: [] },
    ...{ inDoubt: null, spendLeft: null, spendCurrency: null, charge: null, onDelivery: false, tariff: null },
  });
  const headers = { id: Buffer.from("one work") };
  return letter({ reason: "undecodable", service: "sender", topic: DISPATCHES, offset: DONE - 1, value, headers });
}

/** The mark of another run that is about to replay this letter of a dispatch, or has. */
function othersMark(place: LetterPlace, state: "begun" | "done" = "begun"): OutRecord {
  const content = { reason: "undecodable", topic: DISPATCHES, partition: 0, messageId: ID } as DeadLetter;
  return markRecord(codecs.deadLetter, { ...place, storedAt: NOW, content }, { state, run: "other", at: DONE }, NOW);
}

test("two runs at once put one of two letters of the same dispatch back, not each its own", async () => {
  const routed = { type: "routed", attempt: 1, provider: "a", state: "", providerMessageIds: [] };
  events = [{ ...routed, messageId: ID, to: TO, partition: 0, offset: 0 }];
  const [first, twin] = [dispatchAside(), dispatchAside()];
  const others: object[] = [];
  // The first run stands still between its last look and its write.
  const standing: Around = async (records, write) => {
    if (records[0]?.topic === DISPATCHES) others.push(await replay(twin));
    write();
  };
  expect(await replayBy([first], standing)).toEqual({ replayed: 1, refused: {} });
  expect(others).toEqual([{ replayed: 0, refused: { waiting: 1 } }]);
  expect(log.get(DISPATCHES)).toHaveLength(DONE + 1);
});

test("of two runs that mark two letters of the same dispatch, the one whose mark stands first goes on", async () => {
  const routed = { type: "routed", attempt: 1, provider: "a", state: "", providerMessageIds: [] };
  events = [{ ...routed, messageId: ID, to: TO, partition: 0, offset: 0 }];
  const [first, twin] = [dispatchAside(), dispatchAside()];
  const marked = (behind: boolean): Around => {
    let marks = 0;
    return async (records, write) => {
      const other = records[0]?.topic === DEAD_LETTER_TOPIC && marks++ === 0;
      if (other && !behind) append(othersMark(twin));
      write();
      if (other && behind) append(othersMark(twin));
    };
  };
  expect(await replayBy([first], marked(false))).toEqual({ replayed: 0, refused: { waiting: 1 } });
  log.set(DEAD_LETTER_TOPIC, log.get(DEAD_LETTER_TOPIC)!.slice(0, 2));
  expect(await replayBy([first], marked(true))).toEqual({ replayed: 1, refused: {} });
});

test("a run that looks just while another one writes and marks its end puts nothing beside it", async () => {
  const routed = { type: "routed", attempt: 1, provider: "a", state: "", providerMessageIds: [] };
  events = [{ ...routed, messageId: ID, to: TO, partition: 0, offset: 0 }];
  const [first, twin] = [dispatchAside(), dispatchAside()];
  let looks = 0;
  const otherGoesFirst: Around = async (records, write) => {
    if (looks === 0 && records[0]?.topic === DEAD_LETTER_TOPIC) {
      append(othersMark(first));
      told = (topic) => {
        if (topic !== DISPATCHES || ++looks !== 2) return;
        append({ topic: DISPATCHES, partition: 0, key: null, value: null, headers: { id: "one work" } });
        append(othersMark(first, "done"));
      };
    }
    write();
  };
  expect(await replayBy([twin], otherGoesFirst)).toEqual({ replayed: 0, refused: { waiting: 1 } });
  expect(looks).toBeGreaterThan(1);
  expect(log.get(DISPATCHES)).toHaveLength(DONE + 1);
});
