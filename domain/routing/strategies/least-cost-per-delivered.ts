import type { DeliveryEstimate } from "../../quality/delivery-node.ts";
import {
  type DeliveryPosterior,
  drawDelivery,
  pooledPosterior,
  posteriorMean,
} from "../../quality/delivery-posterior.ts";
import type { Candidate, Verdict } from "../candidate.ts";
import { drawByWeight } from "./draw.ts";
import type { Strategy, View } from "./strategy.ts";

/** Of so many decisions one may explore. */
const EXPLORING = 0.1;
/** So many messages must have been told of for a provider to be known to convert in a network. */
const PROVEN = 30;
/** Beside such a one, the others are among the candidates of this share of the messages at the most: what is not converted is told late. */
const UNPROVEN_SHARE = 0.1;
const MICROS = 1_000_000;

interface Rival {
  readonly candidate: Candidate;
  readonly estimate: DeliveryEstimate;
  /** What is known of the probability of what is bought: that a message arrives, or that it converts. */
  readonly posterior: DeliveryPosterior;
  /** Its mean. */
  readonly probability: number;
  /** Of a segment, in units of the currency of comparison, where it is owed. */
  readonly price: number;
  /** That a message is delivered: then what is charged on delivery is owed. */
  readonly delivery: number;
  /** Of its messages in the network, those that applications have told of; where deliveries are bought, this does not count. */
  readonly told: number;
}

/**
 * The cheapest for each message that arrives: price by probability of delivery, as receipts show it for the provider in
 * this network and lane; a price that is charged on delivery is what each that arrives costs, whatever that probability. A route may have messages that convert instead: then by the probability of that, as applications tell it. Left
 * out, while there is another: whose receipts have collapsed, who delivers, or converts, less than the route's floor, and for an otp
 * who takes too long.
 *
 * Now and then a message explores: the probabilities are drawn from what is known of them (Thompson sampling), so that
 * whoever may well be cheaper is tried, and the more seldom the surer it is that he is not. What that may cost beyond the
 * best choice that is known is bounded by the route's money for it. An otp never explores.
 */
export const leastCostPerDelivered: Strategy = {
  name: "least-cost-per-delivered",
  score:
    "money expected for a segment that is delivered (with measure: conversions, that converts), in the currency of comparison: its price by the probability of that; charged on delivery, the price",
  rank: (usable, view, random) => {
    const rivals = usable.map((candidate) => rivalOf(candidate, view));
    const trial = rivals.find(({ estimate }) => estimate.mayTry(view.facts.at, random));
    for (const rival of rivals) rival.candidate.verdict = objection(rival, view, random) ?? "dearer-per-delivered";
    if (trial !== undefined) return trial.candidate;
    const able = rivals.filter(({ candidate }) => candidate.verdict === "dearer-per-delivered");
    if (able.length === 0) return leastBad(rivals).candidate;
    if (view.settings.measure === "conversions" && able.some(isProven))
      return buyConversions(rivals, able, view, random);
    const best = cheapest(able, random);
    return explore(rivals, best, view, random) ?? best.candidate;
  },
};

function rivalOf(candidate: Candidate, view: View): Rival {
  const { facts, settings, deliveries } = view;
  const estimate = deliveries.of(candidate.provider, facts.country, facts.mccMnc, facts.lane);
  const price = candidate.price! / candidate.member.perBase / MICROS;
  const conversions =
    settings.measure === "conversions"
      ? deliveries.converts?.(candidate.provider, facts.country, facts.mccMnc, facts.lane)
      : undefined;
  // While little was told of a way, it is taken to convert what it delivers: so a new one is tried, and then its own word counts.
  const posterior = conversions === undefined ? estimate : pooledPosterior(conversions.levels, estimate);
  const probability = conversions === undefined ? estimate.delivery : posteriorMean(posterior);
  const { delivery } = estimate;
  const rival = { candidate, estimate, posterior, probability, price, delivery, told: conversions?.told ?? 0 };
  candidate.score = expectedFor(rival, probability);
  return rival;
}

/** Money expected for one of what is bought, if it comes with this probability. */
function expectedFor({ candidate, price, delivery, posterior, estimate }: Rival, probability: number): number {
  if (!candidate.onDelivery) return price / probability;
  return posterior === estimate ? price : (price * delivery) / probability;
}

/** So much was told of it here that its own word counts. */
function isProven({ told }: Rival): boolean {
  return told >= PROVEN;
}

/**
 * The best of those that are known to convert, of whom there is one; for a share of the messages the best of all that are able. How the others
 * convert is not known, however well they deliver: all of the price of such a one may be lost, so that the route's money for exploring pays it.
 */
