import fc from "fast-check";
import { expect, test } from "vitest";
import { Positions, parseSource, sourceHeader } from "../../../../platform/kafka/positions.ts";

const TOPICS = ["requests.otp", "requests.marketing", "retry.5s", "retry.1h"];
const PARTITIONS = 6;
const source = fc.record({
  topic: fc.constantFrom(...TOPICS),
  partition: fc.integer({ min: 0, max: PARTITIONS - 1 }),
  offset: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })),
});

test("lets through exactly what is above all earlier positions of its source", () => {
  fc.assert(
    fc.property(fc.array(source, { maxLength: 200 }), (steps) => {
      const positions = new Positions(TOPICS, PARTITIONS);
      const naive = new Map<string, number>();
      for (const { topic, partition, offset } of steps) {
        const key = `${topic}/${partition}`;
        expect(positions.advance(topic, partition, offset)).toBe(offset > (naive.get(key) ?? -1));
        naive.set(key, Math.max(naive.get(key) ?? -1, offset));
      }
    }),
  );
});

test("what was packed and unpacked, or copied, answers alike", () => {
  fc.assert(
    fc.property(fc.array(source, { maxLength: 60 }), fc.array(source, { maxLength: 60 }), (before, after) => {
      const original = new Positions(TOPICS, PARTITIONS);
      for (const s of before) original.advance(s.topic, s.partition, s.offset);
      const restored = new Positions(TOPICS, PARTITIONS);
      restored.unpack(original.pack());
      const copy = original.copy();
      expect(restored.pack()).toBe(original.pack());
      for (const s of after) {
        const answer = original.advance(s.topic, s.partition, s.offset);
        expect(restored.advance(s.topic, s.partition, s.offset)).toBe(answer);
        expect(copy.advance(s.topic, s.partition, s.offset)).toBe(answer);
      }
    }),
  );
});

test("drops a run that is repeated whole, however much came in between", () => {
  const positions = new Positions(TOPICS, PARTITIONS);
  for (let offset = 0; offset < 50_000; offset++) expect(positions.advance("retry.5s", 3, offset)).toBe(true);
  for (let offset = 0; offset < 50_000; offset += 7) expect(positions.advance("retry.5s", 3, offset)).toBe(false);
});

test("unpacking keeps the higher of both, and refuses text that is cut off", () => {
  const low = new Positions(TOPICS, PARTITIONS);
  low.advance("retry.5s", 0, 5);
  const high = new Positions(TOPICS, PARTITIONS);
  high.advance("retry.5s", 0, 1_000_000);
  const packed = low.pack();
  high.unpack(packed);
  expect(high.advance("retry.5s", 0, 999_999)).toBe(false);
  const bytes = Buffer.from(high.pack(), "base64");
  expect(() => low.unpack(bytes.subarray(0, -1).toString("base64"))).toThrow(/cut off/);
});

test("a source that is not known is let through, and changes nothing", () => {
  const positions = new Positions(TOPICS, PARTITIONS);
  for (const [topic, partition] of [
    ["other", 0],
    ["retry.5s", 6],
    ["retry.5s", -1],
  ] as const) {
    expect(positions.advance(topic, partition, 1)).toBe(true);
    expect(positions.advance(topic, partition, 1)).toBe(true);
  }
  expect(positions.pack()).toBe("");
});

test("fits into commit metadata: 32 partitions of 9 topics at a thousand million records", () => {
  const topics = Array.from({ length: 9 }, (_, i) => `topic-${i}`);
  const positions = new Positions(topics, 32);
  for (const topic of topics) for (let p = 0; p < 32; p++) positions.advance(topic, p, 1_000_000_000);
  expect(positions.pack().length).toBeLessThan(32 * 9 * 8.5);
});

test("the source header round-trips; anything else is no source", () => {
  fc.assert(
    fc.property(source, ({ topic, partition, offset }) => {
      expect(parseSource(sourceHeader(topic, partition, offset))).toEqual({ topic, partition, offset });
    }),
  );
  for (const text of [
    undefined,
    "",
    "/",
    "a",
    "a/1",
    "/1/2",
    "a/b/2",
    "a/1/x",
    "a/1.5/2",
    "a//2",
    "a/1/",
    "a/-1/2",
    "a/1/-2",
  ])
    expect(parseSource(text), String(text)).toBeUndefined();
  expect(parseSource("a/b/1/2")).toEqual({ topic: "a/b", partition: 1, offset: 2 });
});
