import type { ServerResponse } from "node:http";
import type { Acceptor } from "../../acceptance/acceptor.ts";
import type { Account } from "../../access/api-keys.ts";

/**
 * Tells an account with a rate of it: `RateLimit-Policy: "messages";q=10;w=1` and `RateLimit: "messages";r=7;t=0`
 * (draft-ietf-httpapi-ratelimit-headers-10). What is left is known when the answer begins: by then the request has been charged.
 */
export function nameLimit(response: ServerResponse, account: Account, acceptor: Pick<Acceptor, "left">): void {
  const { maxPerSecond } = account;
  if (maxPerSecond === undefined) return;
  response.setHeader("ratelimit-policy", policyOf(maxPerSecond));
  const begin = response.writeHead;
  response.writeHead = ((...head: Parameters<typeof begin>) => {
    const { messages, seconds } = acceptor.left(account, maxPerSecond);
    response.setHeader("ratelimit", `"messages";r=${messages};t=${seconds}`);
    return begin.apply(response, head);
  }) as typeof begin;
}

/** Both are whole numbers: of less than one message a second, one in so many. */
function policyOf(perSecond: number): string {
  const [quota, window] = perSecond >= 1 ? [Math.floor(perSecond), 1] : [1, Math.ceil(1 / perSecond)];
  return `"messages";q=${quota};w=${window}`;
}
