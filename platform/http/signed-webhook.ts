/** Signatures of webhooks by the Standard Webhooks specification (1.0.0): HMAC-SHA256 over id, time and body. */
import { createHmac, timingSafeEqual } from "node:crypto";

export const WEBHOOK_ID = "webhook-id";
/** Seconds since 1970. */
export const WEBHOOK_TIMESTAMP = "webhook-timestamp";
export const WEBHOOK_SIGNATURE = "webhook-signature";

/** How far the time of a request may lie from ours, seconds: it cannot be sent once more later than that. */
export const TOLERANCE_SECONDS = 300;
const BASE64_SECRET = "whsec_";
/** A sender that changes its secret signs with both. */
const MOST_SIGNATURES = 8;
const VERSION = "v1,";
const SECONDS = /^\d{9,11}$/;
const ID = /^[\x21-\x7e]{1,256}$/;

/**
 * The headers of a request. `at`: epoch ms. Who changes the secret signs with both for a while: what is signed by any of them is accepted.
 * Between signatures stands one blank and nothing else: the receiver for Python raises on all else.
 */
export function signWebhook(
  secret: string | readonly string[],
  id: string,
  at: number,
  body: string,
): Record<string, string> {
  const seconds = String(Math.floor(at / 1_000));
  const signature = [secret]
    .flat()
    .map((one) => VERSION + digestOf(one, id, seconds, Buffer.from(body)).toString("base64"))
    .join(" ");
  return { [WEBHOOK_ID]: id, [WEBHOOK_TIMESTAMP]: seconds, [WEBHOOK_SIGNATURE]: signature };
}

export type CheckedWebhook =
  /** `at`: when it was sent by its own word, epoch ms. */
  { readonly ok: true; readonly at: number } | { readonly ok: false; readonly reason: string };

/** Whether a request comes from who has the secret, and is not an old one. `secret` undefined: nobody's, which takes as long. `now`: epoch ms. */
export function checkWebhook(
  secret: string | undefined,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: Buffer,
  now: number,
): CheckedWebhook {
  const [id, seconds, given] = [WEBHOOK_ID, WEBHOOK_TIMESTAMP, WEBHOOK_SIGNATURE].map(
    (name) => [headers[name]].flat()[0],
  );
  if (id === undefined || seconds === undefined || given === undefined)
    return refused(`${WEBHOOK_ID}, ${WEBHOOK_TIMESTAMP} and ${WEBHOOK_SIGNATURE} are needed`);
  if (!ID.test(id)) return refused(`${WEBHOOK_ID}: 1 to 256 characters of ASCII without blanks`);
  if (!SECONDS.test(seconds)) return refused(`${WEBHOOK_TIMESTAMP}: seconds since 1970`);
  if (Math.abs(Number(seconds) - now / 1_000) > TOLERANCE_SECONDS)
    return refused(`${WEBHOOK_TIMESTAMP}: more than ${TOLERANCE_SECONDS} s from now`);
  const digest = digestOf(secret ?? "", id, seconds, body);
  const fits = given
    .split(" ", MOST_SIGNATURES)
    .map((one) => one.startsWith(VERSION) && isSame(Buffer.from(one.slice(VERSION.length), "base64"), digest));
  if (secret === undefined || !fits.includes(true))
    return refused(`${WEBHOOK_SIGNATURE}: no signature of this account`);
  return { ok: true, at: Number(seconds) * 1_000 };
}

function digestOf(secret: string, id: string, seconds: string, body: Buffer): Buffer {
  const key = secret.startsWith(BASE64_SECRET) ? Buffer.from(secret.slice(BASE64_SECRET.length), "base64") : secret;
  return createHmac("sha256", key).update(`${id}.${seconds}.`).update(body).digest();
}

function isSame(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

function refused(reason: string): CheckedWebhook {
  return { ok: false, reason };
}
