/** A draw from the Beta distribution; both parameters above 0. `random`: uniform in [0, 1). */
export function sampleBeta(alpha: number, beta: number, random: () => number): number {
  const [one, other] = [sampleGamma(alpha, random), sampleGamma(beta, random)];
  const sum = one + other;
  // Both may be too small for a number when both parameters are.
  return sum > 0 ? one / sum : alpha / (alpha + beta);
}

/** By the method of Marsaglia and Tsang (2000). */
function sampleGamma(shape: number, random: () => number): number {
  if (shape < 1) return sampleGamma(shape + 1, random) * (1 - random()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}
