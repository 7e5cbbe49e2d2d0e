import { type Random, seededRandom } from "../../infra/simulators/behaviour/random-source.ts";
import { exponential, logUniform, normal, uniform } from "./distributions.ts";

/**
 * The worlds of the routing lab, each made of its seed alone: providers that differ in price, delivery, latency and delay of
 * receipts by network, and a truth that changes from phase to phase. Whoever decides knows the prices and sees receipts.
 * This file was written before the strategy was tuned.
 */

/** How a provider's way into a network truly is. */
export interface Truth {
  /** Share of messages that reach the handset. */
  readonly delivery: number;
  /** Time from submission to the receipt of half of these, ms; the logarithm is normal with this deviation. */
  readonly medianMs: number;
  readonly sigma: number;
  /** Share of them whose handset was off, and comes back after 10 minutes on average. */
  readonly tail: number;
  /** Share of the messages that are not delivered of which a receipt says so. */
  readonly told: number;
}

export interface LabNetwork {
  readonly country: string;
  readonly mccMnc: string;
  /** Share of the traffic. */
  readonly share: number;
}

export interface LabProvider {
  readonly id: string;
  /** Price of a message by network, micro-units. */
  readonly prices: readonly number[];
  /** Median time to the answer of a submission, ms. */
  readonly latencyMs: number;
  /** By phase, by network. */
  readonly truth: readonly (readonly Truth[])[];
}

export interface World {
  readonly seed: number;
  readonly networks: readonly LabNetwork[];
  readonly providers: readonly LabProvider[];
  readonly phaseMs: number;
  readonly phases: number;
  /** Messages a second, on average. */
  readonly rate: number;
}

export const NETWORKS: readonly LabNetwork[] = [
  { country: "DE", mccMnc: "26201", share: 0.4 },
  { country: "DE", mccMnc: "26202", share: 0.3 },
  { country: "AT", mccMnc: "23201", share: 0.2 },
  { country: "FR", mccMnc: "20801", share: 0.1 },
];

/** Share of all pairs of provider and network whose delivery, and whose delay, is another in the next phase. */
const DELIVERY_CHANGES = 0.4;
const DELAY_CHANGES = 0.3;
/** Share of providers of which everything becomes worse in a phase. */
const PROVIDER_FAILS = 0.15;

export interface WorldShape {
  readonly phases: number;
  readonly phaseMs: number;
  readonly rate: number;
}

export const REPORT_SHAPE: WorldShape = { phases: 4, phaseMs: 1_200_000, rate: 20 };

export function worldOf(seed: number, shape: WorldShape = REPORT_SHAPE): World {
  const random = seededRandom(seed);
  const count = 4 + Math.floor(random() * 3);
  const base = NETWORKS.map(() => logUniform(random, 10_000, 60_000));
  const providers = Array.from({ length: count }, (_, n) => providerOf(random, n, base, shape.phases));
  return { seed, networks: NETWORKS, providers, ...shape };
}

function providerOf(random: Random, n: number, base: readonly number[], phases: number): LabProvider {
  const own = uniform(random, 0.7, 1.4);
  const prices = base.map((price) => Math.round(price * own * uniform(random, 0.85, 1.15)));
  const latencyMs = logUniform(random, 40, 800);
  const truth = [NETWORKS.map(() => firstTruth(random))];
  while (truth.length < phases) {
    const fails = random() < PROVIDER_FAILS ? uniform(random, 0.1, 0.6) : 1;
    truth.push(truth.at(-1)!.map((before) => nextTruth(random, before, fails)));
  }
  return { id: `lab-${n}`, prices, latencyMs, truth };
}

function firstTruth(random: Random): Truth {
  return {
    delivery: someDelivery(random),
    medianMs: logUniform(random, 2_000, 40_000),
    sigma: uniform(random, 0.4, 1),
    tail: uniform(random, 0, 0.05),
    told: random(),
  };
}

function nextTruth(random: Random, before: Truth, fails: number): Truth {
  const delivery = random() < DELIVERY_CHANGES ? someDelivery(random) : before.delivery;
  const stretch = random() < DELAY_CHANGES ? logUniform(random, 1 / 3, 3) : 1;
  const medianMs = Math.min(60_000, Math.max(1_000, before.medianMs * stretch));
  return { ...before, delivery: delivery * fails, medianMs };
}

/** Most ways are good, some are not. */
function someDelivery(random: Random): number {
  return random() < 0.7 ? uniform(random, 0.8, 0.98) : uniform(random, 0.3, 0.8);
}

/** What becomes of one message. */
export interface Fate {
  /** Until the provider answers, ms. */
  readonly acceptedMs: number;
  readonly delivered: boolean;
  /** From the answer to the receipt, ms; undefined when none comes. */
  readonly receiptMs: number | undefined;
}

export function fateOf(random: Random, latencyMs: number, truth: Truth): Fate {
  const acceptedMs = latencyMs * Math.exp(0.4 * normal(random));
  const delivered = random() < truth.delivery;
  if (!delivered && random() >= truth.told) return { acceptedMs, delivered, receiptMs: undefined };
  const away = random() < truth.tail ? exponential(random, 1 / 600_000) : 0;
  return { acceptedMs, delivered, receiptMs: away + truth.medianMs * Math.exp(truth.sigma * normal(random)) };
}

/** How much traffic there is at a moment beside its average: it rises and falls within half an hour, and has bursts. */
export function load(atMs: number): number {
  const wave = 1 + 0.5 * Math.sin((2 * Math.PI * atMs) / 1_800_000);
  return atMs % 420_000 < 30_000 ? 4 * wave : wave;
}

/** When the messages of a stretch of time come, ms, in order: a Poisson process of `rate` a second, by {@link load}. */
export function* arrivals(random: Random, rate: number, fromMs: number, untilMs: number): Generator<number> {
  const highest = 6 * rate;
  for (let at = fromMs + exponential(random, highest / 1_000); at < untilMs; at += exponential(random, highest / 1_000))
    if (random() * 6 < load(at)) yield at;
}

export function networkOf(random: Random, networks: readonly LabNetwork[]): number {
  let point = random();
  for (let n = 0; n < networks.length - 1; n++) {
    point -= networks[n]!.share;
    if (point < 0) return n;
  }
  return networks.length - 1;
}
