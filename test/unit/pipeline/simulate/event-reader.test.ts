import { expect, test } from "vitest";
import { EventReader } from "../../../../pipeline/simulate/event-reader.ts";
import type { InRecord } from "../../../../platform/kafka/record.ts";

const ID = "00000000-0000-4000-8000-000000000001";

/** A log of two partitions: 90,000 records and 30,000, a second apart; every tenth is a decision. Times are seconds. */
const SIZES = [90_000, 30_000];

function reading(decode: (value: Buffer) => object = (value) => ({ ok: true, value: Number(value.toString()) })) {
  const ranges: [number, number, number][] = [];
  const reader = {
    watermarks: async () => SIZES.map((high) => ({ low: 0, high })),
    offsetsAt: async (_: string, time: number) => SIZES.map((high) => Math.min(high, time)),
    readRange: async (_: string, partition: number, from: number, to: number, take: (record: InRecord) => void) => {
      ranges.push([partition, from, to]);
      for (let offset = from; offset < to; offset++) {
        const kind = offset % 10 === 0 ? "1/routed" : "final";
        const value = Buffer.from(String(1_000_000 * partition + offset));
        take({ headers: { id: Buffer.from(`${ID}/${kind}`) }, value, offset, partition } as never);
      }
    },
  };
  const codecs = { event: { decode } as never, loadSchema: async () => "missing" as const };
  return { events: new EventReader(reader, codecs), ranges };
}

const ROUTED = new Set(["routed"]);
const all = { since: undefined, until: undefined };

test("gives the kinds that are asked for of a stretch of time, in pieces, and tells the share", async () => {
  const { events, ranges } = reading();
  const taken: number[] = [];
  const shares: number[] = [];
  const take = (event: unknown) => void taken.push(event as number);
  const progress = (share: number) => void shares.push(share);
  expect(await events.read({ since: 25_000, until: 50_000 }, ROUTED, take, { progress })).toBe(0);
  expect(ranges).toEqual([
    [0, 25_000, 45_000],
    [0, 45_000, 50_000],
    [1, 25_000, 30_000],
  ]);
  expect(taken).toHaveLength(3_000);
  expect([taken[0], taken.at(-1)]).toEqual([25_000, 1_029_990]);
  expect(shares.map((share) => Math.round(100 * share))).toEqual([67, 83, 100]);
});

test("of more records than may be read, the newest of each partition are, by its share", async () => {
  const { events, ranges } = reading();
  expect(await events.read({ ...all, most: 12_000 }, ROUTED, () => {})).toBe(108_000);
  expect(ranges).toEqual([
    [0, 81_000, 90_000],
    [1, 27_000, 30_000],
  ]);
});

test("ends between two pieces when it is stopped", async () => {
  const { events, ranges } = reading();
  const stopped = () => ranges.length >= 2;
  expect(await events.read(all, ROUTED, () => {}, { stopped })).toBe(80_000);
  expect(ranges).toHaveLength(2);
});

test("counts what cannot be read", async () => {
  const { events } = reading(() => ({ ok: false, code: "unknown-schema", schemaId: 7 }));
  await events.read({ since: 89_000, until: undefined }, ROUTED, () => expect.unreachable());
  expect(events.unreadable).toBe(100);
});
