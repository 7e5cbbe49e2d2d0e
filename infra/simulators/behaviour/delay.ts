import { z } from "zod";
import type { Random } from "./random-source.ts";

const ms = z.number().min(0).max(86_400_000);

/** How long something takes, in ms, always or at random. */
export const delaySchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("constant"), ms }),
  z.strictObject({ kind: z.literal("uniform"), minMs: ms, maxMs: ms }),
  z.strictObject({ kind: z.literal("lognormal"), medianMs: ms.min(0.001), p95Ms: ms.min(0.001), maxMs: ms }),
]);

export type Delay = z.infer<typeof delaySchema>;

/** The 95th percentile of the standard normal distribution. */
const z95 = 1.6449;

/** One draw from the distribution, ms. Lognormal, the usual shape of network latencies, is cut at maxMs. */
export function drawDelay(delay: Delay, random: Random): number {
  switch (delay.kind) {
    case "constant":
      return delay.ms;
    case "uniform":
      return delay.minMs + random() * Math.max(0, delay.maxMs - delay.minMs);
    case "lognormal": {
      const sigma = Math.max(0, Math.log(delay.p95Ms / delay.medianMs)) / z95;
      // Box-Muller; 1 - random() is never 0.
      const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
      return Math.min(delay.maxMs, delay.medianMs * Math.exp(sigma * normal));
    }
  }
}
