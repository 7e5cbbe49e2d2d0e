import { messageIdOfRequest } from "../../domain/message/message-id.ts";
import { parseDestination } from "../../domain/numbers/destination.ts";
import type { Codec, Undecodable } from "../../platform/codec/codec.ts";
import { sourceHeader } from "../../platform/kafka/positions.ts";
import type {
  Callback,
  Conversion,
  DeadLetter,
  Dispatch,
  Event,
  Receipt,
  Retry,
  SendRequest,
} from "../../schemas/generated/types.ts";
import { providerOfTopic } from "../../schemas/groups.ts";
import {
  CALLBACKS_TOPIC,
  CANCELS_TOPIC,
  CONVERSIONS_TOPIC,
  DOUBT_TOPIC,
  DUE_TOPIC,
  EVENTS_TOPIC,
  RECEIPTS_TOPIC,
  ROUTER_INPUTS,
  UNPLACED_RECEIPTS_TOPIC,
} from "../../schemas/topics.ts";
import type { SluiceCodecs } from "../records/codecs.ts";

/** What the record of a dead letter says, read with the schemas that are known now. */
export type LetterContent =
  | { readonly kind: "request"; readonly value: SendRequest }
  | { readonly kind: "retry"; readonly value: Retry }
  | { readonly kind: "dispatch"; readonly value: Dispatch }
  | { readonly kind: "receipt"; readonly value: Receipt }
  | { readonly kind: "conversion"; readonly value: Conversion }
  | { readonly kind: "callback"; readonly value: Callback }
  | { readonly kind: "event"; readonly value: Event };

export type ContentKind = LetterContent["kind"];

/** The content, or why there is none. */
export type ReadContent =
  | ({ readonly ok: true } & LetterContent)
  | (Omit<Undecodable, "code"> & { readonly code: Undecodable["code"] | "unknown-topic" });

export type ContentCodecs = Pick<
  SluiceCodecs,
  "request" | "retry" | "dispatch" | "receipt" | "conversion" | "callback" | "event" | "loadSchema"
>;

/** What the records of a topic are; undefined for a topic that nobody puts records aside from. */
export function kindOf(topic: string): ContentKind | undefined {
  if (providerOfTopic(topic) !== undefined) return "dispatch";
  if (topic === DOUBT_TOPIC || topic === DUE_TOPIC) return "retry";
  // What somebody wished once is not wished again by a replay.
  if (topic === CANCELS_TOPIC) return undefined;
  if (ROUTER_INPUTS.includes(topic)) return topic.startsWith("sms.retry.") ? "retry" : "request";
  if (topic === RECEIPTS_TOPIC || topic === UNPLACED_RECEIPTS_TOPIC) return "receipt";
  if (topic === EVENTS_TOPIC) return "event";
  if (topic === CALLBACKS_TOPIC) return "callback";
  return topic === CONVERSIONS_TOPIC ? "conversion" : undefined;
}

/** Reads the record of a letter with the schemas that are loaded. */
export function contentOf(codecs: ContentCodecs, { topic, value }: Pick<DeadLetter, "topic" | "value">): ReadContent {
  const kind = kindOf(topic);
  if (kind === undefined) return { ok: false, code: "unknown-topic", detail: `nothing is known of the topic ${topic}` };
  if (value === null) return { ok: false, code: "undecodable", detail: "the record has no value" };
  const decoded = (codecs[kind] as Codec<unknown>).decode(value);
  return decoded.ok ? ({ ok: true, kind, value: decoded.value } as ReadContent) : decoded;
}

/** As {@link contentOf}; a schema that is not known yet is asked for first. @throws SluiceError `REGISTRY_UNAVAILABLE` */
export async function loadContent(codecs: ContentCodecs, letter: DeadLetter): Promise<ReadContent> {
  const content = contentOf(codecs, letter);
  if (content.ok || content.code !== "unknown-schema" || content.schemaId === undefined) return content;
  await codecs.loadSchema(content.schemaId);
  return contentOf(codecs, letter);
}

/** Whose the record of a letter is, as far as it says so. */
export interface LetterOwner {
  readonly account?: string | undefined;
  readonly provider?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly messageId?: string | undefined;
  /** E.164 digits, as events name the message's number. */
  readonly to?: string | undefined;
}

/** Of a number that cannot be read, as the router names it. */
const MAX_DIGITS = 15;

/** @param letter says where the record stood: the id of a request may be made of it. */
export function ownerOf(content: ReadContent, letter: DeadLetter): LetterOwner {
  const provider = providerOfTopic(letter.topic);
  const known = { provider, messageId: letter.messageId ?? undefined };
  if (!content.ok) return known;
  switch (content.kind) {
    case "request": {
      const { accountId, metadata, messageId } = content.value;
      const parsed = parseDestination(content.value.to);
      const to = parsed.ok ? parsed.e164 : content.value.to.replace(/\D/g, "").slice(0, MAX_DIGITS);
      const place = sourceHeader(letter.topic, letter.partition, letter.offset);
      const id = messageIdOfRequest({ accountId, messageId, destination: to, place });
      return { account: accountId, labels: metadata, messageId: id, to };
    }
    case "receipt": {
      const { value } = content;
      return { provider: value.provider, messageId: value.messageId ?? undefined, to: value.to };
    }
    case "conversion":
    case "callback":
      return { account: content.value.accountId, messageId: content.value.messageId };
    default: {
      const { facts } = content.value;
      const of = content.kind === "event" ? (content.value.provider ?? undefined) : provider;
      return {
        provider: of,
        account: facts.accountId,
        labels: facts.metadata,
        messageId: facts.messageId,
        to: facts.to,
      };
    }
  }
}
