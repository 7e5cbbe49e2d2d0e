import { expect, it } from "vitest";
import { partitionFor } from "../../../../../platform/kafka/murmur2.ts";
import type { PartitionFollower } from "../../../../../platform/kafka/topic-reader.ts";
import { silentLog } from "../../../../../platform/log/log.ts";
import type { SmppReceipt } from "../../../../../schemas/generated/types.ts";
import { SMPP_RECEIPTS_TOPIC } from "../../../../../schemas/topics.ts";
import {
  ReceiptCopy,
  receiptKey,
  SMPP_RECEIPTS_TABLE,
} from "../../../../../services/ingest/doors/smpp/receipts/receipt-copy.ts";
import { freshFolder, openStore } from "../../../platform/store/store-world.ts";
import { PARTITIONS, testCodecs } from "../../ingest-harness.ts";

const codecs = await testCodecs();
const NOW = 1_800_000_000_000;
const DAY = 86_400_000;
const TO = {
  ...{ ids: [], asked: 3, sourceTon: 5, sourceNpi: 0, source: "ACME" },
  ...{ destTon: 1, destNpi: 1, dest: "1", reference: null },
};

/** Accounts whose names begin as another's does, in its partition. */
const ALIKE = Array.from({ length: 100 }, (_, i) => `acme${i}`).filter(
  (id) => partitionFor(id, PARTITIONS) === partitionFor("acme", PARTITIONS),
);

/** A process's copy on its disk, and the log that it follows. */
async function open(folder: string, end = 0) {
  const { store, kill } = await openStore(folder, { tables: [SMPP_RECEIPTS_TABLE] });
  const followers: { from: number; follower: PartitionFollower }[] = [];
  const changes: string[] = [];
  let unreadable = 0;
  const copy = new ReceiptCopy({
    store,
    source: {
      watermarks: async () => Array.from({ length: PARTITIONS }, () => ({ low: 0, high: end })),
      offsetsAt: async () => [],
      followFrom: (_, partition, from, follower) => {
        followers[partition] = { from, follower };
      },
    },
    codec: codecs.smppReceipt,
    partitions: PARTITIONS,
    onChange: (_, key, gone) => void changes.push(`${key}${gone ? " gone" : ""}`),
    now: () => NOW,
    onFault: (error) => expect.unreachable(error.message),
    onUnreadable: () => void unreadable++,
    log: silentLog,
  });
  await copy.start();
  let offset = end;
  const write = (accountId: string, id: string, at: number | null, doneAt = 0) => {
    const times = { submittedAt: 0, doneAt, at: at ?? 0 };
    const receipt: SmppReceipt = { accountId, id, to: TO, state: "DELIVRD", error: "000", ...times, content: null };
    const partition = partitionFor(accountId, PARTITIONS);
    const value = at === null ? null : codecs.smppReceipt.encode(receipt);
    const key = Buffer.from(receiptKey(receipt));
    const record = { topic: SMPP_RECEIPTS_TOPIC, partition, offset: offset++, key, value, headers: {}, timestamp: NOW };
    followers[partition]!.follower.onRecord(record);
    followers[partition]!.follower.reached(record.offset + 1);
  };
  return { copy, store, kill, write, changes, followers, unreadable: () => unreadable };
}

it("has what waits of an account, and of no other one whose name begins alike, until it is taken out", async () => {
  const { copy, write, changes, store } = await open(freshFolder());
  for (const id of ["b", "a", "c"]) write("acme", id, NOW);
  // In the same partition, and with the next key there is.
  for (const other of ["acme-2", ...ALIKE]) write(other, "d", NOW);
  expect(await copy.keysOf("acme", undefined, 2)).toEqual(["acme/a/1", "acme/b/1"]);
  expect(await copy.keysOf("acme", "acme/b/1", 2)).toEqual(["acme/c/1"]);
  expect(copy.receipt("acme", "acme/b/1")).toMatchObject({ id: "b", state: "DELIVRD" });
  write("acme", "b", null);
  expect(copy.receipt("acme", "acme/b/1")).toBeUndefined();
  expect(await copy.keysOf("acme", undefined, 10)).toEqual(["acme/a/1", "acme/c/1"]);
  expect(changes.slice(-1)).toEqual(["acme/b/1 gone"]);
  copy.stop();
  await store.close();
});

it("what was on disk when its process was killed waits on, and the log is read on from there", async () => {
  const folder = freshFolder();
  const first = await open(folder);
  first.write("acme", "a", NOW);
  await first.store.flush();
  first.write("acme", "b", NOW);
  await first.kill();
  const partition = partitionFor("acme", PARTITIONS);
  const again = await open(folder, 2);
  expect(again.followers[partition]!.from).toBe(1);
  expect(await again.copy.keysOf("acme", undefined, 10)).toEqual(["acme/a/1"]);
  again.copy.stop();
  await again.store.close();
});

it("counts what waits, and gives up what nobody has come for in a week", async () => {
  const { copy, write, store } = await open(freshFolder());
  write("acme", "old", NOW - 8 * DAY);
  write("acme", "young", NOW - 6 * DAY);
  write("globex", "new", NOW);
  for (let i = 0; i <= PARTITIONS; i++) await copy.sweep();
  expect(copy.waiting).toEqual({ count: 2, oldest: NOW - 6 * DAY });
  expect(await copy.keysOf("acme", undefined, 10)).toEqual(["acme/young/1"]);
  copy.stop();
  await store.close();
});

it("a receipt of a moment that is no date waits for nobody: to write it would end the process", async () => {
  const { copy, write, store, changes, unreadable } = await open(freshFolder());
  write("acme", "a", NOW, 9_000_000_000_000_000);
  write("acme", "b", NOW, NOW);
  expect(await copy.keysOf("acme", undefined, 10)).toEqual(["acme/b/1"]);
  expect(changes).toEqual(["acme/b/1"]);
  expect(unreadable()).toBe(1);
  copy.stop();
  await store.close();
});
