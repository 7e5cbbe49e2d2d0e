import { expect, it, vi } from "vitest";
import type { QualitySummary } from "../../../domain/quality/quality-cell.ts";
import { QualityCollector } from "../../../domain/quality/quality-collector.ts";
import { DeliveryBoard } from "../../../pipeline/follow/delivery-board.ts";
import { followQuality } from "../../../pipeline/follow/follow-quality.ts";
import type { Codec } from "../../../platform/codec/codec.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import { silentLog } from "../../../platform/log/log.ts";
import type { Quality } from "../../../schemas/generated/types.ts";

const START = Date.UTC(2026, 10, 30);
const CELL = { provider: "a", country: "DE", network: "26201", lane: "otp" } as const;
const PARTITIONS = 6;

/** A board that follows a topic in memory, and the brokers' time. */
async function followed() {
  const said: string[] = [];
  const log = {
    ...silentLog,
    warn: (_: object, text: string) => void said.push(text),
    info: (_: object, text: string) => void said.push(text),
  };
  let now = START;
  const readers: ((record: InRecord) => void)[] = [];
  let unreadable = 0;
  const board = new DeliveryBoard({ share: () => 1, routes: () => ["all"], now: () => now, log: log as never });
  await followQuality({
    reader: { follow: async (_: string, take: (record: InRecord) => void) => void readers.push(take) } as never,
    schemas: { loadSchema: async () => "missing", knowsSchema: () => true },
    codec: { decode: (value: Buffer) => ({ ok: true, value: JSON.parse(value.toString()) }) } as Codec<Quality>,
    fold: (summary) => board.fold(summary),
    partitions: PARTITIONS,
    log: silentLog,
    onUnreadable: () => unreadable++,
  });
  const write = ({ delivered: deliveries, ...summary }: QualitySummary) => writeRecord({ ...summary, deliveries });
  const writeRecord = (quality: object) => readers[0]!({ value: Buffer.from(JSON.stringify(quality)) } as InRecord);
  const at = (time: number) => {
    now = time;
  };
  return { board, said, write, writeRecord, at, unreadable: () => unreadable };
}

/** A partition's words, second by second: so many submissions a second, of which such a share is delivered after two seconds. */
function* words(seconds: number, perSecond: number, share: (second: number) => number) {
  const collector = new QualityCollector(0, START);
  for (let second = 0; second < seconds; second++) {
    const at = START + second * 1_000;
    for (let n = 0; n < perSecond; n++) {
      collector.submitted(CELL, at);
      if (second < 2) continue;
      const delivered = n < perSecond * share(second - 2);
      if (delivered) collector.ended(CELL, "delivered", at - 2_000, at);
    }
    yield { at, summaries: collector.tick(at) };
  }
}

it("follows what correlators say: a probability of delivery, and a collapse of receipts is told once", async () => {
  const { board, said, write, at } = await followed();
  expect(board.of("a", "DE", "26201", "otp").share).toBe(1);
  for (const word of words(300, 50, () => 0.8)) {
    at(word.at);
    for (const summary of word.summaries) write(summary);
    board.refresh();
  }
  expect(board.size).toBe(1);
  expect(board.of("a", "DE", "26201", "otp").delivery).toBeCloseTo(0.8, 1);
  expect(said).toEqual([]);
  const other = await followed();
  for (const word of words(330, 50, (second) => (second < 300 ? 0.8 : 0.02))) {
    other.at(word.at);
    for (const summary of word.summaries) other.write(summary);
    other.board.refresh();
  }
  expect(other.board.of("a", "DE", "26201", "otp").share).toBe(0);
  expect(other.board.leftCount).toBe(1);
  expect(other.said).toEqual([expect.stringContaining("receipts have collapsed")]);
});

it("works out what was told within half a second", async () => {
  vi.useFakeTimers();
  const { board, write, at } = await followed();
  board.start();
  try {
    for (const word of words(60, 50, () => 0.3)) {
      at(word.at);
      for (const summary of word.summaries) write(summary);
    }
    const before = board.of("a", "DE", "26201", "otp").delivery;
    vi.advanceTimersByTime(500);
    expect(board.of("a", "DE", "26201", "otp").delivery).toBeLessThan(before - 0.2);
  } finally {
    board.stop();
    vi.useRealTimers();
  }
});

it("passes over what no correlator can have said", async () => {
  const { board, write, writeRecord, unreadable } = await followed();
  const [, , word] = [...words(3, 50, () => 1)];
  const sound = word!.summaries[0]!;
  for (const wrong of [
    { partition: PARTITIONS },
    { partition: -1 },
    { exposed: [1] },
    { deliveries: [] },
    { submitted: -1 },
    { deliveries: sound.delivered.map(() => -1) },
  ])
    writeRecord({ ...sound, deliveries: sound.delivered, ...wrong });
  expect([unreadable(), board.size]).toEqual([6, 0]);
  write(sound);
  expect([unreadable(), board.size]).toEqual([6, 1]);
});

it("lets a process spend its share of a route's money for exploring", () => {
  let share = 0.5;
  const board = new DeliveryBoard({ share: () => share, routes: () => [], now: () => START, log: silentLog });
  const spent = (route: string) => {
    let count = 0;
    while (board.spend(route, 0.001, 1, START)) count++;
    return count;
  };
  const half = spent("one");
  share = 1;
  expect(spent("two") / half).toBeCloseTo(2, 1);
});
