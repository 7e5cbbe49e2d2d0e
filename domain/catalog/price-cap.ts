import { z } from "zod";
import type { Lane } from "../message/lane.ts";
import { country, currency, lane, price } from "./fields.ts";
import type { Micros } from "./money.ts";

/** What a message of an account may cost, all its segments together. */
export const priceCapSchema = z
  .strictObject({
    /** ISO 4217, of all its amounts. */
    currency,
    /** For whatever the others do not name; without it only what they name is capped. */
    amount: price.optional(),
    lanes: z.partialRecord(lane, price).default({}),
    countries: z.record(country, price).default({}),
    /** Whether a message waits for a provider within the cap that is only out of order, until its validity is over. */
    wait: z.boolean().default(true),
  })
  .refine(
    ({ amount, lanes, countries }) => amount !== undefined || Object.keys({ ...lanes, ...countries }).length > 0,
    "says no price: amount, or lanes, or countries",
  );

export type PriceCap = z.output<typeof priceCapSchema>;

/** What a message may cost, micro-units of the cap's currency: the country's amount, else the lane's, else the general one. */
export function capAmount(cap: PriceCap, to: string, messageLane: Lane): Micros | undefined {
  if (Object.hasOwn(cap.countries, to)) return cap.countries[to];
  return cap.lanes[messageLane] ?? cap.amount;
}
