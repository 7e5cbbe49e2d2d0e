import type { IncomingMessage } from "node:http";
import type { FieldProblem } from "../../../../domain/message/validation.ts";
import { ProblemError } from "../../../../platform/http/problem.ts";
import type { Account } from "../../access/api-keys.ts";
import { unavailable } from "./acceptance-problems.ts";
import { readJsonBody } from "./json-body.ts";
import type { RestContext } from "./rest-context.ts";
import { messageIdOf, noSuchMessage } from "./status-route.ts";

/** Bytes of the request's body. */
const BODY_LIMIT = 4 * 1024;

/** What was taken down. */
export interface ConversionAnswer {
  readonly id: string;
  readonly converted: boolean;
  /** RFC 3339, UTC. */
  readonly at: string;
}

/**
 * `POST /v1/messages/{id}/conversion`: whether the recipient did what the message was for, such as typing a code in. Taken
 * at once, also while analytics is away; whether the id is that of a message of this account is settled behind the log.
 * @throws ProblemError 400, 404 and 422 where it is known that nothing can come of it; 413, 415, 429, 503.
 */
export async function postConversion(
  context: RestContext,
  account: Account,
  id: string,
  request: IncomingMessage,
): Promise<ConversionAnswer> {
  const messageId = messageIdOf(id);
  const refused = context.conversions.admit(account);
  if (refused?.outcome === "closed") throw unavailable();
  if (refused?.outcome === "throttled") throw throttled(refused.maxPerSecond, refused.waitSeconds);
  const body = await readJsonBody(request, BODY_LIMIT, context.bodies);
  try {
    return await tell(context, account, messageId, body.value);
  } finally {
    body.done();
  }
}

async function tell(context: RestContext, account: Account, id: string, body: unknown): Promise<ConversionAnswer> {
  const told = await context.conversions.tell(account, id, body);
  switch (told.outcome) {
    case "stored":
      return { id, converted: told.word.converted, at: new Date(told.word.at).toISOString() };
    case "invalid":
      throw invalid(told.problems);
    case "no-such-message":
      throw noSuchMessage("this account has no message with this id");
    case "too-late":
      throw tooLate();
    default:
      // Whether Kafka has it or not: to tell it again does no harm.
      throw unavailable();
  }
}

function invalid(errors: readonly FieldProblem[]): ProblemError {
  return new ProblemError({ status: 400, code: "INVALID_CONVERSION", title: "The conversion is not valid", errors });
}

function tooLate(): ProblemError {
  return new ProblemError({
    status: 422,
    code: "CONVERSION_TOO_LATE",
    title: "The message is too old",
    detail: "conversions are taken for seven days after a message",
  });
}

function throttled(maxPerSecond: number, waitSeconds: number): ProblemError {
  return new ProblemError(
    {
      status: 429,
      code: "TOO_MANY_REQUESTS",
      title: "Too many conversions at once",
      detail: `nothing was taken down; the account may tell ${maxPerSecond} conversions a second, as many as messages`,
    },
    { headers: { "retry-after": String(waitSeconds) } },
  );
}
