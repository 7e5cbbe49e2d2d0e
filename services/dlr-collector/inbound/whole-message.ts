/** Messages from handsets, whole: of their parts, where they came in parts. */
import { hash } from "node:crypto";
import { consentIn } from "../../../domain/consent/opt-out-of.ts";
import { messageIdFromKey } from "../../../domain/message/message-id.ts";
import { textOf } from "../../../domain/smpp/server/read-submission.ts";
import type { Alphabet } from "../../../domain/text/data-coding.ts";
import type { LongMessagePart, ReadPart } from "../../../domain/text/part-assembly.ts";
import type { Inbound, Received } from "../../../schemas/generated/types.ts";

/** A record of sms.inbound, and what names it. */
export interface InboundRecord {
  readonly inbound: Inbound;
  /** Its header `id`; a text of its own where it has none. */
  readonly id: string;
  /** Where it stands: `<partition>/<offset>`. */
  readonly place: string;
  /** When it came, epoch ms: no later than the broker's time allows. */
  readonly at: number;
}

/** A part of a long one. */
export interface InboundPart extends LongMessagePart {
  readonly inbound: Inbound;
}

export type ReadInboundPart = ReadPart<InboundPart, InboundRecord>;

/** More than any message of 255 parts has. */
const MAX_TEXT = 65_536;
const MAX_OCTETS = 65_536;
const MAX_NAME = 256;
const MAX_MEDIA = 20;
const MAX_ADDRESS = 4_096;
/** Ids end so that are made of the content, since the provider gives none: the same short text of the same person has the same one. */
const MADE_OF_CONTENT = /\/[\w-]{22}\/inbound$/;

/** Whoever produces may write anything into the topic: whether it can have come from a provider. */
export function isPlausibleInbound({ from, to, provider, text, octets, media, optOut, receivedAt }: Inbound): boolean {
  return (
    [from, to, provider, optOut ?? ""].every((name) => name.length <= MAX_NAME) &&
    text.length <= MAX_TEXT &&
    (octets?.length ?? 0) <= MAX_OCTETS &&
    media.length <= MAX_MEDIA &&
    media.every((address) => address.length <= MAX_ADDRESS) &&
    receivedAt >= 0 &&
    receivedAt < 8.64e15
  );
}

/** Undefined: it is whole. One whose place among the parts makes no sense is taken for whole, so that nothing of it is lost. */
export function partOf(inbound: Inbound): InboundPart | undefined {
  const { total, part, reference, octets, text } = inbound;
  if (total === null || part === null || reference === null) return undefined;
  if (total < 2 || total > 255 || part < 1 || part > total) return undefined;
  return { total, part, octets: octets ?? Buffer.from(text), inbound };
}

/** What all parts of one message have in common. */
export function messageOfInboundPart({ inbound: { provider, from, to, reference }, total }: InboundPart): string {
  return JSON.stringify([provider, from, to, reference, total]);
}

/** One that came whole. */
export function receivedWhole(accountId: string, record: InboundRecord): Received {
  const { inbound } = record;
  const { alphabet, octets } = inbound;
  const binary = alphabet === "binary";
  return received(accountId, record, {
    text: binary ? "" : inbound.text,
    binary: binary ? (octets ?? Buffer.from(inbound.text, "latin1")) : null,
    segments: 1,
    missing: 0,
    media: inbound.media,
    optOut: optOutOf(inbound),
  });
}

/** One of parts, in their order; some may be missing. */
export function receivedParts(accountId: string, parts: readonly ReadInboundPart[]): Received {
  const [first] = parts as [ReadInboundPart, ...ReadInboundPart[]];
  const { total, inbound } = first.part;
  const binary = inbound.alphabet === "binary";
  return received(accountId, first.source, {
    // Each part is within its bounds, and 255 of them together could be more than a record may have.
    text: binary ? "" : joinedText(parts).slice(0, MAX_TEXT),
    binary: binary ? Buffer.concat(parts.map(({ part }) => part.octets)).subarray(0, MAX_OCTETS) : null,
    segments: total,
    missing: total - parts.length,
    media: parts.flatMap(({ part }) => part.inbound.media).slice(0, MAX_MEDIA),
    optOut: optOutOf(inbound),
  });
}

type Content = Pick<Received, "text" | "binary" | "segments" | "missing" | "media" | "optOut">;

function received(accountId: string, { inbound, id, place, at }: InboundRecord, content: Content): Received {
  const { provider, from, to } = inbound;
  // What a provider delivers again under its own id is the same message; without such an id nobody can tell it from one that says the same.
  const named = MADE_OF_CONTENT.test(id) ? `${id}\n${place}` : id;
  return {
    id: messageIdFromKey(accountId, `inbound\n${named}`),
    ...{ accountId, provider, from, to: to.replace(/^\+/, ""), receivedAt: at },
    ...content,
  };
}

/** Octets that stand side by side are joined before they are read: a character may be cut in two. Where a part is missing, what reads alone. */
function joinedText(parts: readonly ReadInboundPart[]): string {
  const { alphabet, header } = parts[0]!.part.inbound;
  const whole = parts.length === parts[0]!.part.total;
  if (!whole || alphabet === null || parts.some(({ part }) => part.inbound.octets === null))
    return parts.map(({ part }) => part.inbound.text).join("");
  const octets = Buffer.concat(parts.map(({ part }) => part.octets));
  return textOf({ alphabet: alphabet as Alphabet, header: header ?? undefined, octets });
}

/** What it says of consent: by the keyword, or as the provider took it. */
function optOutOf(inbound: Inbound): string | null {
  const said = consentIn(inbound);
  if (said !== undefined) return said === "opted_out" ? "STOP" : "START";
  return inbound.optOut;
}

/** A number from 0 to 255 that the parts of a message have in common. */
export function referenceOf(id: string): number {
  return hash("sha256", id, "buffer")[0]!;
}
