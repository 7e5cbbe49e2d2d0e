import { describe, expect, it } from "vitest";
import { createCodecs } from "../../../../pipeline/records/codecs.ts";
import type { OutRecord } from "../../../../platform/kafka/record.ts";
import {
  conversionKey,
  type ToldConversion,
} from "../../../../services/analytics-sink/conversions/conversion-block.ts";
import {
  ConversionSettling,
  type FoundMessage,
  type SettledAs,
} from "../../../../services/analytics-sink/conversions/conversion-settling.ts";

let nextId = 1;
const codecs = await createCodecs({ idOf: async () => nextId++, schemaOf: async () => undefined });
const NOW = 1_764_000_000_000;
const WAY = { provider: "alpha", country: "DE", network: "26201", lane: "otp" } as const;

/** A settling in front of some messages. */
function world(messages: readonly FoundMessage[]) {
  const known = [...messages];
  const asked: (readonly string[])[] = [];
  const counted: SettledAs[] = [];
  const settling = new ConversionSettling({
    codec: codecs.conversionCounts,
    partition: 2,
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
  records.map(({ key, value }) => {
    const read = codecs.conversionCounts.decode(value as Buffer);
    if (!read.ok) throw new Error(read.detail);
    return [key, read.value.told, read.value.converted];
  });
const KEY = "alpha/DE/26201/otp/2";
const NOTHING_BEFORE = new Map<string, boolean>();

describe("settling conversions", () => {
  it("counts for each way what was told and what converted, and tells of it once", async () => {
    const other = { ...WAY, provider: "beta", network: null };
    const { settling, counted } = world([message("a"), message("b"), message("c", { way: other })]);
    settling.add([word("a", true), word("b", false), word("c", true)], NOTHING_BEFORE);
    expect(decoded(await settling.settle(NOW))).toEqual([
      [KEY, 2, 1],
      ["beta/DE//otp/2", 1, 1],
    ]);
    expect(await settling.settle(NOW + 1_000)).toEqual([]);
    expect([counted, settling.size]).toEqual([["counted", "counted", "counted"], 0]);
  });

  it("counts a message once however often it is told of, and converted where any word says so", async () => {
    const { settling } = world([message("a")]);
    const before = new Map<string, boolean>();
    let records: OutRecord[] = [];
    for (let n = 0; n < 1_000; n++) {
      const converted = n % 3 === 1;
      settling.add([word("a", converted)], new Map(before));
      before.set(conversionKey("a", "acme"), (before.get(conversionKey("a", "acme")) ?? false) || converted);
      if (n % 2 === 0) records = [...records, ...(await settling.settle(NOW + n))];
    }
    records = [...records, ...(await settling.settle(NOW + 2_000))];
    expect(decoded(records).at(-1)).toEqual([KEY, 1, 1]);
    for (const [, told, converted] of decoded(records)) expect([told, converted]).not.toContain(2);
  });

  it("takes nothing back: not converted after converted is no news", async () => {
    const { settling } = world([message("a")]);
    settling.add([word("a", false)], new Map([[conversionKey("a", "acme"), true]]));
    expect([await settling.settle(NOW), settling.size]).toEqual([[], 0]);
  });

  it("waits for a message that is not there yet, or not submitted, and asks for it now and then only", async () => {
    const { settling, known, asked } = world([message("b", { way: undefined })]);
    settling.add([word("a", true), word("b", true)], NOTHING_BEFORE);
    for (let at = NOW; at <= NOW + 4_000; at += 1_000) expect(await settling.settle(at)).toEqual([]);
    expect([asked.length, settling.size]).toEqual([1, 2]);
    known.splice(0, 1, message("a"), message("b"));
    expect(decoded(await settling.settle(NOW + 5_000))).toEqual([[KEY, 2, 2]]);
  });

  it("counts nothing for another account's message, or for no message, and gives them up after five minutes", async () => {
    const { settling, counted } = world([message("a", { accountId: "globex" })]);
    settling.add([word("a", true), word("none", true)], NOTHING_BEFORE);
    for (let at = NOW; at < NOW + 300_000; at += 5_000) await settling.settle(at);
    expect([counted, settling.size]).toEqual([[], 2]);
    expect(await settling.settle(NOW + 300_000)).toEqual([]);
    expect([counted, settling.size]).toEqual([["unmatched", "unmatched"], 0]);
  });

  it("counts nothing where an id stands for several messages, nor of a message of the day before", async () => {
    const old = message("b", { acceptedAt: NOW - 90_000_000 });
    const { settling, counted } = world([message("a"), message("a"), old]);
    settling.add([word("a", true), word("b", true)], NOTHING_BEFORE);
    expect([await settling.settle(NOW), counted]).toEqual([[], ["ambiguous", "old"]]);
  });

  it("loses nothing while the messages cannot be looked up", async () => {
    let away = true;
    const settling = new ConversionSettling({
      codec: codecs.conversionCounts,
      partition: 2,
      find: async () => {
        if (away) throw new Error("ClickHouse is away");
        return [message("a")];
      },
      count: () => {},
    });
    settling.add([word("a", true)], NOTHING_BEFORE);
    await expect(settling.settle(NOW)).rejects.toThrow("away");
    away = false;
    expect(decoded(await settling.settle(NOW + 1_000))).toEqual([[KEY, 1, 1]]);
  });

  it("is bounded in what waits, what it looks up at once, the ways it counts and what it tells at once", async () => {
    const { settling, asked, counted } = world([]);
    settling.add(
      Array.from({ length: 10_100 }, (_, n) => word(`m${n}`, true)),
      NOTHING_BEFORE,
    );
    expect([settling.size, counted.length, new Set(counted)]).toEqual([10_000, 100, new Set(["crowded-out"])]);
    await settling.settle(NOW);
    expect(asked[0]).toHaveLength(500);

    const many = Array.from({ length: 1_100 }, (_, n) => message(`w${n}`, { way: { ...WAY, provider: `p${n}` } }));
    const ways = world(many);
    ways.settling.add(
      many.map(({ messageId }) => word(messageId, true)),
      NOTHING_BEFORE,
    );
    const told: OutRecord[] = [];
    for (let at = NOW; at < NOW + 40_000; at += 1_000) {
      const records = await ways.settling.settle(at);
      expect(records.length).toBeLessThanOrEqual(64);
      told.push(...records);
    }
    expect(told.length).toBeGreaterThanOrEqual(1_000);
    expect(told.length).toBeLessThanOrEqual(1_100);
  });
});
