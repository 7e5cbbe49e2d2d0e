import { z } from "zod";
import { country, mccMnc } from "./fields.ts";

const networkRate = z
  .strictObject({
    country: country.optional(),
    mccMnc: mccMnc.optional(),
    /** Segments a second. */
    rate: z.number().positive().max(100_000),
  })
  .refine((entry) => (entry.country === undefined) !== (entry.mccMnc === undefined), "country or mccMnc: one of them");

export type NetworkRate = z.output<typeof networkRate>;

/** How fast a provider may be sent to for single countries and networks; both hold for a network within its country. */
export const networkRatesSchema = z.array(networkRate).superRefine((entries, context) => {
  const seen = new Set<string>();
  for (const [index, entry] of entries.entries()) {
    const key = entry.mccMnc ?? entry.country ?? "";
    if (seen.has(key)) context.addIssue({ code: "custom", path: [index], message: `a second rate for ${key}` });
    seen.add(key);
  }
});
