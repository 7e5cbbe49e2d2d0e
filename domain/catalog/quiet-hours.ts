import { z } from "zod";
import { lanes } from "../message/lane.ts";
import { isZone } from "../prices/zone.ts";
import { country, distinct, kebabId } from "./fields.ts";
import { hasTime, NO_TIME, weekPart } from "./time-window.ts";

/** A part of every week, by the clocks of the recipient. */
const allowedSchema = z.strictObject(weekPart).refine(hasTime, NO_TIME);

/** When people of these countries may be written to. */
export const quietHoursSchema = z.strictObject({
  id: kebabId,
  /** Where; everywhere if neither is given, in both where both are. */
  countries: distinct(country).optional(),
  regions: distinct(kebabId).optional(),
  /** Of which messages; one-time passwords only if they are named. */
  lanes: distinct(z.enum(lanes)).default(["transactional", "marketing"]),
  /** Of which accounts; all if absent. */
  accounts: distinct(kebabId).optional(),
  /** When a message may go: outside of these it waits. */
  allowed: z.array(allowedSchema).min(1).max(20),
  /** Of a number that may be in several zones: it may go when it is allowed in all of them, or in any. */
  zones: z.enum(["all", "any"]).default("all"),
  /** In place of what the number says, of the IANA time zone database. */
  zone: z
    .string()
    .refine(isZone, { error: "a time zone of the IANA database by name, such as Europe/Berlin or UTC" })
    .optional(),
});

export type QuietHours = z.output<typeof quietHoursSchema>;

/** They are looked at for each message, so they are not too many. */
export const quietHoursListSchema = z.array(quietHoursSchema).max(100, "100 rules at the most");
