import { z } from "zod";
import { readSender } from "../message/sender-id.ts";
import { checked, country, distinct, kebabId, lane, mccMnc, numberPrefix } from "./fields.ts";

/** What keeps a text from being the sender of a message, as messages are routed by it; undefined when it can be one. */
function senderProblem(text: string): string | undefined {
  const read = readSender(text);
  if (!read.ok) return read.reason;
  return read.sender === text ? undefined : `messages have it as ${JSON.stringify(read.sender)}`;
}

/** Conditions of a route. All that are given must hold; within one, any entry will do. */
const conditionsSchema = z.strictObject({
  countries: distinct(country).optional(),
  mccMncs: distinct(mccMnc).optional(),
  /** First digits of the destination, with its calling code, without a plus. */
  prefixes: distinct(numberPrefix).optional(),
  accounts: distinct(kebabId).optional(),
  lanes: distinct(lane).optional(),
  /** Sender ids, exactly as requested; a full number without a 00 before it. */
  senders: distinct(checked(senderProblem)).optional(),
});

export const routeSchema = z.strictObject({
  id: kebabId,
  when: conditionsSchema.default({}),
  /** `priority`: in order, the next only if the ones before cannot; `weighted`: drawn by weight among those that can. */
  strategy: z.enum(["priority", "weighted"]),
  providers: z
    .array(
      z.strictObject({
        id: kebabId,
        /** Share among providers of equal standing. */
        weight: z.number().positive().max(1_000_000).default(1),
        /** Lower goes first; by default the place in the list. Only for `priority`. */
        priority: z.int().min(0).max(1_000).optional(),
      }),
    )
    .min(1),
});

export type Route = z.output<typeof routeSchema>;
export type RouteConditions = Route["when"];
