import type { Provider } from "../../domain/catalog/provider.ts";

/** Records that a dispatcher stages ahead, per lane: at most so many are in doubt when the process dies. */
const MAX_STEP = 1_000;
const STEP_SECONDS = 0.1;

/** So many records of a provider are staged ahead, per lane. */
export function stageStepOf({ window, rate }: Provider): number {
  return Math.min(MAX_STEP, Math.max(window, Math.ceil(rate * STEP_SECONDS)));
}
