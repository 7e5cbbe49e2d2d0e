import { beforeEach, expect, test } from "vitest";
import { WHOLE_TEXT } from "../../../pipeline/records/delivered-records.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import type { Inbound } from "../../../schemas/generated/types.ts";
import { questions } from "../../../services/console/questions.ts";
import { CachedAnswers } from "../../../services/console/read/cached-answers.ts";
import { ConsentDesk } from "../../../services/console/read/consent.ts";
import { InboundBox, inboundFor } from "../../../services/console/read/inbound.ts";
import { LettersInLog } from "../../../services/console/read/letters-in-log.ts";
import { consoleWorld } from "./console-world.ts";

/** By partition; what stands in it are the values themselves. */
let log: (Inbound | "old" | "broken")[][];
let ranges: [number, number, number][];
let since: number[];

function inbound(n: number, over: Partial<Inbound> = {}): Inbound {
  const one = { provider: "smsc-a", from: "491713920012", to: "68849", text: `hello ${n}`, receivedAt: n };
  return { ...WHOLE_TEXT, ...one, ...over };
}

const reader = {
  watermarks: async () => log.map((records) => ({ low: 0, high: records.length })),
  offsetsAt: async (_: string, time: number) => {
    since.push(time);
    return log.map(() => 0);
  },
  readRange: async (_: string, partition: number, from: number, to: number, take: (record: InRecord) => void) => {
    ranges.push([partition, from, to]);
    for (let offset = from; offset < to; offset++)
      take({ partition, offset, value: log[partition]![offset] as never } as unknown as InRecord);
  },
};
let loaded: number;
const codecs = {
  inbound: {
    decode: (value: unknown) => {
      if (value === "broken") return { ok: false, code: "undecodable" };
      if (value === "old")
        return loaded > 0 ? { ok: true, value: inbound(5_000) } : { ok: false, code: "unknown-schema", schemaId: 7 };
      return { ok: true, value };
    },
  },
  loadSchema: async () => {
    loaded++;
    return "loaded" as const;
  },
};
const box = () => new InboundBox(reader as never, codecs as never);
const all = { since: 0, provider: "", number: "" };

beforeEach(() => {
  [log, ranges, since, loaded] = [[[], []], [], [], 0];
});

test("the newest of all partitions stand first, a bounded number, and how many match is said", async () => {
  log = [0, 1].map((partition) => Array.from({ length: 150 }, (_, n) => inbound(2 * n + partition)));
  const { messages, ...counts } = await box().newest({ ...all, since: 7 });
  expect(messages.map(({ at }) => at)).toEqual(Array.from({ length: 100 }, (_, n) => 299 - n));
  expect(messages[0]).toEqual({
    ...{ at: 299, provider: "smsc-a", from: "491713920012", to: "68849", text: "hello 299" },
    ...{ cut: 0, part: null, alphabet: null, media: 0, optOut: null, place: "1/149" },
  });
  expect(counts).toEqual({ matched: 300, looked: 300, notLooked: 0, unreadable: 0 });
  expect(since).toEqual([7]);
});

test("of more than 20,000 records only the newest are read, and the page is told", async () => {
  log = [Array.from({ length: 30_000 }, (_, n) => inbound(n)), Array.from({ length: 10_000 }, (_, n) => inbound(n))];
  expect(await box().newest(all)).toMatchObject({ looked: 20_000, notLooked: 20_000 });
  expect(ranges).toEqual([
    [0, 15_000, 30_000],
    [1, 5_000, 10_000],
  ]);
});

test("is found by provider, and by a number in any spelling, on either side", async () => {
  log[0] = [inbound(1), inbound(2, { provider: "smsc-b" }), inbound(3, { from: "ACME", to: "4930901820" })];
  const found = async (filter: object) => (await box().newest({ ...all, ...filter })).messages.map(({ at }) => at);
  expect(await found({ provider: "smsc-b" })).toEqual([2]);
  expect(await found({ number: "+49 171 392-0012" })).toEqual([2, 1]);
  expect(await found({ number: "00493090 1820" })).toEqual([3]);
  expect(await found({ number: "acme" })).toEqual([3]);
  expect(await found({ number: "4917139200" })).toEqual([]);
});

test("parts, binary messages, attachments and opt-outs are told; a long text is cut", async () => {
  log[0] = [
    inbound(1, { reference: 9, total: 3, part: 2, alphabet: "gsm7" }),
    inbound(2, { alphabet: "binary", text: "\u0001\u0002" }),
    inbound(3, { media: ["https://media.example/1"], optOut: "STOP", text: "x".repeat(2_000) }),
  ];
  const { messages } = await box().newest(all);
  expect(messages).toMatchObject([
    { media: 1, optOut: "STOP", text: "x".repeat(1_600), cut: 400 },
    { text: null },
    { part: { number: 2, of: 3, reference: 9 } },
  ]);
});

