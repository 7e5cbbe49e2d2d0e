/**
 * The 32-bit murmur2 hash that Kafka's Java clients partition keys with (seed 0x9747b28c).
 * Source: org.apache.kafka.common.utils.Utils.murmur2.
 */
export function murmur2(data: Uint8Array): number {
  const length = data.length;
  const m = 0x5bd1e995;
  let h = (0x9747b28c ^ length) | 0;
  const words = length >>> 2;
  for (let i = 0; i < words; i++) {
    const at = i << 2;
    let k = data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    k = Math.imul(k, m);
    h = Math.imul(h, m) ^ k;
  }
  const tail = words << 2;
  const left = length & 3;
  if (left === 3) h ^= data[tail + 2]! << 16;
  if (left >= 2) h ^= data[tail + 1]! << 8;
  if (left >= 1) h = Math.imul(h ^ data[tail]!, m);
  h ^= h >>> 13;
  h = Math.imul(h, m);
  h ^= h >>> 15;
  return h;
}

const scratch = Buffer.allocUnsafe(256);

/** The partition (0 to partitions - 1) that a Java producer would choose for this key. */
export function partitionFor(key: string | Uint8Array, partitions: number): number {
  let bytes: Uint8Array;
  if (typeof key === "string") {
    const room = key.length * 3;
    bytes = room <= scratch.length ? scratch.subarray(0, scratch.write(key, "utf8")) : Buffer.from(key, "utf8");
  } else bytes = key;
  return (murmur2(bytes) & 0x7fffffff) % partitions;
}
