import { expect, test, vi } from "vitest";
import { AwaitedSchemas } from "../../../../pipeline/follow/awaited-schemas.ts";
import type { InRecord } from "../../../../platform/kafka/record.ts";
import type { PartitionFollower } from "../../../../platform/kafka/topic-reader.ts";
import { silentLog } from "../../../../platform/log/log.ts";
import type { ChangelogSource } from "../../../../platform/store/changelog-copy.ts";

const record = (offset: number, schema: number): InRecord => {
  const value = Buffer.alloc(6);
  value.writeInt32BE(schema, 1);
  return { topic: "t", partition: 0, offset, key: null, value, headers: {}, timestamp: 0 };
};

function world(loadSchema: (id: number) => Promise<"loaded" | "missing">) {
  let inner: PartitionFollower | undefined;
  const source = {
    followFrom: (...given: unknown[]) => {
      inner = given[3] as PartitionFollower;
    },
  };
  const known = new Set<number>();
  const schemas = {
    knowsSchema: (id: number) => known.has(id),
    loadSchema: async (id: number) => {
      const found = await loadSchema(id);
      if (found === "loaded") known.add(id);
      return found;
    },
  };
  const given: string[] = [];
  const awaited = new AwaitedSchemas(source as unknown as ChangelogSource, schemas, silentLog);
  awaited.followFrom("t", 0, 0, {
    ready: () => Promise.resolve(true),
    onRecord: ({ offset }) => void given.push(`record ${offset}`),
    reached: (next) => void given.push(`reached ${next}`),
  });
  return { inner: inner!, given };
}

test("a record waits for its writer's schema, and all that is behind it; meanwhile nothing more is fetched", async () => {
  const loads = new Map<number, PromiseWithResolvers<"loaded">>();
  const { inner, given } = world((id) => {
    loads.set(id, Promise.withResolvers());
    return loads.get(id)!.promise;
  });
  inner.onRecord(record(0, 7));
  inner.onRecord(record(1, 8));
  inner.reached(2);
  expect(given).toEqual([]);
  expect(await inner.ready()).toBe(false);
  loads.get(7)!.resolve("loaded");
  await vi.waitFor(() => expect(given).toEqual(["record 0"]));
  loads.get(8)!.resolve("loaded");
  await vi.waitFor(() => expect(given).toEqual(["record 0", "record 1", "reached 2"]));
  expect(await inner.ready()).toBe(true);
  inner.onRecord(record(2, 7));
  expect(given.at(-1)).toBe("record 2");
});

test("a schema that does not exist holds up nothing, and is asked for again the next time", async () => {
  let asked = 0;
  const { inner, given } = world(() => Promise.resolve(++asked === 1 ? "missing" : "loaded"));
  inner.onRecord(record(0, 9));
  await vi.waitFor(() => expect(given).toEqual(["record 0"]));
  inner.onRecord(record(1, 9));
  await vi.waitFor(() => expect(given).toEqual(["record 0", "record 1"]));
  expect(asked).toBe(2);
});

test("a registry that is away is asked until it is back", async () => {
  vi.useFakeTimers();
  let asked = 0;
  const { inner, given } = world(() => (++asked < 3 ? Promise.reject(new Error("away")) : Promise.resolve("loaded")));
  inner.onRecord(record(0, 9));
  await vi.advanceTimersByTimeAsync(1_500);
  expect([asked, given]).toEqual([2, []]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(given).toEqual(["record 0"]);
  vi.useRealTimers();
});
