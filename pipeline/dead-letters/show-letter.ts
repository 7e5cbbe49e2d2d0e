import type { ReadContent } from "./letter-content.ts";
import type { Letter } from "./replay-mark.ts";

/** Fields with a phone number, in part or as a whole; a sender may be one. */
const NUMBERS: ReadonlySet<string> = new Set(["to", "from", "sentAs", "key"]);
/** Fields with what somebody wrote to somebody, or an address that may contain a secret. */
const TEXTS: ReadonlySet<string> = new Set(["text", "octets", "callbackUrl", "media", "url", "data"]);
/** Words of ours that name a sender, which may be somebody's number. */
const WORDS: ReadonlySet<string> = new Set(["counted", "rules"]);
/** Headers that say nothing of the message's content. */
const PLAIN_HEADERS: ReadonlySet<string> = new Set([
  "id",
  "src",
  "due",
  "traceparent",
  "replay-of",
  "replayed-src",
  "endpoint",
]);
/** Digits of a number that are shown: its country, and a little of its range. */
const SHOWN_DIGITS = 4;
const MIN_HIDDEN = 3;
/** Octets that are shown of what cannot be read: the format's mark and the schema's id, or all up to a limit. */
const [SHOWN_OCTETS, MOST_OCTETS] = [5, 4_096];

/** A letter for people: all of it as plain values. With `reveal` texts, numbers and octets as they are. */
export function shownLetter(letter: Letter, content: ReadContent, reveal: boolean): Record<string, unknown> {
  const { partition, offset, storedAt, content: of } = letter;
  const { reason, detail, service, at, messageId, topic, headers } = of;
  const key = of.key === null ? null : of.key.toString("utf8");
  return {
    letter: `${partition}/${offset}`,
    storedAt: new Date(storedAt).toISOString(),
    reason,
    detail,
    service,
    putAsideAt: Number.isFinite(at) && Math.abs(at) < 8.64e15 ? new Date(at).toISOString() : String(at),
    messageId,
    record: `${topic}/${of.partition}/${of.offset}`,
    key: shown("key", key, reveal),
    headers: Object.fromEntries(Object.entries(headers).map(([name, bytes]) => [name, header(name, bytes, reveal)])),
    bytes: of.value?.length ?? 0,
    ...(content.ok
      ? { kind: content.kind, content: shown("", content.value, reveal) }
      : { unreadable: content.detail, octets: octets(of.value, reveal) }),
  };
}

function header(name: string, bytes: Buffer, reveal: boolean): string {
  return reveal || PLAIN_HEADERS.has(name) ? bytes.toString("utf8") : `(${bytes.length} octets)`;
}

function octets(value: Buffer | null, reveal: boolean): string | null {
  if (value === null) return null;
  const part = value.subarray(0, reveal ? MOST_OCTETS : SHOWN_OCTETS).toString("hex");
  return part.length / 2 < value.length ? `${part}… (${value.length} octets)` : part;
}

function shown(name: string, value: unknown, reveal: boolean): unknown {
  if (value instanceof Uint8Array)
    return reveal
      ? Buffer.from(value)
          .toString("hex")
          .slice(0, 2 * MOST_OCTETS)
      : `(${value.length} octets)`;
  if (Array.isArray(value)) return value.map((one) => shown(name, one, reveal));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([field, one]) => [field, shown(field, one, reveal)]));
  if (reveal || typeof value !== "string") return value;
  if (TEXTS.has(name)) return `(${value.length} characters)`;
  if (WORDS.has(name)) return value.replaceAll(/\d{9,}/g, (digits) => `${digits.slice(0, SHOWN_DIGITS)}…`);
  return NUMBERS.has(name) ? hiddenNumber(value) : value;
}

/** A name stays as it is; of what has digits the first few, and how long it is. */
export function hiddenNumber(text: string): string {
  if (!/\d/.test(text) || text.length <= MIN_HIDDEN) return text;
  return `${text.slice(0, Math.min(SHOWN_DIGITS, text.length - MIN_HIDDEN))}… (${text.length} characters)`;
}
