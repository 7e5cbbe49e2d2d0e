import type { Random } from "../../infra/simulators/behaviour/random-source.ts";

export function uniform(random: Random, from: number, to: number): number {
  return from + (to - from) * random();
}

/** Each factor is as likely as any other: between 1 and 10 as often as between 10 and 100. */
export function logUniform(random: Random, from: number, to: number): number {
  return from * (to / from) ** random();
}

/** Of the normal distribution of mean 0 and deviation 1 (Box and Muller). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Waiting time until something that happens at a rate, in the rate's unit of time. */
export function exponential(random: Random, rate: number): number {
  return -Math.log(1 - random()) / rate;
}
