import avsc from "avsc";
import { expect, it, vi } from "vitest";
import { followNetworks } from "../../../pipeline/follow/follow-networks.ts";
import type { ReadMark } from "../../../pipeline/follow/read-mark.ts";
import { SchemaQueue } from "../../../pipeline/follow/schema-queue.ts";
import { createCodecs } from "../../../pipeline/records/codecs.ts";
import { loadEarlierSchemas } from "../../../pipeline/records/earlier-schemas.ts";
import { registerSchemas } from "../../../pipeline/records/register.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import { silentLog } from "../../../platform/log/log.ts";
import { FakeRegistry } from "./fake-registry.ts";

const TO = "491511234567";
/** As a version before this one, or behind it, may have it. */
const OTHER = {
  type: "record",
  name: "NumberNetwork",
  namespace: "sluice",
  fields: ["provider", "network", "to", "more"].map((name) => ({ name, type: "string" })),
};

async function world() {
  const registry = new FakeRegistry();
  await registerSchemas(registry as never);
  const codecs = await createCodecs(registry);
  const id = await registry.register("sluice.NumberNetwork", OTHER);
  const schemaOf = vi.spyOn(registry, "schemaOf");
  let offset = 0;
  const record = (value: Buffer): InRecord => ({
    ...{
      topic: "sms.networks",
      partition: 0,
      offset: offset++,
      headers: {},
      timestamp: 0,
      key: Buffer.from(TO),
      value,
    },
  });
  const own = (network: string) => record(codecs.numberNetwork.encode({ to: TO, network, provider: "a" }));
  const other = (network: string) => {
    const head = Buffer.alloc(5);
    head.writeInt32BE(id, 1);
    const value = { to: TO, network, provider: "a", more: "" };
    return record(Buffer.concat([head, avsc.Type.forSchema(OTHER as never).toBuffer(value)]));
  };
  const learned: string[] = [];
  const reached: number[] = [];
  const mark = { reached: (next: number) => void reached.push(next) } as ReadMark;
  let unreadable = 0;
  const follow = (records: readonly InRecord[], signal?: AbortSignal) =>
    followNetworks({
      signal,
      reader: { follow: async (_, take) => records.forEach(take) },
      ...{ schemas: codecs, codec: codecs.numberNetwork, mark, log: silentLog },
      learn: (_, network) => learned.push(network),
      onUnreadable: () => unreadable++,
    });
  return { own, other, codecs, follow, learned, reached, schemaOf, unreadable: () => unreadable };
}

it("reads what another version has written, in its order, and only then says that it has read it", async () => {
  const { own, other, follow, learned, reached, unreadable } = await world();
  const read = follow([own("26201"), other("26202"), own("26203"), other("26207")]);
  expect(learned).toEqual(["26201"]);
  expect(reached).toEqual([1]);
  await read;
  expect(learned).toEqual(["26201", "26202", "26203", "26207"]);
  expect(reached).toEqual([1, 2, 3, 4]);
  expect(unreadable()).toBe(0);
});

it("waits for a registry that is away, and goes on without a schema that does not exist", async () => {
  vi.useFakeTimers();
  try {
    const { own, other, follow, learned, schemaOf, unreadable } = await world();
    schemaOf.mockRejectedValueOnce(new Error("away")).mockRejectedValueOnce(new Error("away"));
    const read = follow([other("26202"), own("26203")]);
    await vi.advanceTimersByTimeAsync(1_500);
    expect(learned).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_000);
    await read;
    expect(learned).toEqual(["26202", "26203"]);

    const gone = await world();
    gone.schemaOf.mockResolvedValue(undefined);
    await gone.follow([gone.other("26202"), gone.own("26203")]);
    expect(gone.learned).toEqual(["26203"]);
    expect([gone.unreadable(), unreadable()]).toEqual([1, 0]);
  } finally {
    vi.useRealTimers();
  }
});

