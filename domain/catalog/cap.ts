import { z } from "zod";
import { METADATA_KEY } from "../message/validation.ts";
import { isZone } from "../prices/zone.ts";
import { country, distinct, kebabId, mccMnc } from "./fields.ts";

const count = z.int().min(1).max(1_000_000_000);

/** What becomes of a message whose sender or campaign has had all that it may. */
export const capReactions = ["next", "wait", "refuse"] as const;

export type CapReaction = (typeof capReactions)[number];

/** How many messages may go in an hour and a day from each sender, or for each campaign. */
export const capSchema = z
  .strictObject({
    id: kebabId,
    /** What has a count of its own: each sender, as it goes out, or each campaign of each account. */
    of: z.enum(["sender", "campaign"]),
    /** The label of messages that names their campaign; `campaign` if absent. Only of campaigns. */
    label: z.string().regex(METADATA_KEY, "a key of metadata, such as campaign").optional(),
    /** Only these senders or campaigns; all if absent. */
    only: distinct(z.string().min(1).max(256)).optional(),
    /** Only messages to these, and of these accounts; all that are given must hold. */
    countries: distinct(country).optional(),
    regions: distinct(kebabId).optional(),
    mccMncs: distinct(mccMnc).optional(),
    accounts: distinct(kebabId).optional(),
    maxPerHour: count.optional(),
    maxPerDay: count.optional(),
    /** What is counted. */
    count: z.enum(["messages", "segments"]).default("messages"),
    /** Whose midnight begins a day. */
    zone: z
      .string()
      .refine(isZone, { error: "a time zone of the IANA database by name, such as Europe/Berlin or UTC" })
      .default("UTC"),
    whenReached: z.enum(capReactions).optional(),
  })
  .superRefine((cap, context) => {
    const say = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    if (cap.maxPerHour === undefined && cap.maxPerDay === undefined)
      context.addIssue({ code: "custom", message: "bounds nothing: maxPerHour, or maxPerDay, or both" });
    if ((cap.maxPerHour ?? 0) > (cap.maxPerDay ?? Number.POSITIVE_INFINITY))
      say("maxPerHour", "more than maxPerDay: it is never reached");
    if (cap.label !== undefined && cap.of !== "campaign") say("label", "means nothing for senders");
    if (cap.whenReached === "next" && cap.of === "campaign")
      say("whenReached", "a campaign has no next one: wait or refuse");
  });

export type Cap = z.output<typeof capSchema>;

/** A cap is looked at for each message, so they are not too many. */
export const capsSchema = z.array(capSchema).max(100, "100 caps at the most");

/** What the cap says, or else the next sender, and for campaigns waiting. */
export function reactionOf({ whenReached, of }: Cap): CapReaction {
  return whenReached ?? (of === "sender" ? "next" : "wait");
}
