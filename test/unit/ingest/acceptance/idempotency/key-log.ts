import { expect } from "vitest";
import type { OutRecord } from "../../../../../platform/kafka/record.ts";
import type { PartitionFollower } from "../../../../../platform/kafka/topic-reader.ts";
import { silentLog } from "../../../../../platform/log/log.ts";
import { REQUEST_KEYS_TOPIC } from "../../../../../schemas/topics.ts";
import { KeyCopy, REQUEST_KEYS_TABLE } from "../../../../../services/ingest/acceptance/idempotency/key-copy.ts";
import { freshFolder, openStore } from "../../../platform/store/store-world.ts";
import { PARTITIONS, PATIENT, testCodecs } from "../../ingest-harness.ts";

const codecs = await testCodecs();

export interface OpenCopy {
  readonly copy: KeyCopy;
  /** Whether it hears what is written. */
  hears: boolean;
  readonly clashes: () => number;
  readonly unreadable: () => number;
  /** Ends its process; what is on disk by then stays. */
  kill(): Promise<void>;
  /** Puts what it has on disk. */
  flush(): Promise<void>;
  /** Resolves when it has asked for the log's ends, by the time it is now. */
  asked(): Promise<void>;
  /** How many it has. */
  rows(): Promise<number>;
}

/** The topic of keys, and the copies that instances have of it, on real stores. */
export class KeyLog {
  /** Epoch ms. */
  now = Date.UTC(2026, 5, 1);
  private readonly partitions: OutRecord[][] = Array.from({ length: PARTITIONS }, () => []);
  private readonly opened = new Set<{ opened: OpenCopy; followers: PartitionFollower[]; told: number[] }>();

  /** Appends, and tells the copies that hear; records of other topics are left out. */
  write = async (records: readonly OutRecord[]): Promise<void> => {
    for (const record of records)
      if (record.topic === REQUEST_KEYS_TOPIC) this.partitions[record.partition]!.push(record);
    this.tell();
  };

  async open(folder = freshFolder()): Promise<OpenCopy> {
    const { store, kill } = await openStore(folder, { tables: [REQUEST_KEYS_TABLE] });
    let [clashes, unreadable] = [0, 0];
    const followers: PartitionFollower[] = [];
    const told: number[] = [];
    const copy = new KeyCopy({
      store,
      source: {
        watermarks: async () => this.partitions.map(({ length }) => ({ low: 0, high: length })),
        offsetsAt: async () => [],
        followFrom: (_, partition, from, follower) => {
          followers[partition] = follower;
          told[partition] = from;
        },
      },
      codec: codecs.requestKeys,
      partitions: PARTITIONS,
      onClash: () => clashes++,
      onUnreadable: () => unreadable++,
      now: () => this.now,
      onFault: (error) => expect.unreachable(error.message),
      log: silentLog,
      pollMs: 100,
    });
    await copy.start();
    const opened: OpenCopy = {
      ...{ copy, hears: true, clashes: () => clashes, unreadable: () => unreadable },
      flush: () => store.flush(),
      asked: () => expect.poll(() => copy.oldPartitions, { interval: 10, ...PATIENT }).toEqual([]),
      rows: async () => {
        const table = store.table(REQUEST_KEYS_TABLE);
        const rows = this.partitions.map((_, p) => table.range(p, { limit: 100 }));
        return (await Promise.all(rows)).flat().length;
      },
      kill: async () => {
        copy.stop();
        this.opened.delete(entry);
        await kill();
      },
    };
    const entry = { opened, followers, told };
    this.opened.add(entry);
    this.tell();
    return opened;
  }

  async close(): Promise<void> {
    for (const { opened } of this.opened) await opened.kill();
  }

  /** Lets copies hear what they have missed. */
  tell(): void {
    for (const { opened, followers, told } of this.opened)
      for (const [partition, follower] of opened.hears ? followers.entries() : []) {
        const records = this.partitions[partition]!;
        for (let offset = told[partition]!; offset < records.length; offset++) {
          const { topic, value } = records[offset]!;
          follower.onRecord({ topic, partition, offset, key: null, value, headers: {}, timestamp: this.now });
          follower.reached(offset + 1);
          told[partition] = offset + 1;
        }
      }
  }
}
