import { expect, it } from "vitest";
import { NOTHING_SEEN } from "../../../domain/quality/delivery-node.ts";
import { NO_DELIVERIES, withConversions } from "../../../domain/routing/delivery-view.ts";
import { ConversionBoard } from "../../../pipeline/follow/conversion-board.ts";
import { followConversions } from "../../../pipeline/follow/follow-conversions.ts";
import { createCodecs } from "../../../pipeline/records/codecs.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import type { ConversionCounts } from "../../../schemas/generated/types.ts";

const NOW = Date.UTC(2026, 10, 30);
const codecs = await createCodecs({ idOf: async () => 7, schemaOf: async () => undefined });

/** A board that follows a topic in memory. `delivery`: what receipts say of everybody. */
async function followed(delivery = 0.95) {
  const said: string[] = [];
  const write = (text: string) => void said.push(text);
  const log = {
    warn: (_: object, text: string) => write(text),
    info: (_: object, text: string) => write(text),
    every: () => ({ warn: (_: object, text: string) => write(text) }),
  };
  const view = { of: () => ({ ...NOTHING_SEEN, delivery }) };
  const board = new ConversionBoard({ delivery: view, now: () => NOW, log: log as never });
  let take: ((record: InRecord) => void) | undefined;
  await followConversions({
    reader: {
      follow: async (topic: string, each: (record: InRecord) => void) => {
        expect(topic).toBe("sms.conversion-counts");
        take = each;
      },
    } as never,
    schemas: codecs,
    codec: codecs.conversionCounts,
    fold: (summary) => board.fold(summary),
    partitions: 6,
    log: log as never,
  });
  const record = (value: Buffer | null) => take!({ partition: 0, offset: 1, value } as InRecord);
  const told = (provider: string, told: number, converted: number, more: Partial<ConversionCounts> = {}) => {
    const way = { country: "DE", network: "26201", lane: "otp" as const, partition: 0, since: NOW - 9, at: NOW };
    record(codecs.conversionCounts.encode({ provider, ...way, told, converted, ...more }));
  };
  return { board, said, record, told };
}

it("tells once of a way whose receipts are not borne out, and once when they are again", async () => {
  const { board, said, told } = await followed();
  told("honest", 150, 90);
  told("grey", 100, 5);
  board.refresh();
  board.refresh();
  expect([board.size, board.suspectCount]).toEqual([2, 1]);
  expect(said).toEqual([expect.stringContaining("its receipts may be false")]);
  expect(board.estimates.of("grey", "DE", "26201", "otp")).toMatchObject({ suspect: true, told: 100, converted: 5 });
  told("grey", 600, 305, { at: NOW + 1 });
  board.refresh();
  expect([board.suspectCount, said.length, said[1]]).toEqual([0, 2, expect.stringContaining("as the others' do")]);
});

it("says nothing of who does not even claim to deliver", async () => {
  const { board, said, told } = await followed(0.4);
  told("honest", 150, 90);
  told("grey", 100, 5);
  board.refresh();
  expect([board.suspectCount, said]).toEqual([0, []]);
});

it("passes over what cannot be read, and what cannot be", async () => {
  const { board, said, record, told } = await followed();
  record(null);
  expect(said).toEqual([]);
  record(Buffer.from("rubbish"));
  told("a", 5, 6);
  told("a", -5, -6);
  told("a", 5, 5, { partition: 6 });
  told("a", 5, 5, { partition: -1 });
  expect(said).toEqual(Array(5).fill("a record of sms.conversion-counts is passed over"));
  board.refresh();
  expect(board.size).toBe(0);
});

it("stands beside what receipts say", async () => {
  const { board, told } = await followed();
  told("a", 100, 60);
  board.refresh();
  const view = withConversions(NO_DELIVERIES, board.estimates);
  expect(view.of("a", "DE", "26201", "otp")).toBe(NOTHING_SEEN);
  expect(view.converts!("a", "DE", "26201", "otp")).toMatchObject({ told: 100, converted: 60 });
  expect(view.converts!("b", "DE", "26201", "otp")).toBeUndefined();
  expect(view.spend("r", 1, 1, NOW)).toBe(false);
});
