/**
 * How keys of many tables and partitions share one sorted map. Table 0 is the store's own: what it knows of itself, and the positions of
 * copies. Others are [table, 1 octet][partition, 2 octets, big-endian][key], so that a partition of a table is one range.
 */
export const MOST_TABLES = 250;
export const MOST_PARTITIONS = 1 << 16;

const OWN = 0;

/** The key of a table's partition (`table` from 1). */
export function storeKey(table: number, partition: number, key: Buffer): Buffer {
  const at = Buffer.allocUnsafe(3 + key.length);
  at[0] = table;
  at.writeUInt16BE(partition, 1);
  key.copy(at, 3);
  return at;
}

/** The key itself, without what `storeKey` put before it. */
export function keyWithin(at: Buffer): Buffer {
  return at.subarray(3);
}

/** The first key that is above all of a table's partition. */
export function partitionEnd(table: number, partition: number): Buffer {
  const end = Buffer.alloc(3);
  // 65,536 partitions: beyond the last one of a table is the next table.
  end.writeUIntBE((table << 16) + partition + 1, 0, 3);
  return end;
}

/** A key of the store's own. */
export function ownKey(name: string): Buffer {
  return Buffer.concat([Buffer.from([OWN]), Buffer.from(name, "utf8")]);
}

/** All the store's own keys that begin so: [from, below). */
export function ownRange(prefix: string): [from: Buffer, below: Buffer] {
  const from = ownKey(prefix);
  return [from, Buffer.concat([from, Buffer.from([0xff])])];
}
