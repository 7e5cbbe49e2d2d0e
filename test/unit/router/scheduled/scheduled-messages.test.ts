import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { InRecord } from "../../../../platform/kafka/record.ts";
import type { Table } from "../../../../platform/store/partition-store.ts";
import { scheduledKey } from "../../../../services/router/scheduled/scheduled-key.ts";
import { ScheduledMessages } from "../../../../services/router/scheduled/scheduled-messages.ts";
import { NOW } from "../router-world.ts";
import { memoryTables } from "./memory-tables.ts";

const ID = "3b0c1c62-7a2c-4f0e-9d55-0d6a37e1f001";
const PARTITION = 3;
const keyTo = (to: string, attempt = 2) => scheduledKey({ messageId: ID, to, attempt });

function record(key: string, due: number | null): InRecord {
  const headers = due === null ? {} : { lane: "marketing", due: String(due) };
  const place = { topic: "sms.scheduled", partition: PARTITION, offset: 0, timestamp: NOW };
  return { ...place, key: Buffer.from(key), value: due === null ? null : Buffer.from(`to be sent ${key}`), headers };
}

/** Tables that count the octets written, and the rows that are there. */
function counted() {
  const tables = memoryTables();
  const seen = { octets: 0, rows: new Set<string>() };
  const table = (name: string): Table => {
    const plain = tables.table(name);
    const of = (partition: number, key: Buffer) => `${name}/${partition}/${key.toString("latin1")}`;
    return {
      ...plain,
      put: (partition, key, value) => {
        seen.octets += value.length;
        seen.rows.add(of(partition, key));
        plain.put(partition, key, value);
      },
      delete: (partition, key) => {
        seen.rows.delete(of(partition, key));
        plain.delete(partition, key);
      },
    };
  };
  return { store: { table }, seen };
}

describe("messages that wait, of one id", () => {
  it("take as much to write, however many destinations it has", () => {
    const { store, seen } = counted();
    const messages = new ScheduledMessages(store);
    const octetsFor = (from: number, to: number) => {
      const before = seen.octets;
      for (let n = from; n < to; n++) messages.apply(record(keyTo(`4917100${10_000 + n}`), NOW + n));
      return (seen.octets - before) / (to - from);
    };
    const first = octetsFor(0, 100);
    octetsFor(100, 1_900);
    const last = octetsFor(1_900, 2_000);
    expect(last).toBeLessThan(3 * first);
    expect(messages.keysOf(PARTITION, ID)).toHaveLength(2_000);
  });

  it("are known as they were written, one by one and together, until the last one has gone", async () => {
    const attempts = fc.record({
      to: fc.integer({ min: 0, max: 150 }).map((n) => `49171000${String(n % 7)}${String(n).padStart(3, "0")}`),
      attempt: fc.integer({ min: 2, max: 3 }),
      due: fc.option(fc.integer({ min: NOW, max: NOW + 1_000 }), { freq: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(attempts, { minLength: 100, maxLength: 600 }), async (told) => {
        const { store, seen } = counted();
        const messages = new ScheduledMessages(store);
        const model = new Map<string, number>();
        for (const { to, attempt, due } of told) {
          const key = keyTo(to, attempt);
          messages.apply(record(key, due));
          if (due === null) model.delete(key);
          else model.set(key, due);
        }
        expect(messages.keysOf(PARTITION, ID).sort()).toEqual([...model.keys()].sort());
        for (const { to, attempt } of told) {
          const key = keyTo(to, attempt);
          expect(messages.has(PARTITION, key)).toBe(model.has(key));
          expect(messages.get(PARTITION, key)?.due).toBe(model.get(key));
          const own = [2, 3].map((n) => keyTo(to, n)).filter((one) => model.has(one));
          expect(messages.keysOf(PARTITION, ID, to).sort()).toEqual(own);
        }
        const due = await messages.dueBy(PARTITION, NOW + 2_000, 1_000);
        expect(due.map(({ key }) => key).sort()).toEqual([...model.keys()].sort());
        for (const key of model.keys()) messages.apply(record(key, null));
        expect(messages.keysOf(PARTITION, ID)).toEqual([]);
        expect([...seen.rows]).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });
});
