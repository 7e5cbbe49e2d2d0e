import { z } from "zod";
import { country, currency, mccMnc, price } from "./fields.ts";

/** What becomes of a message that costs more than its account pays for it: it is left to providers that cost less, or only told of. */
export const lossReactions = ["stop", "warn"] as const;

/** Of a segment; a message of many must be reckoned exactly. Micro-units. */
const MOST = 1_000_000 * 1_000_000;
const sellingPriceOf = price.refine((micros) => micros <= MOST, "1,000,000 a segment at the most");

const sellingPrice = z
  .strictObject({ country: country.optional(), mccMnc: mccMnc.optional(), price: sellingPriceOf })
  .refine((entry) => entry.country === undefined || entry.mccMnc === undefined, "country or mccMnc, not both");

/** What an account pays for a segment: by network, else by country, else the entry that names neither. */
export const sellingPricesSchema = z
  .strictObject({
    /** ISO 4217. */
    currency,
    prices: z.array(sellingPrice).min(1).max(20_000, "20,000 prices at the most"),
    whenLoss: z.enum(lossReactions).default("stop"),
  })
  .superRefine(({ prices }, context) => {
    const seen = new Set<string>();
    for (const [index, entry] of prices.entries()) {
      const place = entry.mccMnc ?? entry.country ?? "";
      if (seen.has(place))
        context.addIssue({
          code: "custom",
          path: ["prices", index],
          message: `a second price for ${place === "" ? "everywhere else" : place}`,
        });
      seen.add(place);
    }
  });

export type SellingPrices = z.output<typeof sellingPricesSchema>;
