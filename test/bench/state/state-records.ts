/** What the benchmark remembers: how much, in which topics and tables, and as which records. */

import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import type { InRecord, OutRecord } from "../../../platform/kafka/record.ts";
import type { PartitionStore } from "../../../platform/store/partition-store.ts";

/** One kind of what is remembered by recipient. */
export interface StateKind {
  readonly name: "suppressions" | "caps" | "scheduled";
  readonly tables: readonly string[];
  /** The n-th record of a topic; `turn` changes its value. */
  record(topic: string, n: number, turn: number, partitions: number): OutRecord;
  /** Applies a record to the tables. */
  apply(store: PartitionStore): (record: InRecord) => void;
  /** The table and key by which the n-th is asked for, and its partition. */
  key(n: number, partitions: number): { table: string; key: Buffer; partition: number };
}

/** A destination without a plus: neighbours in `n` are not neighbours in the store. */
function numberOf(n: number): string {
  return `49${String(1_500_000_000 + (Math.imul(n, 0x9e3779b1) >>> 0)).padStart(10, "0")}`;
}

/** `n` is one of 20 accounts' with a number, as suppressions are. */
const accountKey = (n: number) => Buffer.from(`account-${n % 20}/${numberOf(n)}`);

function simple(name: "suppressions" | "caps", valueOctets: number): StateKind {
  return {
    name,
    tables: [name],
    record(topic, n, turn, partitions) {
      const value = Buffer.alloc(valueOctets);
      value.writeUInt32LE(n >>> 0, 0);
      value.writeUInt32LE(turn, 4);
      return { topic, partition: partitionFor(numberOf(n), partitions), key: accountKey(n), value };
    },
    apply(store) {
      const table = store.table(name);
      return ({ partition, key, value }) => {
        if (value === null) table.delete(partition, key!);
        else table.put(partition, key!, value);
      };
    },
    key: (n, partitions) => ({ table: name, key: accountKey(n), partition: partitionFor(numberOf(n), partitions) }),
  };
}

/** An id of 16 octets. */
function idOf(n: number): Buffer {
  const id = Buffer.alloc(16);
  id.writeUInt32BE(Math.imul(n + 1, 0x85ebca6b) >>> 0, 0);
  id.writeUInt32BE(n, 12);
  return id;
}

/** Scheduled messages are found by id, to be cancelled, and in the order in which they are due. */
const scheduled: StateKind = {
  name: "scheduled",
  tables: ["scheduled", "due"],
  record(topic, n, turn, partitions) {
    const value = Buffer.alloc(250, 32);
    value.writeUIntBE(1_800_000_000_000 + (Math.imul(n, 0x9e3779b1) >>> 0) + turn, 0, 6);
    return { topic, partition: partitionFor(numberOf(n), partitions), key: idOf(n), value };
  },
  apply(store) {
    const byId = store.table("scheduled");
    const due = store.table("due");
    return ({ partition, key, value }) => {
      const before = byId.get(partition, key!);
      if (before !== undefined) due.delete(partition, Buffer.concat([before.subarray(0, 6), key!]));
      if (value === null) byId.delete(partition, key!);
      else {
        byId.put(partition, key!, value);
        due.put(partition, Buffer.concat([value.subarray(0, 6), key!]), Buffer.alloc(0));
      }
    };
  },
  key: (n, partitions) => ({ table: "scheduled", key: idOf(n), partition: partitionFor(numberOf(n), partitions) }),
};

export const KINDS: readonly StateKind[] = [simple("suppressions", 16), simple("caps", 24), scheduled];

/** What a follower is told, as JSON on its command line. */
export interface FollowerTask {
  readonly brokers: readonly string[];
  readonly partitions: number;
  readonly sizes: Readonly<Record<StateKind["name"], number>>;
  readonly folder: string;
  /** Rounds in which takeovers are timed beside those of an empty store; 0: the log is read, and keys are asked for. */
  readonly takeovers: number;
}

export type StateScope = "full" | "empty";

export function topicOf(scope: StateScope, kind: StateKind): string {
  return `state.${scope}.${kind.name}`;
}

/** `delete.retention.ms` of the topics: Kafka's default. */
export const DELETE_RETENTION_MS = 86_400_000;
