import { z } from "zod";
import type { Lane } from "../message/lane.ts";
import { lane, price } from "./fields.ts";
import type { Micros } from "./money.ts";

/** Classes of receipts that may send a message on. Never `destination`: nobody can deliver to a number that is wrong. */
export const rerouteClasses = ["route", "temporary", "handset", "unknown"] as const;

export type RerouteClass = (typeof rerouteClasses)[number];

/** What a message may cost in all. */
const maxSpendSchema = z.union([
  /** So many times what its first submission costs, in the currency of that. */
  z.strictObject({ times: z.number().min(1).max(100) }),
  z.strictObject({
    amount: price,
    /** ISO 4217. */
    currency: z.string().regex(/^[A-Z]{3}$/, "an ISO 4217 code in capitals, such as EUR"),
  }),
]);

export type MaxSpend = z.output<typeof maxSpendSchema>;

const rule = {
  /** Classes of failed receipts after which the next provider is asked; an empty list: never. */
  on: z
    .array(z.enum(rerouteClasses))
    .refine((entries) => new Set(entries).size === entries.length, "an entry stands in the list twice")
    .optional(),
  /** Submissions of one message altogether. */
  attempts: z.int().min(1).max(8).optional(),
  /** The next provider is asked when no final receipt has come for so long. Only in lanes that send again what is in doubt. */
  receiptAfterSeconds: z.int().min(1).max(86_400).optional(),
  maxSpend: maxSpendSchema.optional(),
};

/** When a route sends a message on after its receipt, and how often; by lane where that differs. */
export const rerouteSchema = z
  .strictObject({ ...rule, lanes: z.partialRecord(lane, z.strictObject(rule)).default({}) })
  .prefault({});

export type Reroute = z.output<typeof rerouteSchema>;

/** The rule for the messages of one lane on one route. */
export interface RerouteRule {
  readonly on: readonly RerouteClass[];
  readonly attempts: number;
  /** Milliseconds from the submission; undefined: a missing receipt is waited for. */
  readonly receiptAfterMs: number | undefined;
  /** Undefined: the number of attempts is the only bound. */
  readonly maxSpend: { readonly times: number } | { readonly amount: Micros; readonly currency: string } | undefined;
}

const DEFAULT_ON: readonly RerouteClass[] = ["route"];
/** Marketing waits for its price: one more try, where urgent messages get two. */
const DEFAULT_ATTEMPTS: Readonly<Record<Lane, number>> = { otp: 3, transactional: 3, marketing: 2 };
const SECOND_MS = 1_000;

/** What the route says for this lane, else for all, else what holds for the lane anywhere. */
export function rerouteRuleOf(reroute: Reroute, messageLane: Lane): RerouteRule {
  const own = reroute.lanes[messageLane];
  const seconds = own?.receiptAfterSeconds ?? reroute.receiptAfterSeconds;
  return {
    on: own?.on ?? reroute.on ?? DEFAULT_ON,
    attempts: own?.attempts ?? reroute.attempts ?? DEFAULT_ATTEMPTS[messageLane],
    receiptAfterMs: seconds === undefined ? undefined : seconds * SECOND_MS,
    maxSpend: own?.maxSpend ?? reroute.maxSpend,
  };
}
