import { hash } from "node:crypto";

/**
 * Twilio's names of things (Sids: two letters and 32 hexadecimal digits), each a pure function of the name that Sluice has for the same. A message's Sid is its
 * UUID without hyphens and can be read back; those of accounts and keys are hashes.
 */

const MESSAGE_SID = /^SM([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/i;
const SID_DIGITS = 32;

/** The AccountSid: the first digits of the SHA-256 of `sluice-account:` and the account's id. */
export function accountSid(accountId: string): string {
  return `AC${digits(`sluice-account:${accountId}`)}`;
}

/** The Sid of an API key: the same of `sluice-key:`, the account's id, a colon and the key's id. */
export function keySid(accountId: string, keyId: string): string {
  return `SK${digits(`sluice-key:${accountId}:${keyId}`)}`;
}

export function messageSid(messageId: string): string {
  return `SM${messageId.replaceAll("-", "")}`;
}

/** The message's id, lower case; undefined for what is no Sid of a message. */
export function messageIdOf(sid: string): string | undefined {
  const found = MESSAGE_SID.exec(sid);
  return found === null ? undefined : found.slice(1).join("-").toLowerCase();
}

function digits(text: string): string {
  return hash("sha256", text, "hex").slice(0, SID_DIGITS);
}
