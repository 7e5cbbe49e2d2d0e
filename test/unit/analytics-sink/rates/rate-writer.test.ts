import { expect, it } from "vitest";
import { silentLog } from "../../../../platform/log/log.ts";
import { type RateRow, rateRows } from "../../../../services/analytics-sink/rates/rate-rows.ts";
import { RateWriter } from "../../../../services/analytics-sink/rates/rate-writer.ts";

const set = (version: number): RateRow[] =>
  rateRows({ version, at: 0, source: { rates: { base: "EUR", date: "2026-03-01", rates: { USD: "2" } } } });

function world(fails: () => boolean) {
  const written: number[] = [];
  let tries = 0;
  const pauses: { readonly again: () => void; readonly stop: () => void }[] = [];
  const writer = new RateWriter({
    insert: async ([row]) => {
      tries++;
      if (fails()) throw new Error("connection refused");
      written.push(row!.version);
    },
    log: silentLog,
    pause: () =>
      new Promise<void>((again, reject) => pauses.push({ again, stop: () => reject(new Error("stopping")) })),
  });
  return { writer, written, pauses, tries: () => tries };
}

it("writes sets in their order, each until it is taken", async () => {
  let down = true;
  const { writer, written, pauses } = world(() => down);
  writer.add(set(1));
  writer.add(set(2));
  await expect.poll(() => pauses.length).toBe(1);
  down = false;
  pauses[0]!.again();
  await writer.idle();
  writer.add(set(3));
  await writer.idle();
  expect(written).toEqual([1, 2, 3]);
});

it("keeps the newest twenty sets while ClickHouse is away", async () => {
  let down = true;
  const { writer, written, pauses } = world(() => down);
  for (let version = 1; version <= 30; version++) writer.add(set(version));
  await expect.poll(() => pauses.length).toBe(1);
  down = false;
  pauses[0]!.again();
  await writer.idle();
  expect(written).toEqual(Array.from({ length: 20 }, (_, i) => 11 + i));
});

it("gives up what waits when the service stops", async () => {
  const { writer, pauses, tries } = world(() => true);
  writer.add(set(1));
  await expect.poll(() => pauses.length).toBe(1);
  pauses[0]!.stop();
  await writer.idle();
  expect(tries()).toBe(1);
});
