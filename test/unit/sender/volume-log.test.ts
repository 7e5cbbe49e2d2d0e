import { expect, test } from "vitest";
import { createCodecs } from "../../../pipeline/records/codecs.ts";
import { BLANK_EVENT } from "../../../pipeline/records/event-record.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import type { Event, Health } from "../../../schemas/generated/types.ts";
import { VolumeLog } from "../../../services/sender/volume-log.ts";
import { BLANK_HEALTH } from "../pipeline/blank-health.ts";
import { dispatchOf } from "./dispatches.ts";

let nextId = 1;
const codecs = await createCodecs({ idOf: async () => nextId++, schemaOf: async () => undefined });
const TOLD = 50_000;

interface Written {
  /** Of the record. */
  readonly timestamp?: number;
  readonly partition?: number;
  readonly kind?: string;
  readonly message?: string;
  readonly segments?: number;
  readonly event?: Partial<Event>;
}

function recordOf(
  { timestamp = TOLD + 10, partition = 0, kind = "submitted", message = "m", segments = 1, event = {} }: Written,
  offset: number,
): InRecord {
  const { facts } = dispatchOf({ facts: { segments } });
  const type = kind as Event["type"];
  const value = codecs.event.encode({
    ...BLANK_EVENT,
    type,
    at: TOLD + 5,
    facts,
    attempt: 1,
    provider: "alpha",
    ...event,
  });
  return {
    topic: "sms.events",
    partition,
    offset,
    key: Buffer.from("4917"),
    value,
    headers: { id: `${message}/1/${kind}` },
    timestamp,
  };
}

function world(written: readonly Written[], word: Health | null = { ...BLANK_HEALTH, at: TOLD }, more: object = {}) {
  const told: string[] = [];
  const partitions = [0, 1, 2, 3].map((partition) =>
    written.filter((one) => (one.partition ?? 0) === partition).map(recordOf),
  );
  const log = new VolumeLog({
    reader: {
      watermarks: async () => [{ low: 0, high: 7 }],
      offsetsAt: async (_topic, time) =>
        partitions.map((records) => records.filter(({ timestamp }) => timestamp < time).length),
      readRange: async (_topic, partition, from, to, onRecord) => {
        for (const record of partitions[partition]!.slice(from, to)) onRecord(record);
      },
    },
    health: { word: () => word ?? undefined },
    mark: { until: async (upTo) => upTo === 7 },
    codec: codecs.event,
    log: { debug() {}, info() {}, warn: (_fields: unknown, message: string) => void told.push(message), error() {} },
    ...more,
  });
  const before = async () => (await log.before({ provider: "alpha", partition: 0, of: 2 })).since;
  return { log, before, told };
}

test("what the provider took or may have taken after the last word counts, as it charges it, once a message", async () => {
  const { before } = world([
    { message: "h", timestamp: TOLD - 1 },
    { message: "a", segments: 2 },
    { message: "b", segments: 2, event: { price: 100, cost: 300, submittedAt: 1 } },
    { message: "c", kind: "in_doubt", segments: 4 },
    { message: "c", kind: "submitted", segments: 4 },
    { message: "d", kind: "returned" },
    { message: "e", kind: "routed" },
    { message: "f", event: { provider: "beta" } },
    { message: "g", event: { at: TOLD } },
    { message: "i", partition: 2, segments: 7 },
    { message: "j", partition: 1 },
  ]);
  expect((await before()).map(({ segments }) => segments)).toEqual([2, 3, 4, 7]);
});

test("what counts for a commitment in money is the tariff of what was taken, also where it cost nothing", async () => {
  const { before } = world([
    { message: "a", segments: 2, event: { price: 0, cost: 0, tariff: 50_000, submittedAt: 1 } },
    { message: "b", segments: 3, kind: "in_doubt", event: { price: 50_000, tariff: 50_000 } },
    { message: "c", segments: 2, event: { price: 60_000, cost: 0, onDelivery: true, submittedAt: 1 } },
  ]);
  expect((await before()).map(({ segments, spent }) => [segments, spent])).toEqual([
    [2, 100_000],
    [3, 150_000],
    [2, 0],
  ]);
});

test("of a partition that had no owner for long not all that others did since is read", async () => {
  const { before } = world([{ message: "a" }, { message: "b", timestamp: TOLD + 31_000 }]);
  expect(await before()).toHaveLength(1);
});

test("nothing told: nothing is looked for", async () => {
  const never = { reader: { watermarks: async () => [{ low: 0, high: 7 }] } };
  const { before, told } = world([{ message: "a" }], null, never);
  expect(await before()).toEqual([]);
  expect(told).toEqual([]);
});

test("logs that cannot be read, or not in time, keep no message waiting: it is told, and the last known word counts", async () => {
  const word = { ...BLANK_HEALTH, at: TOLD, segmentsToday: 9 };
  const gone = () => Promise.reject(new Error("gone"));
  const broken = world([], word, { reader: { watermarks: gone, offsetsAt: gone, readRange: gone } });
  expect(await broken.log.before({ provider: "alpha", partition: 0, of: 1 })).toEqual({ told: word, since: [] });
  expect(broken.told).toHaveLength(1);
  const late = world([{ message: "a" }], word, { mark: { until: async () => false } });
  expect(await late.before()).toHaveLength(1);
  expect(late.told).toHaveLength(1);
});
