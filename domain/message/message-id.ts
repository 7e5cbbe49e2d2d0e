import { hash, randomFillSync } from "node:crypto";

/** Random octets an id takes: 74 bits of RFC 9562, 5.7, rounded up. */
const RANDOM_OCTETS = 10;
/** Ids served by one call to the system's random source: a call an id would cost several times the rest. */
const POOL_IDS = 512;
const HEX = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, "0"));
const VARIANT = "89ab";
const MESSAGE_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const pool = new Uint8Array(RANDOM_OCTETS * POOL_IDS);
let used = pool.length;
let prefixMs = -1;
let prefix = "";

/** A fresh message id: UUIDv7 (RFC 9562, 5.7) of a Unix time in whole milliseconds, by which ids sort. */
export function newMessageId(nowMs: number = Date.now()): string {
  if (nowMs !== prefixMs) {
    prefixMs = nowMs;
    const time = nowMs.toString(16).padStart(12, "0");
    prefix = `${time.slice(0, 8)}-${time.slice(8)}-7`;
  }
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const at = used;
  used += RANDOM_OCTETS;
  const h = (i: number): string => HEX[pool[at + i] as number] as string;
  const first = pool[at] as number;
  // The first octet gives the odd digit of the first group and the two free bits of the variant.
  return `${prefix}${(HEX[first] as string)[1]}${h(1)}-${VARIANT[first >>> 6]}${(h(2) as string)[0]}${h(3)}-${h(4)}${h(5)}${h(6)}${h(7)}${h(8)}${h(9)}`;
}

/**
 * The message id of an idempotency key: always the same for one account and key, so that a repeated request is the same
 * message wherever it arrives. UUIDv8 (RFC 9562, 5.8) of the first 122 bits of a SHA-256.
 */
export function messageIdFromKey(account: string, idempotencyKey: string): string {
  // The length keeps ("a", "b:c") and ("a:b", "c") apart.
  const digest = hash("sha256", `${account.length}:${account}:${idempotencyKey}`, "hex");
  const variant = VARIANT[Number.parseInt(digest[16] as string, 16) & 3];
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-8${digest.slice(13, 16)}-${variant}${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
}

/** Whether the value can be a message's id: any UUID of RFC 9562, lower case. Ours are versions 7 and 8; upstream systems may use any. */
export function isMessageId(value: string): boolean {
  return MESSAGE_ID.test(value);
}

/** What surrounds an id that a program padded or printed: blanks, byte-order marks, and the zeros of a CHAR column. Each run is tried from its begin alone. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const PADDING = /^[\s\u0000-\u001f\u007f\ufeff]+|(?<![\s\u0000-\u001f\u007f\ufeff])[\s\u0000-\u001f\u007f\ufeff]+$/g;
/** Forms in which UUIDs are written elsewhere: RFC 9562, 4 (urn:uuid:), and in braces as Windows does it. */
const WRITTEN_UUID = /^(?:urn:uuid:)?\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?$/i;
/** The nil and the max UUID (RFC 9562, 5.9 and 5.10): what programs write that have none. */
const NO_UUID = /^(?:0{8}(?:-0{4}){3}-0{12}|f{8}(?:-f{4}){3}-f{12})$/;

/**
 * The id that a request over Kafka gives, read as its writer meant it. `undefined`: it gives none: null, empty or blank,
 * or a UUID that stands for "none". A UUID comes in lower case and without what surrounds it. Any other text is a key of the
 * account, letter for letter, since `a1` and `A1` may be two messages.
 */
export function readGivenId(given: string | null): { uuid: string } | { key: string } | undefined {
  if (given === null) return undefined;
  if (MESSAGE_ID.test(given)) return { uuid: given };
  const key = given.replace(PADDING, "");
  if (key === "") return undefined;
  const uuid = WRITTEN_UUID.exec(key)?.[1]?.toLowerCase();
  if (uuid === undefined) return { key };
  if (NO_UUID.test(uuid)) return undefined;
  return MESSAGE_ID.test(uuid) ? { uuid } : { key };
}

/** What the id of a request is made of. */
export interface RequestIdentity {
  readonly accountId: string;
  /** As the request says it. */
  readonly messageId: string | null;
  /** E.164 digits. */
  readonly destination: string;
  /** Where the request stands: `topic/partition/offset`. */
  readonly place: string;
}

/**
 * The message id of a request, whoever reads it and however often: the given UUID; the one that HTTP gives to the same
 * account, Idempotency-Key and destination, where another text is given; and where nothing is given, one made of the place.
 * So a text that stands in every record of a producer is still another message for every number.
 */
export function messageIdOfRequest({ accountId, messageId, destination, place }: RequestIdentity): string {
  const given = readGivenId(messageId);
  if (given === undefined) return messageIdFromKey(accountId, place);
  return "uuid" in given ? given.uuid : messageIdFromKey(accountId, `${given.key}\n${destination}`);
}

/** When a UUIDv7 id was made (Unix milliseconds); undefined for one derived from a key, which carries no time. */
export function messageIdTime(id: string): number | undefined {
  if (!isMessageId(id) || id[14] !== "7") return undefined;
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