function buyConversions(rivals: readonly Rival[], able: readonly Rival[], view: View, random: () => number): Candidate {
  const known = able.filter(isProven);
  if (known.length < able.length && random() < UNPROVEN_SHARE) {
    const best = cheapest(able, random);
    if (isProven(best)) return explore(rivals, best, view, random) ?? best.candidate;
    if (spend(best.price, view)) return best.candidate;
    for (const { candidate } of known) candidate.verdict = "dearer-per-delivered";
  }
  for (const rival of able) if (!isProven(rival)) rival.candidate.verdict = "not-drawn";
  const best = cheapest(known, random);
  return explore(rivals, best, view, random) ?? best.candidate;
}

/** Whether the route's money for exploring has so much for a message's segments; then it is spent. `cost`: of a segment. */
function spend(cost: number, { facts, deliveries, settings, route }: View): boolean {
  const segments = facts.segments ?? 1;
  return deliveries.spend(route, Math.max(0, cost) * segments, settings.explorePerHour / MICROS, facts.at);
}

function objection(
  { estimate, probability }: Rival,
  { facts, settings }: View,
  random: () => number,
): Verdict | undefined {
  const { floor, otpWithinSeconds } = settings;
  const { share, p95Ms } = estimate;
  if (share < 1 && (share === 0 || random() >= share)) return "receipts-collapsed";
  if (probability < floor) return "below-quality-floor";
  const late = facts.lane === "otp" && otpWithinSeconds !== undefined && p95Ms !== undefined;
  return late && p95Ms > otpWithinSeconds * 1_000 ? "too-slow" : undefined;
}

/** Where something speaks against everybody: a slow one before one that delivers little, and that before one left. */
function leastBad(rivals: readonly Rival[]): Rival {
  for (const verdict of ["too-slow", "below-quality-floor", "receipts-collapsed"] as const) {
    const alike = rivals.filter(({ candidate }) => candidate.verdict === verdict);
    if (alike.length > 0) return alike.reduce((best, one) => (one.probability > best.probability ? one : best));
  }
  return rivals[0]!;
}

function cheapest(rivals: readonly Rival[], random: () => number): Rival {
  let least = Number.POSITIVE_INFINITY;
  for (const { candidate } of rivals) if (candidate.score! < least) least = candidate.score!;
  const alike = surest(rivals.filter(({ candidate }) => candidate.score === least));
  if (alike.length === 1) return alike[0]!;
  const drawn = drawByWeight(
    alike.map(({ candidate }) => candidate),
    random,
  );
  for (const { candidate } of alike) {
    candidate.score = least;
    if (candidate !== drawn) candidate.verdict = "not-drawn";
  }
  return alike.find(({ candidate }) => candidate === drawn)!;
}

/** Of those that cost the same for what arrives who lets more arrive: what is charged on delivery costs the same however little does. */
function surest(alike: readonly Rival[]): readonly Rival[] {
  if (alike.length === 1 || !alike.some(({ candidate }) => candidate.onDelivery)) return alike;
  const most = Math.max(...alike.map(({ probability }) => probability));
  return alike.filter(({ probability }) => probability === most);
}

/** Who is to be tried instead of the best that is known; undefined when nobody is, or there is no money for it. */
function explore(rivals: readonly Rival[], best: Rival, view: View, random: () => number): Candidate | undefined {
  const { facts, settings } = view;
  const { floor, explorePerHour } = settings;
  if (explorePerHour === 0 || facts.lane === "otp" || rivals.length === 1 || random() >= EXPLORING) return undefined;
  let found = best;
  let least = Number.POSITIVE_INFINITY;
  for (const rival of rivals) {
    if (rival.candidate.verdict === "receipts-collapsed") continue;
    const drawn = drawDelivery(rival.posterior, random);
    if (drawn < floor) continue;
    const expected = expectedFor(rival, drawn);
    if (expected >= least) continue;
    least = expected;
    found = rival;
  }
  if (found === best) return undefined;
  return spend(costOf(found, best, settings.measure === "conversions"), view) ? found.candidate : undefined;
}

/** What a segment costs beyond the best choice that is known. */
function costOf(found: Rival, best: Rival, conversions: boolean): number {
  if (conversions && isProven(best) && !isProven(found)) return found.price;
  // What it delivers is worth what the best would take for it. What is charged on delivery costs the most if it is delivered.
  const worth = found.candidate.onDelivery ? found.probability / found.delivery : found.probability;
  return found.price - worth * best.candidate.score!;
}
