import type { RerouteRule } from "../../../domain/catalog/reroute.ts";
import type { Event } from "../../../schemas/generated/types.ts";

/** What further submissions of a message may cost. */
export interface SpendLeft {
  /** Micro-units. */
  readonly left: number;
  /** ISO 4217. */
  readonly currency: string;
}

/** An amount in another currency, by the catalog's rates; undefined when they do not say. */
export type Convert = (amount: number, from: string, to: string) => number | undefined;

/**
 * What is left of a message's bound after these submissions (`submitted` or `in_doubt` events). Undefined where nothing bounds it; `spent`
 * when nothing is left, or when what was submitted cannot be counted: it has no price, or a currency without a rate.
 */
export function spendLeftOf(
  maxSpend: RerouteRule["maxSpend"],
  submissions: readonly Pick<Event, "attempt" | "cost" | "price" | "currency" | "facts" | "onDelivery">[],
  convert: Convert,
): SpendLeft | "spent" | undefined {
  if (maxSpend === undefined) return undefined;
  const bound = "times" in maxSpend ? timesTheFirst(maxSpend.times, submissions) : maxSpend;
  if (bound === undefined) return "spent";
  let left = bound.amount;
  for (const one of submissions) {
    const cost = costOf(one);
    if (cost === undefined || one.currency === null) return "spent";
    const counted = convert(cost, one.currency, bound.currency);
    if (counted === undefined) return "spent";
    left -= Math.ceil(counted);
  }
  return left > 0 ? { left, currency: bound.currency } : "spent";
}

function timesTheFirst(
  times: number,
  submissions: Parameters<typeof spendLeftOf>[1],
): { amount: number; currency: string } | undefined {
  const first = submissions.reduce((a, b) => (b.attempt < a.attempt ? b : a), submissions[0]!);
  const cost = costOf(first);
  if (cost === undefined || first.currency === null) return undefined;
  return { amount: Math.floor(cost * times), currency: first.currency };
}

/** What is in doubt may have to be paid, and what is charged on delivery may still be delivered. */
function costOf({ cost, price, facts, onDelivery }: Parameters<typeof spendLeftOf>[1][number]): number | undefined {
  if (cost !== null && !onDelivery) return cost;
  return price === null ? undefined : price * facts.segments;
}
