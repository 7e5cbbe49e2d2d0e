import { describe, expect, it } from "vitest";
import { createCodecs } from "../../../../pipeline/records/codecs.ts";
import type { OutRecord } from "../../../../platform/kafka/record.ts";
import type { ToldConversion } from "../../../../services/analytics-sink/conversions/conversion-block.ts";
import {
  ConversionSettling,
  type FoundMessage,
  type SettledAs,
} from "../../../../services/analytics-sink/conversions/conversion-settling.ts";

let nextId = 1;
const codecs = await createCodecs({ idOf: async () => nextId++, schemaOf: async () => undefined });
const NOW = 1_764_000_000_000;
const WAIT = 900_000;
/** All messages of before this moment are old enough. */
const RIPE = NOW + WAIT;
const WAY = { provider: "alpha", country: "DE", network: "26201", lane: "otp" } as const;

/** A settling in front of some messages. */
function world(messages: readonly FoundMessage[]) {
  const known = [...messages];
  const asked: (readonly string[])[] = [];
  const counted: SettledAs[] = [];
  const settling = new ConversionSettling({
    codec: codecs.conversionCounts,
    partition: 2,
    since: NOW - 60_000,
    waitMs: WAIT,
    find: async (ids) => {
      asked.push(ids);
      return known.filter(({ messageId }) => ids.includes(messageId));
    },
    count: (as) => counted.push(as),
  });
  return { settling, known, asked, counted };
}

const message = (messageId: string, more: Partial<FoundMessage> = {}): FoundMessage => ({
  ...{ messageId, accountId: "acme", way: WAY, acceptedAt: NOW - 20_000, ...more },
});
const word = (messageId: string, converted: boolean, more: Partial<ToldConversion> = {}): ToldConversion => ({
  ...{ messageId, accountId: "acme", converted, toldAt: NOW, ...more },
});
const decoded = (records: readonly OutRecord[]) =>
  records.map(({ topic, partition, key, value }) => {
    expect([topic, partition]).toEqual(["sms.conversion-counts", 0]);
    const read = codecs.conversionCounts.decode(value as Buffer);
    if (!read.ok) throw new Error(read.detail);
    return [key, read.value.told, read.value.converted];
  });
const KEY = "alpha/DE/26201/otp/2";

