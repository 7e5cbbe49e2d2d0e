/**
 * How much likelier a count is under its own rate than under the expected one, as a logarithm (nats); 0 when it is not above it.
 * @param count messages seen, 0 or more; may be a decayed sum
 * @param expected messages expected, above 0
 */
export function excess(count: number, expected: number): number {
  return count <= expected ? 0 : count * Math.log(count / expected) - (count - expected);
}

/**
 * The same for a rate that itself is only known to within a factor: traffic is not Poisson, since an hour is busier than another as a
 * whole. A negative binomial of shape `1 / spread²`.
 * @param spread relative standard deviation of the rate, above 0
 */
export function excessOf(count: number, expected: number, spread: number): number {
  if (count <= expected) return 0;
  const shape = 1 / spread ** 2;
  return count * Math.log(count / expected) - (count + shape) * Math.log((count + shape) / (expected + shape));
}

/** How much likelier `hits` of `trials` are under their own share than under `share`, nats; 0 when they are not below it. */
export function shortfall(hits: number, trials: number, share: number): number {
  if (trials <= 0 || share <= 0 || hits >= trials * share) return 0;
  const own = hits / trials;
  const part = hits > 0 ? hits * Math.log(own / share) : 0;
  return share >= 1 ? part : part + (trials - hits) * Math.log((1 - own) / (1 - share));
}
