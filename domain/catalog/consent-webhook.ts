import { z } from "zod";
import { callbackUrlProblem } from "../message/validation.ts";
import { checked } from "./fields.ts";

/** How an account's CRM is told of suppressions, and tells of them (docs/consent.md). */
export const consentWebhookSchema = z.strictObject({
  /** Each change of a suppression is posted here; nothing is if absent. */
  url: checked(callbackUrlProblem).optional(),
  /** Signs what is posted to `url`, and what the CRM posts: Base64 behind `whsec_` (Standard Webhooks), or any text. */
  secret: z.string().min(1).max(512),
});

export type ConsentWebhook = z.output<typeof consentWebhookSchema>;
