import { z } from "zod";
import { callbackUrlProblem } from "../message/validation.ts";
import { accessKeySchema } from "./access-key.ts";
import { budgetSchema } from "./budget.ts";
import { callbacksSchema } from "./callbacks.ts";
import { consentWebhookSchema } from "./consent-webhook.ts";
import { contentSchema } from "./content.ts";
import { checked, distinct, kebabId, lane, senderId } from "./fields.ts";
import { frequencyCapSchema } from "./frequency-cap.ts";
import { guardSchema } from "./guard.ts";
import { messagingServicesSchema } from "./messaging-service.ts";
import { priceCapSchema } from "./price-cap.ts";
import { sellingPricesSchema } from "./selling-prices.ts";

/** A number in international form without a plus, or a short code. */
const inboundNumber = z
  .string()
  .regex(/^[1-9]\d{2,14}$/, "digits alone: a number in international form without a plus, or a short code");

/** A customer: who may send, with which keys, in which lanes, how fast, at what price. */
export const accountSchema = z.strictObject({
  id: kebabId,
  name: z.string().min(1).max(100),
  /** Several, so that one can be replaced without a gap: the new one works before the old one is taken out. */
  apiKeys: z.array(accessKeySchema("key")).default([]),
  /** What it is allowed over SMPP, beside what an API key lets it do. */
  smpp: z
    .strictObject({
      /** Passwords for clients that take no longer ones than eight octets; they let in over SMPP alone. */
      passwords: z.array(accessKeySchema("password")).max(20).default([]),
      /** Binds at a time, on each instance of ingest; as many as the instance allows if absent. */
      maxBinds: z.number().int().min(1).max(1_000).optional(),
      /** Whether messages to its numbers are delivered to its binds, and wait for them. */
      inbound: z.boolean().default(false),
    })
    .optional(),
  /** Lanes it may use; all if absent. */
  lanes: distinct(lane).optional(),
  /** Messages a second it may hand in; unlimited if absent. */
  maxPerSecond: z.number().positive().max(1_000_000).optional(),
  /** Who its messages come from that name no sender. */
  from: senderId.optional(),
  /** Where status callbacks of its messages go that name no address. */
  callbackUrl: checked(callbackUrlProblem).optional(),
  /** Where messages to its numbers are posted, as `callbacks` says. */
  inboundUrl: checked(callbackUrlProblem).optional(),
  /** How it is told what becomes of its messages; it is not if absent. */
  callbacks: callbacksSchema.optional(),
  /** Whether what becomes of its messages is written to a topic of its own, sms.status.<id> (docs/kafka-door.md); not if absent. */
  statusTopic: z.boolean().optional(),
  /** Numbers and short codes by which its recipients answer: what they write there is said to this account. */
  inboundNumbers: distinct(inboundNumber).optional(),
  /** What the messaging services of Twilio stand for that its requests in Twilio's form name. */
  messagingServices: messagingServicesSchema.optional(),
  /** How many of its messages one recipient gets in a time. */
  frequencyCaps: z
    .array(frequencyCapSchema)
    .min(1)
    .max(8)
    .refine((caps) => new Set(caps.map(({ id }) => id)).size === caps.length, "two caps have the same id")
    .optional(),
  /** What follows when a recipient says stop. */
  optOut: z
    .strictObject({
      /** Lanes in which nothing goes to them any more; all if absent. */
      lanes: distinct(lane).optional(),
      /** Whether the account may lift what a recipient has said; otherwise the recipient alone does. */
      liftedByAccount: z.boolean().default(false),
    })
    .optional(),
  /** How its CRM is told of suppressions, and tells of them. */
  consentWebhook: consentWebhookSchema.optional(),
  /** What one of its messages may cost. */
  maxPrice: priceCapSchema.optional(),
  /** What it pays: messages that cost more are stopped, or told of. */
  sells: sellingPricesSchema.optional(),
  /** What all of them may cost in a day and a month. */
  budget: budgetSchema.optional(),
  /** What is done about pumped traffic. */
  guard: guardSchema.optional(),
  /** What its texts may hold. */
  content: contentSchema.optional(),
});

export type Account = z.output<typeof accountSchema>;
