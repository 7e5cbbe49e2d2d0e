/** Random numbers that are the same for the same seed: [0, 1). */
export type Random = () => number;

/** A small generator (a Weyl sequence with a mixing step, after Marsaglia and Steele); good enough to vary test data. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** One of the list. */
export function pickOne<T>(list: readonly T[], random: Random): T {
  return list[Math.floor(random() * list.length)]!;
}

/** One of the list by weight; weights need not add up to anything. */
export function pickByWeight<T>(list: readonly (readonly [T, number])[], random: Random): T {
  let at = random() * list.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [value, weight] of list) {
    at -= weight;
    if (at < 0) return value;
  }
  return list.at(-1)![0];
}
