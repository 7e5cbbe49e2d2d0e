import { type Random, seededRandom } from "../../infra/simulators/behaviour/random-source.ts";
import { exponential, logUniform, uniform } from "./distributions.ts";
import { NETWORKS, type Truth } from "./world.ts";

/**
 * What else the lab puts providers through: receipts that collapse while everything is accepted, links that are lost,
 * providers that fall silent, and months in which nothing is wrong. Written before the strategy was tuned.
 */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** Receipts of the cheaper of two providers collapse. */
export interface CollapseTrial {
  readonly seed: number;
  /** Which of NETWORKS collapse: one, or all. */
  readonly networks: readonly number[];
  /** `submission`: of what is submitted from then on. `receipt`: whatever comes from then on, those on their way as well. */
  readonly by: "submission" | "receipt";
  /** So many of 1 are left. */
  readonly left: number;
  /** Submissions a second of what collapses, all networks together. */
  readonly rate: number;
  readonly truth: Truth;
  readonly collapseMs: number;
}

export function collapseOf(seed: number): CollapseTrial {
  const random = seededRandom(seed);
  const all = NETWORKS.map((_, n) => n);
  return {
    seed,
    networks: random() < 0.5 ? all : [Math.floor(random() * all.length)],
    by: random() < 0.5 ? "submission" : "receipt",
    left: 0.1,
    rate: 200,
    truth: {
      delivery: uniform(random, 0.75, 0.98),
      medianMs: logUniform(random, 4_000, 30_000),
      sigma: uniform(random, 0.4, 1),
      tail: uniform(random, 0, 0.05),
      told: random(),
    },
    collapseMs: 10 * MINUTE_MS,
  };
}

/** A stretch of time in which something is other than usual. */
interface Spell {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly factor: number;
}

/**
 * A provider that works, as it is for weeks: its load rises and falls with the day, with bursts; its receipts take two to
 * three times longer now and then, from one moment to the next; and what it delivers drifts.
 */
export interface QuietTrial {
  readonly seed: number;
  /** Messages a second by day, before bursts. */
  readonly rate: number;
  readonly durationMs: number;
  readonly truth: Truth;
  readonly bursts: readonly Spell[];
  readonly slow: readonly Spell[];
  /** What of the usual is delivered, by hour. */
  readonly drift: readonly number[];
}

export function quietOf(seed: number, rate: number, durationMs: number): QuietTrial {
  const random = seededRandom(seed);
  const hours = Math.ceil(durationMs / HOUR_MS);
  const drift = [1];
  // Between 0.8 and 1 of the usual, by at most 0.03 an hour.
  while (drift.length < hours) drift.push(Math.min(1, Math.max(0.8, drift.at(-1)! + uniform(random, -0.03, 0.03))));
  return {
    seed,
    rate,
    durationMs,
    truth: {
      delivery: uniform(random, 0.7, 0.98),
      medianMs: logUniform(random, 3_000, 40_000),
      sigma: uniform(random, 0.4, 1),
      tail: uniform(random, 0, 0.05),
      told: random(),
    },
    bursts: spells(random, durationMs, 4 * HOUR_MS, [MINUTE_MS / 2, 5 * MINUTE_MS], [5, 30]),
    slow: spells(random, durationMs, 12 * HOUR_MS, [10 * MINUTE_MS, 2 * HOUR_MS], [2, 3]),
    drift,
  };
}

/** One after the other, `everyMs` apart on average, each of a length and a factor between the two. */
function spells(
  random: Random,
  untilMs: number,
  everyMs: number,
  [shortest, longest]: readonly [number, number],
  [least, most]: readonly [number, number],
): Spell[] {
  const all: Spell[] = [];
  for (let at = exponential(random, 1 / everyMs); at < untilMs; at += exponential(random, 1 / everyMs)) {
    const length = logUniform(random, shortest, longest);
    all.push({ fromMs: at, untilMs: at + length, factor: uniform(random, least, most) });
    at += length;
  }
  return all;
}

/** The factor of a moment; 1 outside of all. */
export function factorAt(spells: readonly Spell[], atMs: number): number {
  // They do not overlap and come in order.
  let [low, high] = [0, spells.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spells[middle]!.untilMs <= atMs) low = middle + 1;
    else high = middle;
  }
  const spell = spells[low];
  return spell !== undefined && spell.fromMs <= atMs ? spell.factor : 1;
}

/** Messages a second at a moment of a quiet trial: a tenth of the day's rate at night. */
export function quietRate({ rate, bursts }: QuietTrial, atMs: number): number {
  const day = 0.55 - 0.45 * Math.cos((2 * Math.PI * atMs) / DAY_MS);
  return rate * day * factorAt(bursts, atMs);
}

/** How a message that is submitted at a moment of a quiet trial may fare. */
export function quietTruth({ truth, slow, drift }: QuietTrial, atMs: number): Truth {
  const delivery = truth.delivery * drift[Math.min(drift.length - 1, Math.floor(atMs / HOUR_MS))]!;
  return { ...truth, delivery, medianMs: truth.medianMs * factorAt(slow, atMs) };
}

/** A provider goes dark: its link is lost, or it takes requests and answers none. */
export interface DarkTrial {
  readonly seed: number;
  readonly kind: "lost" | "silent";
  /** Time to the answer of a submission, ms: half of them, and 99.9 of 100. The logarithm is normal. */
  readonly medianMs: number;
  readonly p999Ms: number;
  /** Messages a second. */
  readonly rate: number;
}

/** 99.9 of 100 of a normal distribution lie below so many deviations. */
export const P999_DEVIATIONS = 3.0902;

export function darkOf(seed: number, kind: DarkTrial["kind"]): DarkTrial {
  const random = seededRandom(seed);
  const medianMs = logUniform(random, 30, 600);
  return {
    seed,
    kind,
    medianMs,
    p999Ms: medianMs * Math.exp(P999_DEVIATIONS * uniform(random, 0.2, 0.6)),
    rate: logUniform(random, 20, 400),
  };
}
