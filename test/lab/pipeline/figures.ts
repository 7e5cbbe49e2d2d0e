import { type LabProvider, type Phase, PRICES } from "./phases.ts";
import type { Bought, Second } from "./recorded.ts";

/** Of the decisions of a second fewer than this share: the provider is left, but for what tries it. */
const LEFT = 0.05;
/** It must stay so for as many seconds. */
const STAYS = 10;

/** By how much more the deliveries of some phases cost than by the best choice of each. */
export function regretPercent(phases: readonly { phase: Phase; bought: readonly Bought[] }[]): number {
  let [paid, needed] = [0, 0];
  for (const { phase, bought } of phases) {
    const ways = Object.entries(PRICES) as [LabProvider, number][];
    const best = Math.min(...ways.map(([provider, price]) => price / phase.behaviour[provider].delivery));
    for (const { cost, delivered } of bought) {
      paid += cost;
      needed += best * delivered;
    }
  }
  return 100 * (paid / needed - 1);
}

/** Seconds until a provider has been left and stays so; undefined when it was not. */
export function leftAfter(seconds: readonly Second[]): number | undefined {
  const place = seconds.findIndex((_, n) => {
    const next = seconds.slice(n, n + STAYS);
    return next.length === STAYS && next.every(({ all, own }) => own < LEFT * all);
  });
  return place < 0 ? undefined : seconds[place]!.second;
}

/** The provider's share of all these decisions. @throws when there are none: then nothing can be said */
export function shareFrom(seconds: readonly Second[]): number {
  const all = seconds.reduce((sum, one) => sum + one.all, 0);
  if (all === 0) throw new Error("nothing was decided while the link was lost");
  return seconds.reduce((sum, { own }) => sum + own, 0) / all;
}
