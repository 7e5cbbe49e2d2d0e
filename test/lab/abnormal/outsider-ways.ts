import type { Random } from "../../../infra/simulators/behaviour/random-source.ts";
import { uniform } from "../distributions.ts";
import type { Installation } from "./installation.ts";
import { type Attack, DAY, HOUR, type WayTruth } from "./traffic.ts";
import { altering, type Busy, victims } from "./way-attacks.ts";

/** What a provider may do that wants to stay one: the part of outsider-shapes.ts in which nothing is sent on top. */

/** The ways, and when it ends: half a day to three days later. */
function chosen(random: Random, installation: Installation, from: number): { ways: Busy[]; until: number } | undefined {
  const ways = victims(random, installation, from);
  if (ways.length === 0) return undefined;
  return { ways, until: from + Math.round(uniform(random, 12 * HOUR, 72 * HOUR)) };
}

/**
 * A route was swapped for a cheap one that loses a part. The provider makes up receipts for just as many as are lost, at times like
 * those of the real ones or a little later: share and median stay what they were, and only people who get no code can tell.
 */
export function greyPartial(random: Random, installation: Installation, from: number): Attack | undefined {
  const choice = chosen(random, installation, from);
  if (choice === undefined) return undefined;
  const real = uniform(random, 0.4, 0.85);
  const late = uniform(random, 1, 1.5);
  const told = `${real.toFixed(2)} of what was delivered is, the rest has receipts ${late.toFixed(2)} times as late`;
  return altering("grey-route", from, choice.until, choice.ways, told, (truth) => partial(truth, real, late));
}

/** Receipts say of as many as ever that they are delivered: forged + (1 - forged) * reached = truth.delivery. */
function partial(truth: WayTruth, real: number, late: number): WayTruth {
  const reached = truth.delivery * real;
  const share = reached < 1 ? (truth.delivery - reached) / (1 - reached) : 0;
  const middle = truth.medianMs * late;
  const forged = { share, fromMs: middle * Math.exp(-truth.sigma), untilMs: middle * Math.exp(truth.sigma) };
  return { ...truth, delivery: reached, forged };
}

/** A provider that sells its good route by day, when customers test it, and a grey one in the ten hours of the night (UTC), when nobody looks. */
export function greyByNight(random: Random, installation: Installation, from: number): Attack | undefined {
  const choice = chosen(random, installation, from);
  if (choice === undefined) return undefined;
  const dusk = Math.round(uniform(random, 17 * HOUR, 22 * HOUR));
  const converting = uniform(random, 0.05, 0.5);
  const stretch = uniform(random, 0.7, 1.5);
  const told = `ten hours a night converts ${converting.toFixed(2)} of what it did`;
  return altering("grey-route", from, choice.until, choice.ways, told, (truth, minute) =>
    (minute - dusk + DAY) % DAY >= 10 * HOUR
      ? truth
      : { ...truth, medianMs: truth.medianMs * stretch, converting: truth.converting * converting },
  );
}

/**
 * A provider that passes on no receipts and writes its own: every message delivered, every one after the same time, one that its real
 * receipts have in the middle. What did not arrive does not show.
 */
export function constantReceipts(random: Random, installation: Installation, from: number): Attack | undefined {
  const choice = chosen(random, installation, from);
  if (choice === undefined) return undefined;
  const factor = uniform(random, 0.7, 1.4);
  const real = uniform(random, 0.5, 1);
  const told = `all delivered after ${factor.toFixed(2)} of the median, ${real.toFixed(2)} of them really sent`;
  return altering("forged-receipts", from, choice.until, choice.ways, told, (truth) => {
    const at = truth.medianMs * factor;
    return { ...truth, delivery: truth.delivery * real, forged: { share: 1, fromMs: at, untilMs: at } };
  });
}

/**
 * A part of the messages goes out over SIM cards in a box. It says delivered as soon as a card has taken the message, before any handset
 * can have answered; cards are blocked and changed, so that it works some hours and rests some.
 */
export function simBox(random: Random, installation: Installation, from: number): Attack | undefined {
  const choice = chosen(random, installation, from);
  if (choice === undefined) return undefined;
  const share = uniform(random, 0.25, 0.6);
  const real = uniform(random, 0.6, 0.95);
  const on = Math.round(uniform(random, 2 * HOUR, 6 * HOUR));
  const period = on + Math.round(uniform(random, HOUR, 4 * HOUR));
  const fromMs = uniform(random, 150, 500);
  const forged = { share, fromMs, untilMs: fromMs + uniform(random, 200, 700) };
  const told = `${share.toFixed(2)} over SIM cards, receipts from ${fromMs.toFixed(0)} ms on, ${on} of ${period} min`;
  return altering("forged-receipts", from, choice.until, choice.ways, told, (truth, minute) =>
    (minute - from) % period >= on
      ? truth
      : { ...truth, delivery: truth.delivery * (1 - share + share * real), forged },
  );
}
