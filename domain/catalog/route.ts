import { z } from "zod";
import { readSender } from "../message/sender-id.ts";
import { deliverySettingsSchema } from "./delivery-settings.ts";
import { checked, country, distinct, kebabId, label, lane, mccMnc, numberPrefix } from "./fields.ts";
import { rerouteSchema } from "./reroute.ts";
import { timeWindowSchema } from "./time-window.ts";

/** What keeps a text from being the sender of a message, as messages are routed by it; undefined when it can be one. */
function senderProblem(text: string): string | undefined {
  const read = readSender(text);
  if (!read.ok) return read.reason;
  return read.sender === text ? undefined : `messages have it as ${JSON.stringify(read.sender)}`;
}

/** Conditions of a route. All that are given must hold; within one, any entry will do. */
const conditionsSchema = z.strictObject({
  countries: distinct(country).optional(),
  /** Groups of countries, by their ids. */
  regions: distinct(kebabId).optional(),
  mccMncs: distinct(mccMnc).optional(),
  /** First digits of the destination, with its calling code, without a plus. */
  prefixes: distinct(numberPrefix).optional(),
  accounts: distinct(kebabId).optional(),
  lanes: distinct(lane).optional(),
  /** Sender ids, exactly as requested; a full number without a 00 before it. */
  senders: distinct(checked(senderProblem)).optional(),
  /** Metadata of the message, `key=value`. */
  labels: distinct(label).optional(),
  /** When the decision is made. */
  times: z.array(timeWindowSchema).min(1).optional(),
});

/** How a route chooses among its providers; what each does stands in domain/routing/strategies. */
export const routeStrategies = [
  "priority",
  "weighted",
  "balanced",
  "least-cost",
  "least-cost-per-delivered",
  "sticky",
] as const;
export type RouteStrategy = (typeof routeStrategies)[number];

/** Those in which a provider may have a priority. */
export const tieredStrategies: ReadonlySet<RouteStrategy> = new Set(["priority", "balanced"]);

/** Those that compare prices: of one currency, or by exchange rates. */
export const pricedStrategies: ReadonlySet<RouteStrategy> = new Set(["least-cost", "least-cost-per-delivered"]);

export const routeSchema = z.strictObject({
  id: kebabId,
  when: conditionsSchema.default({}),
  strategy: z.enum(routeStrategies),
  /** Only for `least-cost-per-delivered`. */
  delivery: deliverySettingsSchema.optional(),
  providers: z
    .array(
      z.strictObject({
        id: kebabId,
        /** Share among providers of equal standing. */
        weight: z.number().positive().max(1_000_000).default(1),
        /** Lower goes first. By default the place in the list with `priority`, and 0 with `balanced`; not for the others. */
        priority: z.int().min(0).max(1_000).optional(),
      }),
    )
    .min(1),
  reroute: rerouteSchema,
});

export type Route = z.output<typeof routeSchema>;
export type RouteConditions = Route["when"];