test("an older writer's records are read with its schema; what cannot be read is counted", async () => {
  log[0] = ["old", "broken", inbound(1)];
  expect(await box().newest(all)).toMatchObject({ unreadable: 1, messages: [{ at: 5_000 }, { at: 1 }] });
});

test("viewers see shortened numbers and no texts, also of what an operator has just asked for", async () => {
  log[0] = [inbound(1, { to: "whatsapp:+491713920099" }), inbound(2, { from: "68849" })];
  const parts = { inbound: box(), answers: new CachedAnswers(() => 0), now: () => 10_000_000 };
  const world = await consoleWorld(questions(parts as never));
  try {
    const ask = async (role: "viewer" | "operator" | undefined) =>
      (await world.ask(role, "/api/inbound?span=1h")) as never;
    const operators = [
      { from: "68849", text: "hello 2" },
      { from: "+491713920012", text: "hello 1" },
    ];
    expect(await ask("operator")).toMatchObject({ status: 200, body: { value: { messages: operators } } });
    const viewers = [
      { from: "68849", text: null },
      { from: "+49171…12", to: "whatsapp:+49171…99", text: null },
    ];
    expect(await ask("viewer")).toMatchObject({ status: 200, body: { value: { messages: viewers } } });
    expect(await ask(undefined)).toMatchObject({ status: 401 });
    expect(since).toEqual([10_000_000 - 3_600_000]);
    expect(ranges).toHaveLength(1);
  } finally {
    await world.stop();
  }
});

test("viewers cannot try a number: how it is spelt changes nothing, and short codes may be looked for", async () => {
  log[0] = [inbound(1)];
  const parts = { inbound: box(), answers: new CachedAnswers(() => 0), now: () => 10_000_000 };
  const world = await consoleWorld(questions(parts as never));
  try {
    const ask = async (role: "viewer" | "operator", number: string) =>
      world.ask(role, `/api/inbound?span=1h&number=${encodeURIComponent(number)}`);
    for (const number of ["+491713920012", "00 49 171 392-0012", "491713920012", "4917139200"]) {
      expect(await ask("viewer", number)).toMatchObject({ status: 403, body: { code: "ROLE_NEEDED" } });
      expect((await ask("operator", number)).status).toBe(200);
    }
    expect(await ask("viewer", "68849")).toMatchObject({ status: 200, body: { value: { matched: 1 } } });
    expect(await ask("viewer", "ACME")).toMatchObject({ status: 200, body: { value: { matched: 0 } } });
  } finally {
    await world.stop();
  }
});

test("while Kafka does not answer, questions do not pile up", async () => {
  const hanging = { ...reader, watermarks: () => new Promise<never>(() => {}) };
  const stuck = new InboundBox(hanging as never, codecs as never);
  for (let n = 0; n < 8; n++) stuck.newest(all).catch(() => {});
  await expect(stuck.newest(all)).rejects.toMatchObject({ code: "TOO_BUSY", class: "throttled" });
});

test("names and short codes are no subscribers' numbers", () => {
  const found = {
    messages: [
      { from: "1&1", to: "68849", text: "a" },
      { from: "12345678", to: "ACME", text: "b" },
    ],
  } as never;
  expect(inboundFor("viewer", found).messages.map(({ from }) => from)).toEqual(["1&1", "12345678"]);
});

test("is answered 503 with Retry-After while a leader has moved, as the brokers say it", async () => {
  const words = "This server is not the leader for that topic-partition";
  const gone = Object.assign(new Error(words), { name: "KafkaJSProtocolError", retriable: true });
  const away = { ...reader, watermarks: () => Promise.reject(gone), offsetsAt: () => Promise.reject(gone) };
  const parts = {
    ...{ inbound: new InboundBox(away as never, codecs as never), answers: new CachedAnswers(() => 0), now: () => 0 },
    consent: new ConsentDesk({ reader: away, codecs: codecs as never, partitions: 2 }),
    letters: new LettersInLog({ find: () => Promise.reject(gone), read: () => Promise.reject(gone) }, codecs as never),
  };
  const world = await consoleWorld(questions(parts as never));
  try {
    const answers = [
      await world.ask("operator", "/api/inbound?span=24h"),
      await world.ask("operator", "/api/consent", { number: "+491713920012" }),
      await world.ask("operator", "/api/dead-letters/letter?letter=0/7"),
    ];
    for (const answer of answers)
      expect(answer).toMatchObject({ status: 503, body: { code: "UNAVAILABLE" }, retryAfter: "1" });
  } finally {
    await world.stop();
  }
});
