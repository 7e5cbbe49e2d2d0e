import { z } from "zod";
import { distinct, kebabId, lane } from "./fields.ts";

/** What becomes of a message for which there is no room. */
export const frequencyReactions = ["wait", "refuse"] as const;

/** How many messages one recipient gets from an account in any stretch of so many hours. */
export const frequencyCapSchema = z.strictObject({
  id: kebabId,
  /** Messages, whatever their segments. */
  most: z.int().min(1).max(100),
  /** Of any so many hours, not of a calendar day. */
  hours: z
    .int()
    .min(1)
    .max(31 * 24),
  /** Lanes whose messages count and wait. */
  lanes: distinct(lane).default(["marketing"]),
  whenReached: z.enum(frequencyReactions).default("wait"),
});

export type FrequencyCap = z.output<typeof frequencyCapSchema>;
