import { DELAY_BOUNDS_MS, DELAY_BUCKETS } from "./delay-buckets.ts";
import { DeliveryShape } from "./delivery-shape.ts";

/** What is taken for likely before anything was seen: of so many submissions, this share is delivered. */
export const PRIOR_WEIGHT = 2;
export const PRIOR_DELIVERY = 0.85;
/** In such a time half of them, ms; its logarithm is taken to be logistic, with 19 of 20 within about ten times as much. */
const MEDIAN_MS = 8_000;
const STEEPNESS = 1.3;

export const PRIOR_SHAPE = priorShape();

function priorShape(): DeliveryShape {
  const shape = new DeliveryShape();
  const within = (ms: number) => PRIOR_DELIVERY / (1 + (MEDIAN_MS / ms) ** STEEPNESS);
  for (let bucket = 0; bucket < DELAY_BUCKETS; bucket++)
    shape.density[bucket] =
      within(DELAY_BOUNDS_MS[bucket]!) - (bucket === 0 ? 0 : within(DELAY_BOUNDS_MS[bucket - 1]!));
  shape.settle(within(DELAY_BOUNDS_MS[DELAY_BUCKETS - 1]!));
  return shape;
}
