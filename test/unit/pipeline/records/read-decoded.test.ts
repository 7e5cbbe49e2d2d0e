import { expect, test } from "vitest";
import { readDecoded } from "../../../../pipeline/records/read-decoded.ts";
import type { InRecord } from "../../../../platform/kafka/record.ts";

/** A partition of records that say which schema each is of, `schema/offset`; 0 is known, odd ones the registry does not have. */
function partition(schemaOf: (offset: number) => number, size: number) {
  const known = new Set([0]);
  const asked: number[] = [];
  const ranges: [number, number][] = [];
  const meant: number[] = [];
  const taken: number[] = [];
  const unreadable: number[] = [];
  const reading = {
    reader: {
      readRange: async (topic: string, number: number, from: number, to: number, give: (record: InRecord) => void) => {
        ranges.push([from, to]);
        for (let offset = from; offset < Math.min(to, size); offset++) {
          const value = offset === 7 ? null : Buffer.from(`${schemaOf(offset)}/${offset}`);
          give({ topic, partition: number, offset, key: null, value, headers: {}, timestamp: offset });
        }
      },
    },
    codec: {
      decode: (value: Buffer) => {
        const [schemaId = 0, offset = 0] = value.toString().split("/").map(Number);
        return known.has(schemaId)
          ? { ok: true as const, value: offset }
          : { ok: false as const, code: "unknown-schema" as const, schemaId, detail: `schema ${schemaId}` };
      },
    },
    loadSchema: async (id: number) => {
      asked.push(id);
      if (id % 2 === 1) return "missing" as const;
      known.add(id);
      return "loaded" as const;
    },
    absent: new Set<number>(),
    take: (value: number) => void taken.push(value),
    unreadable: ({ offset }: InRecord) => void unreadable.push(offset),
    meant: ({ offset }: InRecord) => {
      meant.push(offset);
      return offset % 10 !== 9;
    },
  };
  const read = (from: number, to: number) => readDecoded({ topic: "t", partition: 3, from, to }, reading);
  return { read, asked, ranges, meant, taken, unreadable };
}

const upTo = (end: number) => Array.from({ length: end }, (_, n) => n);

test("records come in order, also those of schemas that are seen for the first time; each schema is asked for once", async () => {
  const { read, asked, ranges, meant, taken, unreadable } = partition((offset) => [0, 2, 3, 0, 4, 0][offset % 6]!, 30);
  await read(0, 30);
  const absent = (offset: number) => offset % 6 === 2 || offset === 7;
  const wanted = upTo(30).filter((offset) => offset % 10 !== 9);
  expect(taken).toEqual(wanted.filter((offset) => !absent(offset)));
  expect(unreadable).toEqual(wanted.filter(absent));
  expect([asked, ranges, meant]).toEqual([[2, 3, 4], [[0, 30]], upTo(30)]);
  await read(0, 30);
  expect(asked).toEqual([2, 3, 4]);
});

test("what waits for a schema is bounded: the rest of the stretch is read once more, and asked about once", async () => {
  const size = 60_000;
  const { read, asked, ranges, meant, taken } = partition((offset) => (offset >= 10_000 ? 2 : 0), size);
  await read(0, size);
  const passed = upTo(size).filter((offset) => offset % 10 !== 9 && offset !== 7);
  expect(taken).toEqual(passed);
  expect(meant).toEqual(upTo(size));
  expect(asked).toEqual([2]);
  const [first, second, ...more] = ranges;
  expect([first, second![1], more]).toEqual([[0, size], size, []]);
  expect(second![0]).toBeGreaterThan(30_000);
  expect(second![0]).toBeLessThan(33_000);
});
