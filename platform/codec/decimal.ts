/**
 * Decimals with six places as safe integers of millionths. On the wire (Avro 1.11 specification, "Decimal"): the unscaled
 * value in two's complement, big endian, as short as possible.
 */

/** Places after the point that every decimal has: 7,500 millionths stand for 0.0075. */
export const DECIMAL_SCALE = 6;

const TWO_32 = 2 ** 32;

/** The shortest two's complement of a safe integer, 1 to 7 bytes. @throws RangeError when it is not a safe integer. */
export function decimalToBytes(millionths: number): Buffer {
  if (!Number.isSafeInteger(millionths)) throw new RangeError("not a safe integer of millionths");
  // The high word is signed and holds at most 22 bits, since safe integers have 53 and a sign.
  const high = Math.floor(millionths / TWO_32);
  const low = millionths >>> 0;
  const length = byteLength(millionths);
  const bytes = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i++) {
    const shift = 8 * (length - 1 - i);
    bytes[i] = shift >= 32 ? high >> (shift - 32) : low >>> shift;
  }
  return bytes;
}

/**
 * The value of a two's complement of any length; leading bytes that only repeat the sign are allowed.
 * @throws RangeError when there are no bytes or the value is not a safe integer.
 */
export function bytesToDecimal(bytes: Uint8Array): number {
  if (bytes.length === 0) throw new RangeError("a decimal without bytes");
  const sign = bytes[0]! >= 0x80 ? 0xff : 0;
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === sign) start++;
  if (bytes.length - start > 7) throw new RangeError("a decimal beyond the safe integers");
  // Beginning at -1 extends the sign. Exact, since every product is a multiple of 256 below 2^56.
  let value = sign === 0 ? 0 : -1;
  for (let i = start; i < bytes.length; i++) value = value * 256 + bytes[i]!;
  if (!Number.isSafeInteger(value)) throw new RangeError("a decimal beyond the safe integers");
  return value;
}

function byteLength(value: number): number {
  let length = 1;
  for (let limit = 0x80; value >= limit || value < -limit; limit *= 256) length++;
  return length;
}
