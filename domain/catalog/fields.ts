import { z } from "zod";
import { lanes } from "../message/lane.ts";
import { type Micros, parseMoney } from "./money.ts";

/** Field types that several parts of the catalog share. */

/** Identifiers become parts of names elsewhere (queues, metrics), hence the narrow form. */
export const kebabId = z
  .string()
  .max(40)
  .regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/, "lower-case letters and digits in words joined by single hyphens");

export const country = z.string().regex(/^[A-Z]{2}$/, "an ISO 3166-1 alpha-2 code in capitals, such as DE");

export const mccMnc = z.string().regex(/^\d{5,6}$/, "country and network code as five or six digits in quotes");

export const lane = z.enum(lanes);

/** A list with at least one entry, none twice. */
export function distinct<T extends z.ZodType<string>>(entry: T) {
  return z
    .array(entry)
    .min(1)
    .refine((entries) => new Set(entries).size === entries.length, "an entry stands in the list twice");
}

/** A decimal string, not a number: a price passes through no binary fraction. Zero or more, six decimals at most. */
export const price = z.string().transform((text, context): Micros => {
  const micros = parseMoney(text);
  if (micros !== undefined && micros >= 0) return micros;
  context.addIssue({ code: "custom", message: 'a price is a decimal string such as "0.0075"' });
  return z.NEVER;
});
