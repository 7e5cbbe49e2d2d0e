import avsc from "avsc";
import { expect, it, vi } from "vitest";
import { followNetworks } from "../../../pipeline/follow/follow-networks.ts";
import type { ReadMark } from "../../../pipeline/follow/read-mark.ts";
import { createCodecs } from "../../../pipeline/records/codecs.ts";
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
  const follow = (records: readonly InRecord[]) =>
    followNetworks({
      reader: { follow: async (_, take) => records.forEach(take) },
      ...{ schemas: codecs, codec: codecs.numberNetwork, mark, log: silentLog },
      learn: (_, network) => learned.push(network),
      onUnreadable: () => unreadable++,
    });
  return { own, other, follow, learned, reached, schemaOf, unreadable: () => unreadable };
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
