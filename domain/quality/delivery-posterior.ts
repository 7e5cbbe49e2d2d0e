import { sampleBeta } from "./beta-sample.ts";
import { PRIOR_DELIVERY, PRIOR_WEIGHT } from "./prior-delivery.ts";

/** What is known elsewhere counts as so many own submissions at the most. */
const POOLED = 8;

/** What is known of a probability of delivery: a Beta distribution. */
export interface DeliveryPosterior {
  readonly alpha: number;
  readonly beta: number;
}

/** Submissions, as far as their receipts should have come, and deliveries. */
export interface Trials {
  readonly trials: number;
  readonly successes: number;
}

/** Where nothing was seen. */
const PRIOR: DeliveryPosterior = { alpha: PRIOR_WEIGHT * PRIOR_DELIVERY, beta: PRIOR_WEIGHT * (1 - PRIOR_DELIVERY) };

export const NO_TRIALS: Trials = { trials: 0, successes: 0 };

/**
 * What is known of the innermost of several wholes of which each holds the next: where little is known of one, the one
 * around it speaks. `levels`: from the outermost on. What a whole says of its part is what was seen in the rest of it, so
 * that nothing counts twice. `prior`: what is known without them.
 */
export function pooledPosterior(levels: readonly Trials[], prior: DeliveryPosterior = PRIOR): DeliveryPosterior {
  let { alpha, beta } = prior;
  for (const [place, { trials, successes }] of levels.entries()) {
    const part = levels[place + 1] ?? NO_TRIALS;
    const kept = Math.min(1, POOLED / (alpha + beta));
    const delivered = Math.max(0, successes - part.successes);
    alpha = alpha * kept + delivered;
    beta = beta * kept + Math.max(0, trials - part.trials - delivered);
  }
  return { alpha, beta };
}

export function posteriorMean({ alpha, beta }: DeliveryPosterior): number {
  return alpha / (alpha + beta);
}

export function drawDelivery({ alpha, beta }: DeliveryPosterior, random: () => number): number {
  return sampleBeta(alpha, beta, random);
}
