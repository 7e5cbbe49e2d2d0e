import { z } from "zod";
import { readWrittenTime } from "../message/written-time.ts";
import { kebabId } from "./fields.ts";

/**
 * What a key may be used for. send: to hand messages in, to cancel them, and to tell what became of them. read: to see messages, usage and
 * routes, and to be sent receipts. admin: to change whom the account may write to.
 */
export const SCOPES = ["send", "read", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** A key of an account, or a password of it: only its hash is kept. */
export interface AccessKey {
  /** Names it in logs. */
  readonly id: string;
  /** SHA-256, 64 hex digits. */
  readonly sha256: string;
  /** All if undefined. */
  readonly scopes?: readonly Scope[] | undefined;
  /** Epoch ms from which on it lets nobody in; undefined: never. */
  readonly expires?: number | undefined;
}

/** When a key ends: a day, which is its beginning in UTC, or a time with its zone; epoch ms. */
const expires = z.string().transform((text, context): number => {
  const read = readWrittenTime(text, { days: true });
  if (read.ok) return read.at;
  context.addIssue({ code: "custom", message: read.reason });
  return z.NEVER;
});

/** `what`: a key or a password, for the message. */
export const accessKeySchema = (what: string) =>
  z.strictObject({
    id: kebabId,
    sha256: z.string().regex(/^[0-9a-f]{64}$/, `the SHA-256 of the ${what} as 64 lower-case hexadecimal digits`),
    scopes: z
      .array(z.enum(SCOPES))
      .min(1)
      .refine((scopes) => new Set(scopes).size === scopes.length, "a scope stands in the list twice")
      .optional(),
    expires: expires.optional(),
  });

export function hasExpired({ expires }: Pick<AccessKey, "expires">, now: number): boolean {
  return expires !== undefined && now >= expires;
}

export function mayDo({ scopes }: Pick<AccessKey, "scopes">, scope: Scope): boolean {
  return scopes === undefined || scopes.includes(scope);
}
