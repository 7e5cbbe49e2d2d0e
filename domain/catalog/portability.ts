import { z } from "zod";
import { lookupSchema } from "./lookup.ts";

/** How the networks of ported numbers are found out; without it a number is of the network that its range was assigned to. */
export const portabilitySchema = z.strictObject({
  /** Numbers whose network each router remembers. */
  remembered: z.int().min(1_000).max(2_000_000).default(200_000),
  /** Receipts that name a network other than that of the message's decision are believed for so long; without it they are not. */
  learned: z.strictObject({ keepSeconds: z.int().min(1).max(31_536_000).default(2_592_000) }).optional(),
  /** In order: the first that is for a message's country and lane is asked. */
  lookups: z.array(lookupSchema).max(8).default([]),
});

export type Portability = z.output<typeof portabilitySchema>;
