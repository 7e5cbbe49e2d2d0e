import { z } from "zod";
import { isZone } from "../prices/zone.ts";

const segments = z.int().min(1).max(1_000_000_000_000);

/** How many segments a provider takes in a calendar day and in a calendar month, and by whose clocks these begin. */
export const quotaSchema = z
  .strictObject({
    zone: z
      .string()
      .refine(isZone, { error: "a time zone of the IANA database by name, such as Europe/Berlin or UTC" })
      .default("UTC"),
    daily: segments.optional(),
    monthly: segments.optional(),
  })
  .refine(({ daily = 0, monthly = Number.POSITIVE_INFINITY }) => daily <= monthly, {
    path: ["daily"],
    error: "more than monthly: it is never reached",
  });

export type Quota = z.output<typeof quotaSchema>;
