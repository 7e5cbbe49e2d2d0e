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

/**
 * The message id of a request, whoever reads it and however often: the given one when it is a UUID; otherwise
 * derived from the given text, or from the place where the request stands.
 */
export function messageIdOfRequest(account: string, given: string | null, place: string): string {
  const id = given?.toLowerCase();
  return id !== undefined && isMessageId(id) ? id : messageIdFromKey(account, id ?? place);
}

/** When a UUIDv7 id was made (Unix milliseconds); undefined for one derived from a key, which carries no time. */
export function messageIdTime(id: string): number | undefined {
  if (!isMessageId(id) || id[14] !== "7") return undefined;
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
