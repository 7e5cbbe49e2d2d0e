import { z } from "zod";
import { price } from "./fields.ts";
import type { Micros } from "./money.ts";

const segments = z.int().min(1).max(1_000_000_000_000);

/** Prices from a number of segments of the month on: all of the list's by a percentage, or one for every destination. */
const tier = z
  .strictObject({
    /** Segments of the month before the first that it is for. */
    from: segments,
    /** Of the list's prices. */
    percent: z.number().min(0).max(1_000).optional(),
    price: price.optional(),
  })
  .refine((one) => (one.percent === undefined) !== (one.price === undefined), "percent or price, one of them");

/** What a provider takes by how much it has had in a calendar month of its quota's zone. */
export const volumeTermsSchema = z
  .strictObject({
    /** Segments of a month that are paid for in any case: the first ones cost nothing more. */
    committed: segments.optional(),
    /** Money of a month that is paid in any case, in the provider's currency: segments cost nothing more until they come to it. */
    committedSpend: price.refine((amount) => amount > 0, "more than 0").optional(),
    tiers: z.array(tier).default([]),
  })
  .superRefine(({ tiers, committed, committedSpend }, context) => {
    if (committed !== undefined && committedSpend !== undefined) {
      const message = "a commitment is in segments (committed) or in money (committedSpend), not in both";
      context.addIssue({ code: "custom", path: ["committedSpend"], message });
    }
    const late = tiers.findIndex(({ from }, index) => index > 0 && from <= tiers[index - 1]!.from);
    if (late < 0) return;
    const message = "each tier begins above the one before it";
    context.addIssue({ code: "custom", path: ["tiers", late, "from"], message });
  });

export type VolumeTerms = z.output<typeof volumeTermsSchema>;

/** What a provider has had of a month. */
export interface MonthSoFar {
  readonly segments: number;
  /** What they come to without a commitment in money, micro-units of the provider's currency; 0 where it has none. */
  readonly spent: Micros;
}

/**
 * What one more segment costs, micro-units, in a month that has had so much: nothing as long as it fills what is committed, then
 * its tariff.
 */
export function priceAtVolume(terms: VolumeTerms, listed: Micros, month: MonthSoFar): Micros {
  const { committed = 0, committedSpend = 0 } = terms;
  return month.segments < committed || month.spent < committedSpend ? 0 : tariffAt(terms, listed, month.segments);
}

/** The price without a commitment: the list's, or what the tier of a month that has had so many segments makes of it. */
export function tariffAt({ tiers }: VolumeTerms, listed: Micros, monthToDate: number): Micros {
  let current: VolumeTerms["tiers"][number] | undefined;
  for (const one of tiers) {
    if (one.from > monthToDate) break;
    current = one;
  }
  if (current === undefined) return listed;
  return current.price ?? Math.round((listed * current.percent!) / 100);
}
