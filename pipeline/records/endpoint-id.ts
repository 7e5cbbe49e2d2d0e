import { hash } from "node:crypto";

/** Hexadecimal digits of an endpoint's name. */
export const ENDPOINT_DIGITS = 16;

/**
 * What fails and is slow together: an account's addresses at one origin (scheme, host, port). Not the whole address, since a path or a query may
 * name the message. A short name for keys; it tells nobody the address.
 */
export function endpointId(accountId: string, url: string): string {
  return hash("sha256", `${accountId}\n${new URL(url).origin}`, "hex").slice(0, ENDPOINT_DIGITS);
}
