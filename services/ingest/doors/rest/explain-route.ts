import type { IncomingMessage } from "node:http";
import type { FieldProblem } from "../../../../domain/message/validation.ts";
import { parseDestination } from "../../../../domain/numbers/destination.ts";
import type { Explanation } from "../../../../domain/routing/explain.ts";
import type { KnownRecipient } from "../../../../domain/routing/explain-holds.ts";
import { explainQuestion } from "../../../../pipeline/explain/explain-question.ts";
import type { RoutingView } from "../../../../pipeline/explain/routing-view.ts";
import { ProblemError } from "../../../../platform/http/problem.ts";
import { MAX_PROBLEMS } from "../../acceptance/intake.ts";
import type { Account } from "../../access/api-keys.ts";
import { readJsonBody } from "./json-body.ts";
import type { RestContext } from "./rest-context.ts";

/** Bytes of the request's body. */
const BODY_LIMIT = 64 * 1024;
const RETRY_AFTER_SECONDS = "30";

/**
 * `POST /v1/routes/explain`: what would become of a message of this account, as `sluice explain --json` says it. Nothing is sent.
 * An account asks for itself only: what the routes do with others' messages is nobody else's business.
 * @throws ProblemError 400, 413, 415 or 503.
 */
export async function postExplain(
  context: RestContext,
  account: Account,
  request: IncomingMessage,
): Promise<Explanation> {
  const body = await readJsonBody(request, BODY_LIMIT, context.bodies);
  try {
    return explainFor(context.routing, account, body.value, await recipientOf(context, account, body.value));
  } finally {
    body.done();
  }
}

/** What has been said of who is asked about; what they have had lately, the routers know. */
async function recipientOf(
  { suppressions }: Pick<RestContext, "suppressions">,
  account: Account,
  question: unknown,
): Promise<KnownRecipient> {
  const to = (question as { to?: unknown } | null)?.to;
  const parsed = typeof to === "string" ? parseDestination(to) : undefined;
  const found = parsed?.ok === true ? await suppressions.find(account, parsed.e164) : undefined;
  return found === undefined ? {} : { optOut: found.optOut ?? null };
}

function explainFor(view: RoutingView, account: Account, question: unknown, recipient: KnownRecipient): Explanation {
  const answer = explainQuestion(view, account.id, question, recipient);
  if (answer.ok) return answer.explanation;
  throw answer.kind === "invalid" ? invalid(answer.problems) : routesUnknown();
}

function invalid(problems: readonly FieldProblem[]): ProblemError {
  const errors = problems.slice(0, MAX_PROBLEMS);
  return new ProblemError({ status: 400, code: "INVALID_MESSAGE", title: "The message is not valid", errors });
}

function routesUnknown(): ProblemError {
  return new ProblemError(
    {
      status: 503,
      code: "ROUTES_UNKNOWN",
      title: "The routes are not known here",
      detail: "this instance has the accounts only: apply a catalog, or give it all files of its folder",
    },
    { headers: { "retry-after": RETRY_AFTER_SECONDS } },
  );
}
