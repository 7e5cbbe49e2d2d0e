/** Numbers from 0 to 2^32 - 1. */
export type PackedNumbers = Uint8Array | Uint16Array | Uint32Array;

/** As few octets each as the largest needs: so more of them stand in the processor's cache. */
export function packed(numbers: readonly number[]): PackedNumbers {
  let largest = 0;
  for (const number of numbers) if (number > largest) largest = number;
  if (largest < 2 ** 8) return Uint8Array.from(numbers);
  return largest < 2 ** 16 ? Uint16Array.from(numbers) : Uint32Array.from(numbers);
}