it("lets a partition stand still while a schema is waited for, and passes nothing over, however much comes", async () => {
  vi.useFakeTimers();
  try {
    const { own, other, codecs, schemaOf } = await world();
    schemaOf.mockRejectedValueOnce(new Error("away"));
    const learned: string[] = [];
    let unreadable = 0;
    let hasRoom: ((partition: number) => boolean) | undefined;
    const give = { take: (_: InRecord) => {} };
    const read = followNetworks({
      reader: {
        follow: async (_, take, terms) => {
          give.take = take;
          hasRoom = terms?.hasRoom;
        },
      },
      ...{ schemas: codecs, codec: codecs.numberNetwork, log: silentLog },
      learn: (_, network) => learned.push(network),
      onUnreadable: () => unreadable++,
    });
    expect(hasRoom!(0)).toBe(true);
    give.take(own("26201"));
    expect(hasRoom!(0)).toBe(true);
    // What one fetch brings comes all the same.
    give.take(other("26202"));
    const many = Array.from({ length: 50_001 }, () => "26203");
    const next = own("26203");
    for (const _ of many) give.take(next);
    expect(learned).toEqual(["26201"]);
    expect([hasRoom!(0), hasRoom!(1)]).toEqual([false, true]);
    await vi.advanceTimersByTimeAsync(1_100);
    await read;
    expect(hasRoom!(0)).toBe(true);
    expect(learned).toEqual(["26201", "26202", ...many]);
    expect(unreadable).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

it("lets go of what waits when an attempt is given up: nothing comes of it any more, and the registry is not asked for it", async () => {
  vi.useFakeTimers();
  try {
    const { own, other, follow, learned, reached, schemaOf } = await world();
    schemaOf.mockRejectedValue(new Error("away"));
    const abort = new AbortController();
    const read = follow([own("26201"), other("26202"), own("26203")], abort.signal).catch(String);
    await vi.advanceTimersByTimeAsync(2_500);
    expect(schemaOf).toHaveBeenCalledTimes(3);
    abort.abort("given up");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await read).toBe("given up");
    expect(schemaOf).toHaveBeenCalledTimes(3);

    schemaOf.mockRestore();
    await follow([own("26203"), own("26207")]);
    expect(learned).toEqual(["26201", "26203", "26207"]);
    expect(reached).toEqual([1, 4, 5]);
  } finally {
    vi.useRealTimers();
  }
});

it("gives up an attempt whose schema comes just then", async () => {
  const { other, follow, learned, schemaOf } = await world();
  const schema = Promise.withResolvers<undefined>();
  schemaOf.mockReturnValueOnce(schema.promise);
  const abort = new AbortController();
  const read = follow([other("26202")], abort.signal);
  await vi.waitFor(() => expect(schemaOf).toHaveBeenCalled());
  abort.abort("given up");
  schemaOf.mockRestore();
  schema.resolve(undefined);
  await expect(read).rejects.toBe("given up");
  expect(learned).toEqual([]);
});

it("goes on behind a record that its taker throws for", async () => {
  const given: number[] = [];
  const waiting = Promise.withResolvers<"loaded">();
  let known = false;
  const queue = new SchemaQueue<number>({
    schemas: { knowsSchema: () => known, loadSchema: () => waiting.promise },
    log: silentLog,
    recordOf: () => ({ value: Buffer.from([0, 0, 0, 0, 7]) }),
    give: (entry) => {
      given.push(entry);
      if (entry === 1) throw new Error("cannot be folded");
    },
  });
  queue.accept(1);
  queue.accept(2);
  const { idle } = queue;
  known = true;
  waiting.resolve("loaded");
  await expect(idle).rejects.toThrow("cannot be folded");
  queue.accept(3);
  await queue.idle;
  expect(given).toEqual([1, 2, 3]);
  known = false;
  queue.accept(4);
  await queue.idle;
  expect(given).toEqual([1, 2, 3, 4]);
});

it("starts without the schema of one version that the registry does not give, and learns those that it does not know by one question each", async () => {
  const asked: number[] = [];
  const learned: number[] = [];
  const warned: unknown[] = [];
  const schema = { state: "unusable", why: "" } as const;
  const registry = {
    versionsOf: async () => [4, 3, 2, 1],
    versionOf: async (_: string, version: number) => {
      asked.push(version);
      if (version === 2) throw new Error("500");
      return version === 3 ? undefined : { id: version + 10, schema };
    },
  };
  const schemas = { knowsSchema: (id: number) => id === 14, learnSchema: (id: number) => void learned.push(id) };
  const log = { ...silentLog, warn: (fields: object) => void warned.push(fields) } as never;
  await loadEarlierSchemas(registry, schemas, log, ["sluice.Retry"]);
  expect(asked).toEqual([4, 3, 2, 1]);
  expect(learned).toEqual([11]);
  expect(warned).toMatchObject([{ subject: "sluice.Retry", version: 2 }]);
});
