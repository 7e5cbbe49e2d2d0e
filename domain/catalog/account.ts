import { z } from "zod";
import { distinct, kebabId, lane } from "./fields.ts";

/** A customer: who may send, with which keys, in which lanes, how fast. */
export const accountSchema = z.strictObject({
  id: kebabId,
  name: z.string().min(1).max(100),
  /** Keys are kept as hashes; the id names a key in logs and lets one be withdrawn. */
  apiKeys: z
    .array(
      z.strictObject({
        id: kebabId,
        sha256: z.string().regex(/^[0-9a-f]{64}$/, "the SHA-256 of the key as 64 lower-case hexadecimal digits"),
      }),
    )
    .default([]),
  /** Lanes it may use; all if absent. */
  lanes: distinct(lane).optional(),
  /** Messages a second it may hand in; unlimited if absent. */
  maxPerSecond: z.number().positive().max(1_000_000).optional(),
});

export type Account = z.output<typeof accountSchema>;
