import { z } from "zod";
import { senderKind } from "../message/sender-id.ts";
import { country, distinct, kebabId, mccMnc, senderId } from "./fields.ts";

/** Kinds of sender, as a catalog names them. */
export const senderKinds = ["alphanumeric", "short-code", "long-number"] as const;

export type CatalogSenderKind = (typeof senderKinds)[number];

/** A sender that carriers of the place know, everywhere or at some providers only. */
const registered = z.union([
  senderId.transform((sender) => ({ sender, providers: undefined })),
  z.strictObject({ sender: senderId, providers: distinct(kebabId) }),
]);

/** Whom messages to a place may come from, and what becomes of those that come from somebody else. */
export const senderPlaceSchema = z
  .strictObject({
    id: kebabId,
    /** The place: one of these three, or none of them for everywhere else. */
    countries: distinct(country).optional(),
    /** Groups of countries, by their ids. */
    regions: distinct(kebabId).optional(),
    mccMncs: distinct(mccMnc).optional(),
    /** Kinds of sender that are carried there; all if absent. */
    allowed: distinct(z.enum(senderKinds)).optional(),
    /** The only senders that are carried there; any if absent. */
    registered: z.array(registered).min(1).optional(),
    /** Whether a name is the registered one in other capitals, too. */
    ignoreCase: z.boolean().default(false),
    /** Who a message comes from instead whose own sender is not allowed: of several each destination has one. If absent it is refused. */
    replaceBy: distinct(senderId).optional(),
    /** The same, for single accounts. */
    replaceByAccount: z.record(kebabId, distinct(senderId)).default({}),
  })
  .superRefine((place, context) => {
    const places = [place.countries, place.regions, place.mccMncs].filter((list) => list !== undefined);
    if (places.length > 1)
      context.addIssue({ code: "custom", message: "countries, regions or mccMncs: one of them says where it holds" });
    if (place.allowed === undefined && place.registered === undefined)
      context.addIssue({ code: "custom", message: "forbids nothing: say what is allowed, or what is registered" });
  });

export type SenderPlace = z.output<typeof senderPlaceSchema>;

/** The kind of a sender as a catalog names it; undefined when it is none. */
export function catalogKindOf(sender: string): CatalogSenderKind | undefined {
  const kind = senderKind(sender);
  return kind === "international" ? "long-number" : kind;
}

/** What a sender is compared by: names letter for letter unless case is ignored, full numbers with or without their plus. */
export function senderKey(sender: string, ignoreCase: boolean): string {
  const kind = catalogKindOf(sender);
  if (kind === "long-number") return `+${sender.replace("+", "")}`;
  return kind === "alphanumeric" && ignoreCase ? sender.toLowerCase() : sender;
}
