import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { followBudgets } from "../../../pipeline/follow/follow-budgets.ts";
import { createCodecs } from "../../../pipeline/records/codecs.ts";
import { registerSchemas } from "../../../pipeline/records/register.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import { silentLog } from "../../../platform/log/log.ts";
import { FakeRegistry } from "./fake-registry.ts";

const registry = new FakeRegistry();
await registerSchemas(registry as never);
const codecs = await createCodecs(registry);
const codec = codecs.budgetWord;

const WORD = {
  ...{ account: "acme", currency: "EUR", partition: 2, epoch: 1, at: 5 },
  ...{ day: 7_500, dayEnd: 10, month: 7_500, monthEnd: 20, ahead: 1, next: [0, 0] },
};

it("has the words in the form that versions before this one read as well: they would pass over another", () => {
  const { fields } = JSON.parse(readFileSync("schemas/budget-word.avsc", "utf8")) as { fields: { name: string }[] };
  const spent = ["day", "dayEnd", "month", "monthEnd", "ahead"];
  expect(fields.map(({ name }) => name)).toEqual(["account", "currency", "partition", "epoch", "at", ...spent, "next"]);
});

it("gives the words in their order, says when one was taken away, and passes over what cannot be", async () => {
  let offset = 0;
  const record = (fields: object, key = "acme/2", value?: Buffer | null): InRecord => ({
    ...{ topic: "sms.budgets", partition: 0, offset: offset++, headers: {}, timestamp: 77, key: Buffer.from(key) },
    value: value === undefined ? codec.encode({ ...WORD, ...fields }) : value,
  });
  const records = [
    record({}),
    record({ day: -1 }, "acme/6"),
    record({ partition: 6 }),
    record({ day: -1 }),
    record({ ahead: -1 }),
    record({ next: Array.from({ length: 99 }, () => 0) }),
    record({}, "acme/2", Buffer.from("no record")),
    record({}, "no key of a word", null),
    record({ day: 9_000 }),
    record({}, "acme/2", null),
  ];
  const told: string[] = [];
  let unreadable = 0;
  await followBudgets({
    reader: { follow: async (_, take) => records.forEach(take) },
    schemas: codecs,
    codec,
    fold: ({ account, day }) => told.push(`${account} ${day}`),
    forget: (account, partition) => told.push(`${account}/${partition} is gone`),
    missed: () => told.push("missed"),
    misheard: (account, partition) => told.push(`${account}/${partition} is not understood`),
    partitions: 6,
    log: silentLog,
    onUnreadable: () => unreadable++,
  });
  const missed = Array.from({ length: 5 }, () => ["missed", "acme/2 is not understood"]).flat();
  expect(told).toEqual(["acme 7500", "missed", ...missed, "missed", "acme 9000", "acme/2 is gone"]);
  expect(unreadable).toBe(7);
});

it("says where compaction has removed words, before the one behind them", async () => {
  const record = (offset: number): InRecord => ({
    ...{ topic: "sms.budgets", partition: 0, offset, headers: {}, timestamp: 77, key: Buffer.from("acme/2") },
    value: codec.encode({ ...WORD, day: offset }),
  });
  const told: (number | "missed")[] = [];
  await followBudgets({
    reader: { follow: async (_, take) => [7, 8, 9, 12, 13].map(record).forEach(take) },
    ...{ schemas: codecs, codec, partitions: 6, log: silentLog },
    fold: ({ day }) => told.push(day),
    forget: () => {},
    missed: () => told.push("missed"),
  });
  expect(told).toEqual([7, 8, 9, "missed", 12, 13]);
});