describe("settling conversions", () => {
  it("counts for each way what was told and what converted, and tells of it once", async () => {
    const other = { ...WAY, provider: "beta", network: null };
    const { settling, counted } = world([message("a"), message("b"), message("c", { way: other })]);
    settling.add([word("a", true), word("b", false), word("c", true)]);
    expect(decoded(await settling.settle(RIPE, RIPE))).toEqual([
      [KEY, 2, 1],
      ["beta/DE//otp/2", 1, 1],
    ]);
    expect(await settling.settle(RIPE + 1_000, RIPE + 1_000)).toEqual([]);
    expect([counted, settling.size]).toEqual([["counted", "counted", "counted"], 0]);
  });

  it("counts all messages at the same age, however early it was told that one converted", async () => {
    const { settling, asked } = world([message("a"), message("b", { acceptedAt: NOW })]);
    settling.add([word("a", true), word("b", true)]);
    const at = NOW - 20_000 + WAIT;
    for (let now = NOW; now < at; now += 1_000) expect(await settling.settle(now, now)).toEqual([]);
    // Looked up when it was told of, and when it is old enough.
    expect(asked).toEqual([["a", "b"]]);
    settling.add([word("b", false, { toldAt: NOW + 600_000 })]);
    expect(decoded(await settling.settle(at, at))).toEqual([[KEY, 1, 1]]);
    expect(decoded(await settling.settle(NOW + WAIT, NOW + WAIT))).toEqual([[KEY, 2, 2]]);
  });

  it("counts nothing while words may be unread that were told before", async () => {
    const { settling } = world([message("a"), message("b")]);
    settling.add([word("a", false)]);
    const ripe = NOW - 20_000 + WAIT;
    for (const readUpTo of [Number.NEGATIVE_INFINITY, NOW, ripe - 1])
      expect(await settling.settle(RIPE + WAIT, readUpTo)).toEqual([]);
    settling.add([word("a", true, { toldAt: ripe - 1 })]);
    expect(await settling.settle(RIPE + 3 * WAIT, Number.NEGATIVE_INFINITY)).toEqual([]);
    // A later word says that the earlier ones have been read.
    settling.add([word("b", false, { toldAt: ripe })]);
    expect(decoded(await settling.settle(RIPE + 5 * WAIT, Number.NEGATIVE_INFINITY))).toEqual([[KEY, 2, 1]]);
  });

  it("counts a message once however often it is told of, before and after", async () => {
    const { settling, counted } = world([message("a")]);
    let records: OutRecord[] = [];
    for (let n = 0; n < 1_000; n++) {
      settling.add([word("a", n % 3 === 1, { toldAt: NOW + n })]);
      const now = n < 500 ? NOW + n : RIPE + n;
      records = [...records, ...(await settling.settle(now, now))];
    }
    expect(decoded(records)).toEqual([[KEY, 1, 1]]);
    expect(counted).toEqual(["counted"]);
  });

  it("waits for a message that is not there yet, or not submitted, and asks for it now and then only", async () => {
    const { settling, known, asked } = world([message("b", { way: undefined })]);
    settling.add([word("a", true), word("b", true)]);
    for (let at = NOW; at <= NOW + 4_000; at += 1_000) expect(await settling.settle(at, at)).toEqual([]);
    expect([asked.length, settling.size]).toEqual([1, 2]);
    known.splice(0, 1, message("a"), message("b"));
    expect(decoded(await settling.settle(NOW + 5_000, RIPE))).toEqual([[KEY, 2, 2]]);
  });

  it("counts nothing for another account's message, or for no message, and gives them up after five minutes", async () => {
    const { settling, counted } = world([message("a", { accountId: "globex" })]);
    settling.add([word("a", true), word("none", true)]);
    for (let at = NOW; at < NOW + 300_000; at += 5_000) await settling.settle(at, at);
    expect([counted, settling.size]).toEqual([[], 2]);
    expect(await settling.settle(NOW + 300_000, RIPE)).toEqual([]);
    expect([counted, settling.size]).toEqual([["unmatched", "unmatched"], 0]);
  });

  it("counts nothing of several messages under one id, of messages from before it began, nor what is told late", async () => {
    const before = message("b", { acceptedAt: NOW - 60_001 });
    const { settling, counted } = world([message("a"), message("a"), before, message("c")]);
    settling.add([word("a", true), word("b", true), word("c", false, { toldAt: NOW - 19_999 + WAIT })]);
    expect(await settling.settle(RIPE, RIPE)).toEqual([]);
    expect([counted, settling.size]).toEqual([["ambiguous", "begun-before", "late"], 0]);
  });

  it("loses nothing while the messages cannot be looked up", async () => {
    let away = true;
    const settling = new ConversionSettling({
      codec: codecs.conversionCounts,
      partition: 2,
      since: 0,
      waitMs: WAIT,
      find: async () => {
        if (away) throw new Error("ClickHouse is away");
        return [message("a")];
      },
      count: () => {},
    });
    settling.add([word("a", true)]);
    await expect(settling.settle(NOW, NOW)).rejects.toThrow("away");
    away = false;
    expect(decoded(await settling.settle(RIPE, RIPE))).toEqual([[KEY, 1, 1]]);
  });

  it("is bounded in what waits, what it looks up at once, the ways it counts and what it tells at once", async () => {
    const { settling, asked, counted } = world([]);
    settling.add(Array.from({ length: 20_100 }, (_, n) => word(`m${n}`, true)));
    settling.add([word("m0", true)]);
    expect([settling.size, counted.length, new Set(counted)]).toEqual([20_000, 100, new Set(["crowded-out"])]);
    await settling.settle(NOW, NOW);
    expect(asked[0]).toHaveLength(500);

    const many = Array.from({ length: 1_100 }, (_, n) => message(`w${n}`, { way: { ...WAY, provider: `p${n}` } }));
    const ways = world(many);
    ways.settling.add(many.map(({ messageId }) => word(messageId, true)));
    const told: OutRecord[] = [];
    for (let at = RIPE; at < RIPE + 40_000; at += 1_000) {
      const records = await ways.settling.settle(at, at);
      expect(records.length).toBeLessThanOrEqual(64);
      told.push(...records);
    }
    expect(told.length).toBeGreaterThanOrEqual(1_000);
    expect(told.length).toBeLessThanOrEqual(1_100);
  });
});
