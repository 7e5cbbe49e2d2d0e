import type { IncomingHttpHeaders } from "node:http";

/** What the page puts on each request that changes something: a form or an image of another site cannot. */
export const REQUEST_MARK = "x-sluice-console";

/**
 * Whether a request that changes something comes from this console's own page. Browsers say where a request comes from (Fetch
 * Metadata, and Origin in RFC 6454, section 7), and let no other site set a header of its own without asking, which is refused here.
 */
export function isFromThisPage(headers: IncomingHttpHeaders): boolean {
  if (headers[REQUEST_MARK] === undefined) return false;
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin") return false;
  const { origin, host } = headers;
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}
