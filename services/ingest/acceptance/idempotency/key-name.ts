import { hash } from "node:crypto";

/** Octets of a key's name. */
export const NAME_OCTETS = 16;

/** An idempotency key, and whose it is. */
export interface Key {
  /** The account among whose keys it is. Message ids are everybody's: the empty one has them. */
  readonly owner: string;
  readonly key: string;
  /** What it is called in Kafka and on disk: 128 bits of a SHA-256, whatever its length. */
  readonly name: Buffer;
}

export function keyNamed(owner: string, key: string): Key {
  // The length keeps ("a", "b:c") and ("a:b", "c") apart.
  const name = hash("sha256", `${owner.length}:${owner}:${key}`, "buffer").subarray(0, NAME_OCTETS);
  return { owner, key, name };
}

/** The key of an account's batch. No key of a message has a line end. */
export function keyOfBatch(owner: string, key: string): Key {
  return keyNamed(owner, `${key}\n`);
}

/** The partition of sms.request-keys that a name belongs to. */
export function partitionOfName(name: Buffer, partitions: number): number {
  return name.readUInt32BE(0) % partitions;
}
