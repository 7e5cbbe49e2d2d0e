import { expect, it } from "vitest";
import type { OutRecord } from "../../../../../platform/kafka/record.ts";
import { silentLog } from "../../../../../platform/log/log.ts";
import { BindBoard } from "../../../../../services/ingest/doors/smpp/receipts/bind-board.ts";
import { testCodecs } from "../../ingest-harness.ts";

const codecs = await testCodecs();
let clock = 1_000_000;

function board(instance: string, topic: OutRecord[]): BindBoard {
  const write = async (records: readonly OutRecord[]) => void topic.push(...records);
  return new BindBoard({ instance, codecs, write, now: () => clock, onUnreadable: () => {}, log: silentLog });
}

const KEYS = Array.from({ length: 300 }, (_, i) => `acme/${i}`);

it("instances that have heard of each other share an account's receipts: each is exactly one's", async () => {
  const topic: OutRecord[] = [];
  const boards = ["ingest", "ingest-2", "ingest-3"].map((name) => board(name, topic));
  for (const one of boards) one.say(["acme", "globex"]);
  await Promise.resolve();
  for (const one of boards) for (const { key, value } of topic) one.hear({ key: Buffer.from(key as string), value });
  clock += 1_000;
  for (const key of KEYS) expect(boards.filter((one) => one.mine("acme", key))).toHaveLength(1);
  for (const one of boards) expect(KEYS.filter((key) => one.mine("acme", key)).length).toBeGreaterThan(50);
  expect(KEYS.every((key) => boards[0]!.mine("other", key))).toBe(true);
});

it("one that says nothing any more, or that it has no bind left, has no share", async () => {
  const topic: OutRecord[] = [];
  const [own, other] = [board("ingest", topic), board("ingest-2", topic)];
  const hear = () => {
    for (const { key, value } of topic.splice(0)) own.hear({ key: Buffer.from(key as string), value });
  };
  const all = () => KEYS.every((key) => own.mine("acme", key));
  own.say(["acme"]);
  await Promise.resolve();
  clock += 1_000;
  other.say(["acme"]);
  hear();
  expect(all()).toBe(false);
  expect(KEYS.some((key) => own.mine("acme", key))).toBe(true);
  clock += 16_000;
  expect(all()).toBe(true);
  await Promise.resolve();
  other.say(["acme"]);
  hear();
  expect(all()).toBe(false);
  await Promise.resolve();
  other.say([]);
  hear();
  expect(all()).toBe(true);
});

it("one that has just said so leaves all to those that can deliver already, until they have heard of it", async () => {
  const topic: OutRecord[] = [];
  const [first, second] = [board("ingest", topic), board("ingest-2", topic)];
  first.say(["acme"]);
  second.hear({ key: Buffer.from("ingest"), value: topic[0]!.value });
  second.say(["acme"]);
  await Promise.resolve();
  expect(KEYS.some((key) => second.mine("acme", key))).toBe(false);
  expect(KEYS.every((key) => second.mine("alone", key))).toBe(true);
  clock += 1_000;
  expect(KEYS.some((key) => second.mine("acme", key))).toBe(true);
});
