import { z } from "zod";
import { METADATA_KEY, requestLimits } from "../message/validation.ts";
import { lane, senderId } from "./fields.ts";

/** More of them than an account has use for. */
const MOST_SERVICES = 100;

/** What a messaging service of Twilio stands for (docs/from-twilio.md): what its messages do not say themselves. */
const messagingServiceSchema = z.strictObject({
  /** As requests name it in `MessagingServiceSid`. */
  sid: z.string().regex(/^MG[0-9a-f]{32}$/, "MG and 32 lower-case hexadecimal digits"),
  /** Who its messages come from that name no sender; the account's own if absent. */
  from: senderId.optional(),
  /** Their lane; the account's usual one if absent. */
  lane: lane.optional(),
  /** Metadata that they get, such as `campaign: spring`. */
  labels: z
    .record(
      z.string().regex(METADATA_KEY, "a key of metadata, such as campaign"),
      z.string().max(requestLimits.metadataValueLength),
    )
    .refine((labels) => Object.keys(labels).length <= requestLimits.metadataEntries, {
      message: `${requestLimits.metadataEntries} labels at most`,
    })
    .optional(),
});

export const messagingServicesSchema = z
  .array(messagingServiceSchema)
  .min(1)
  .max(MOST_SERVICES)
  .refine(
    (services) => new Set(services.map(({ sid }) => sid)).size === services.length,
    "two services have the same sid",
  );

export type MessagingService = z.output<typeof messagingServiceSchema>;
