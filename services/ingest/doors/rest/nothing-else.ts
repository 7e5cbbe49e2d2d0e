import type { Request } from "express";
import type { BodyBudget } from "../../../../platform/http/body-budget.ts";
import { ProblemError } from "../../../../platform/http/problem.ts";
import { readBody } from "../../../../platform/http/read-body.ts";
import { busy } from "./json-body.ts";
import { requireKnown } from "./query-parameters.ts";

/** Octets of a body that are looked at: one is too many. */
const LOOKED_AT = 1_024;
const NOTHING: ReadonlySet<string> = new Set(["", "{}", "null"]);

/**
 * For requests that are all said by their method and path: whoever adds a parameter or a body means something by it that would not be done. HTTP
 * clients that always send a body mean nothing by `{}` and `null`.
 * @throws ProblemError 400; 503 when others' bodies fill the memory, so that a `{}` cannot be read
 */
export async function requireNothingElse(
  request: Pick<Request, "query"> & Parameters<typeof readBody>[0],
  bodies: BodyBudget,
): Promise<void> {
  requireKnown(request.query, []);
  const { "content-length": length, "transfer-encoding": encoding } = request.headers;
  if (encoding === undefined && (length === undefined || Number(length) === 0)) return;
  const body = await readBody(request, LOOKED_AT, bodies);
  const saysNothing = body.ok && NOTHING.has(body.bytes.toString().replaceAll(/\s/g, ""));
  if (body.ok) body.done();
  if (saysNothing) return;
  if (!body.ok && body.fault.kind === "no-room") throw busy();
  throw new ProblemError({
    status: 400,
    code: "BODY_NOT_EXPECTED",
    title: "This request has no body",
    detail: "nothing was done: the method and the path say all of it; send it without a body, or with {}",
  });
}
