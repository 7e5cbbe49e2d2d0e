import fc from "fast-check";
import { expect, test } from "vitest";
import {
  JournalBatch,
  type JournalEntry,
  type JournalHead,
  readJournal,
} from "../../../../platform/kafka/journal-format.ts";
import type { OutRecord } from "../../../../platform/kafka/record.ts";

const octets = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const text = fc.string({ unit: "grapheme", maxLength: 40 });
const record: fc.Arbitrary<OutRecord> = fc.record({
  topic: text,
  partition: fc.nat(),
  key: fc.option(octets),
  value: fc.option(octets),
  headers: fc.dictionary(fc.string({ minLength: 1 }), octets, { maxKeys: 4 }),
});
const place = { lane: fc.nat({ max: 255 }), offset: fc.maxSafeNat(), id: text };
const entry: fc.Arbitrary<JournalEntry> = fc.oneof(
  fc.record({ kind: fc.constantFrom("leaving" as const, "stayed" as const), ...place }),
  fc.record({
    kind: fc.constant("outcome" as const),
    ...place,
    outcome: fc.record({
      events: fc.array(record, { maxLength: 3 }),
      followUp: fc.array(record, { maxLength: 3 }),
    }),
  }),
);
const head: JournalHead = { token: "t", boot: "b", generation: 3, before: [1, 2], unknownBelow: [0, 7] };

/** The batches as they are written, the first one the head's. */
function written(batches: readonly (readonly JournalEntry[])[]): Buffer[] {
  const batch = new JournalBatch();
  batch.head(head);
  const parts = [Buffer.from(batch.take())];
  for (const entries of batches) {
    for (const { kind, lane, offset, id, outcome } of entries)
      if (outcome === undefined) batch.entry(kind, lane, offset, id);
      else batch.outcome(lane, offset, id, outcome);
    if (!batch.empty) parts.push(Buffer.from(batch.take()));
  }
  return parts;
}

const batches = fc.array(fc.array(entry, { maxLength: 5 }), { maxLength: 5 });

test("what was written is read back", () => {
  fc.assert(
    fc.property(batches, (all) => {
      const read = readJournal(Buffer.concat(written(all)));
      expect(read).toEqual({ head, entries: all.flat(), end: "whole" });
    }),
  );
});

test("a header may have any name, also one that objects have of their own", () => {
  const batch = new JournalBatch();
  const headers = Object.fromEntries([["__proto__", "x"]]);
  batch.outcome(0, 1, "a", { events: [{ topic: "e", partition: 2, key: null, value: null, headers }], followUp: [] });
  const [event] = readJournal(batch.take()).entries[0]!.outcome!.events;
  expect(Object.entries(event!.headers!)).toEqual([["__proto__", Buffer.from("x")]]);
});

test("a key and header fields that are text come back as their octets", () => {
  const batch = new JournalBatch();
  const value = Buffer.from("v");
  batch.outcome(0, 1, "a", {
    events: [{ topic: "e", partition: 2, key: "49", value, headers: { id: "x/1" } }],
    followUp: [{ topic: "f", partition: 0, key: null, value: null }],
  });
  expect(readJournal(batch.take()).entries[0]!.outcome).toEqual({
    events: [{ topic: "e", partition: 2, key: Buffer.from("49"), value, headers: { id: Buffer.from("x/1") } }],
    followUp: [{ topic: "f", partition: 0, key: null, value: null, headers: {} }],
  });
});

test("a file that is cut anywhere gives its whole batches, and says that it is cut", () => {
  fc.assert(
    fc.property(batches, fc.nat(), (all, at) => {
      const parts = written(all);
      const whole = Buffer.concat(parts);
      const length = at % (whole.length + 1);
      const read = readJournal(whole.subarray(0, length));
      let [end, kept] = [0, 0];
      while (kept < parts.length && end + parts[kept]!.length <= length) end += parts[kept++]!.length;
      const entries = all.filter((batch) => batch.length > 0).slice(0, Math.max(0, kept - 1));
      expect(read.entries).toEqual(entries.flat());
      expect(read.end).toBe(end === length ? "whole" : "cut");
    }),
  );
});

test("a bit that has turned is noticed wherever it stands: what is behind it is neither read nor taken for the end", () => {
  fc.assert(
    fc.property(batches, fc.nat(), fc.nat({ max: 7 }), (all, at, bit) => {
      const file = Buffer.concat(written(all));
      file[at % file.length]! ^= 1 << bit;
      const read = readJournal(file);
      expect(read.end).toBe("corrupt");
      expect(read.entries).toEqual(all.flat().slice(0, read.entries.length));
    }),
  );
});
