import type { ServerResponse } from "node:http";

/**
 * On every answer of every server, unless a page says otherwise: what is sent is taken for what it says it is, loads nothing, is shown in no frame, and tells nobody
 * where it was (Content Security Policy Level 3; Fetch, cross-origin resource policy). Strict-Transport-Security is for whatever ends TLS.
 */
const HEADERS: readonly (readonly [name: string, value: string])[] = [
  ["x-content-type-options", "nosniff"],
  ["content-security-policy", "default-src 'none'; frame-ancestors 'none'"],
  ["cross-origin-resource-policy", "same-origin"],
  ["referrer-policy", "no-referrer"],
];

/** To be called before anything is answered. */
export function setSecureHeaders(response: ServerResponse): void {
  for (const [name, value] of HEADERS) response.setHeader(name, value);
}
