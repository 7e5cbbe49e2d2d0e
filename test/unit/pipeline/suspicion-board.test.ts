import { expect, test } from "vitest";
import type { Suspicion } from "../../../domain/abnormal/suspicion.ts";
import { SuspicionBoard } from "../../../pipeline/follow/suspicion-board.ts";
import { createCodecs } from "../../../pipeline/records/codecs.ts";
import { suspicionRecord } from "../../../pipeline/records/suspicion-record.ts";

let nextId = 1;
const codecs = await createCodecs({ idOf: async () => nextId++, schemaOf: async () => undefined });
const PUMPED: Suspicion = {
  ...{ id: "pumping shop DE 29000000", kind: "pumping", level: "critical" },
  subject: { account: "shop", country: "DE", range: "49171392", sender: undefined, provider: undefined },
  ...{ measure: "of 40 otp messages into the country, those to few ranges of numbers", expected: 2.5, seen: 39 },
  ...{ surprise: 70.5, hourly: { EUR: 144_000_000, USD: 5 }, since: 29_000_000, minute: 29_000_004, over: false },
};
const written = (suspicion: Suspicion, timestamp = 1) => ({
  ...(suspicionRecord(codecs.suspicion, suspicion) as { value: Buffer }),
  timestamp,
});

test("a suspicion is the same after it was written and read", () => {
  expect(suspicionRecord(codecs.suspicion, PUMPED)).toMatchObject({
    topic: "sms.abnormal",
    partition: 0,
    key: PUMPED.id,
  });
  const board = new SuspicionBoard(codecs.suspicion);
  expect(board.accept(written(PUMPED, 7))).toBe(true);
  expect(board.all).toEqual([{ ...PUMPED, saidAt: 7 }]);
});

test("the newest word of each holds, and what is over is not open", () => {
  const board = new SuspicionBoard(codecs.suspicion);
  board.accept(written(PUMPED));
  board.accept(written({ ...PUMPED, id: "another" }));
  board.accept(written({ ...PUMPED, surprise: 99, over: true }));
  expect(board.all.map(({ id, surprise }) => [id, surprise])).toEqual([
    ["another", 70.5],
    [PUMPED.id, 99],
  ]);
  expect(board.open.map(({ id }) => id)).toEqual(["another"]);
});

test("what cannot be understood is passed over, and many do not fill the memory", () => {
  const board = new SuspicionBoard(codecs.suspicion);
  expect(board.accept({ value: Buffer.from("{}"), timestamp: 1 })).toBe(false);
  expect(board.accept(written({ ...PUMPED, kind: "of a later version" as "burst" }))).toBe(false);
  expect(board.accept({ value: null, timestamp: 1 })).toBe(true);
  expect(board.all).toEqual([]);
  for (let n = 0; n < 3_000; n++) board.accept(written({ ...PUMPED, id: `${n}` }));
  expect(board.all.length).toBe(2_000);
  expect(board.all[0]!.id).toBe("1000");
});
