/** Random numbers in [0, 1). */
export type Random = () => number;

/**
 * A seeded source (xorshift32), so that a run with the same traffic repeats its decisions. Good enough to decide about messages,
 * not for secrets.
 */
export function seededRandom(seed: number): Random {
  // Spread small seeds over all bits; zero is the one state that xorshift never leaves.
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4_294_967_296;
  };
}

/** True in `share` (0 … 1) of the calls. Draws nothing for 0 and 1. */
export function chance(share: number, random: Random): boolean {
  return share > 0 && (share >= 1 || random() < share);
}

/** One of the items; undefined for an empty list. */
export function pick<T>(items: readonly T[], random: Random): T | undefined {
  return items[Math.floor(random() * items.length)];
}

/** A key chosen in proportion to its weight; weights need not add up to 1. Undefined when all are 0. */
export function pickWeighted<K extends string>(
  weights: Readonly<Partial<Record<K, number>>>,
  random: Random,
): K | undefined {
  let total = 0;
  for (const key in weights) total += weights[key] ?? 0;
  let left = random() * total;
  for (const key in weights) {
    left -= weights[key] ?? 0;
    if (left < 0) return key;
  }
  return undefined;
}
