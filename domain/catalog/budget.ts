import { z } from "zod";
import { isZone } from "../prices/zone.ts";
import { currency, price } from "./fields.ts";

/** What becomes of a message for which nothing is left: it waits for the next period, or ends. */
export const budgetReactions = ["wait", "refuse"] as const;

/** From this part of a budget on people are told that it comes to its end. */
export const NEAR_END_SHARE = 0.8;

/** What all messages of an account may cost in a calendar day and a calendar month, together. */
export const budgetSchema = z
  .strictObject({
    /** ISO 4217. What providers take in other currencies is converted by the catalog's rates. */
    currency,
    daily: price.optional(),
    monthly: price.optional(),
    /** Whose midnight begins a day and a month. */
    zone: z
      .string()
      .refine(isZone, { error: "a time zone of the IANA database by name, such as Europe/Berlin or UTC" })
      .default("UTC"),
    whenReached: z.enum(budgetReactions).default("wait"),
  })
  .superRefine(({ daily, monthly }, context) => {
    if (daily === undefined && monthly === undefined)
      context.addIssue({ code: "custom", message: "bounds nothing: daily, or monthly, or both" });
    if ((daily ?? 0) > (monthly ?? Number.POSITIVE_INFINITY))
      context.addIssue({ code: "custom", path: ["daily"], message: "more than monthly: it is never reached" });
  });

export type Budget = z.output<typeof budgetSchema>;
