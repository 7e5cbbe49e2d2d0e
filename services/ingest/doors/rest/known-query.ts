import type { Request } from "express";
import { openapi } from "./openapi.ts";
import { requireKnown } from "./query-parameters.ts";

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
}

/** The query parameters that GET takes, by path as Express writes it. What stands in no document takes none. */
const TAKEN: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(openapi.paths as Readonly<Record<string, { readonly get?: Operation }>>).map(([path, { get }]) => [
    path.replaceAll(/\{(\w+)\}/g, ":$1"),
    (get?.parameters ?? []).filter((one) => one.in === "query").map(({ name }) => name),
  ]),
);

/**
 * For all GET routes of an account alike: a parameter that the document does not have, such as one that is misspelt, would change the answer by not being heeded.
 * Pages that are the same for all (`/`, `/openapi.json`) take whatever browsers and balancers add.
 * @throws ProblemError 400 naming it, and those that there are
 */
export function requireKnownQuery(request: Request): void {
  const { method, url } = request;
  // Nearly all requests have none, and are not looked into.
  if ((method === "GET" || method === "HEAD") && url.includes("?"))
    requireKnown(request.query, TAKEN.get(request.route?.path) ?? []);
}
