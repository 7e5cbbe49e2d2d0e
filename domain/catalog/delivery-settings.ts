import { z } from "zod";
import { price } from "./fields.ts";

/** What a route with the strategy least-cost-per-delivered asks of deliveries. */
export const deliverySettingsSchema = z.strictObject({
  /** What is bought: messages that arrive, as receipts say, or that convert, as applications say. Default: deliveries. */
  measure: z.enum(["deliveries", "conversions"]).optional(),
  /** Who delivers (or converts) a smaller share than this is not taken while another one is there. */
  floor: z.number().min(0).max(0.99).default(0),
  /** Who takes longer than this for 19 of 20 otp messages is not taken for them while another one is there, seconds. */
  otpWithinSeconds: z.number().min(1).max(3_600).optional(),
  /** What messages that explore may cost in an hour beyond the best choice, in the currency of comparison. */
  explorePerHour: price.default(1_000_000),
});

export type DeliverySettings = z.output<typeof deliverySettingsSchema>;

/** Of a route that says nothing of it. */
export const DEFAULT_DELIVERY: DeliverySettings = deliverySettingsSchema.parse({});
