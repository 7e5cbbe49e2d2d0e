const PARTS = 16;

/**
 * How much longer a task takes for a text of `length` than for sixteen of a sixteenth of it: about 1 where it looks at each character a few
 * times, 16 where its time grows with the square. The best of several tries each; what takes less than 0.2 ms counts as that.
 */
export function timesLonger(task: (text: string) => void, textOf: (length: number) => string, length: number): number {
  const [long, part] = [textOf(length), textOf(length / PARTS)];
  const best = (text: string, times: number) => {
    let least = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < 5; tries++) {
      const begin = performance.now();
      for (let i = 0; i < times; i++) task(text);
      least = Math.min(least, performance.now() - begin);
    }
    return least;
  };
  const parts = best(part, PARTS);
  return best(long, 1) / Math.max(0.2, parts);
}
