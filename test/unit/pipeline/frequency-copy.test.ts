import { expect, it } from "vitest";
import { FREQUENCY_TABLE, FrequencyCopy, frequencyKey } from "../../../pipeline/follow/frequency-copy.ts";
import { silentLog } from "../../../platform/log/log.ts";
import { codecs, NOW, P } from "../router/router-world.ts";
import { memoryTables } from "../router/scheduled/memory-tables.ts";

const DAY = 24 * 3_600_000;

function copyOf() {
  const store = memoryTables();
  const clock = { now: NOW };
  const copy = new FrequencyCopy({
    store: store as never,
    source: { watermarks: async () => [], offsetsAt: async () => [], followFrom: () => {} },
    codec: codecs.frequency,
    partitions: P,
    now: () => clock.now,
    onFault: (error) => expect.unreachable(error.message),
    onUnreadable: () => {},
    log: silentLog,
  });
  const table = store.table(FREQUENCY_TABLE);
  /** As the copy keeps it. */
  const put = (partition: number, n: number, at: number) => {
    const octets = Buffer.alloc(10);
    octets.writeUIntBE(at, 0, 6);
    table.put(partition, Buffer.from(frequencyKey("acme", "daily", String(491_500_000_000 + n))), octets);
  };
  const left = async () => {
    const rows = await Promise.all(Array.from({ length: P }, (_, p) => table.range(p, { limit: 10_000 })));
    return rows.map(({ length }) => length);
  };
  return { copy, clock, put, left };
}

it("the copy of sms.frequency loses what is older than any window, of all partitions, and nothing else", async () => {
  const { copy, clock, put, left } = copyOf();
  for (let partition = 0; partition < P; partition++)
    for (let n = 0; n < 500; n++) put(partition, n, NOW - (n % 2 === 0 ? 32 : 30) * DAY);
  const sweeps = 3 * P;
  for (let i = 0; i < sweeps; i++) await copy.sweep();
  expect(await left()).toEqual(Array.from({ length: P }, () => 250));
  clock.now += 2 * DAY;
  for (let i = 0; i < sweeps; i++) await copy.sweep();
  expect(await left()).toEqual(Array.from({ length: P }, () => 0));
});

it("what a message that has gone since has renewed stays", async () => {
  const { copy, put, left } = copyOf();
  put(0, 1, NOW - 32 * DAY);
  const swept = copy.sweep();
  put(0, 1, NOW);
  await swept;
  expect((await left())[0]).toBe(1);
});
