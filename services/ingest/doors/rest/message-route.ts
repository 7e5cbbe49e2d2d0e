import type { IncomingMessage } from "node:http";
import { messageIdTime } from "../../../../domain/message/message-id.ts";
import type { ProblemError } from "../../../../platform/http/problem.ts";
import { extractTrace } from "../../../../platform/telemetry/trace-context.ts";
import type { AcceptOutcome } from "../../acceptance/accept-outcome.ts";
import type { Account } from "../../access/api-keys.ts";
import { acceptanceUnknown, rejected, requireAdmitted, requireEnded } from "./acceptance-problems.ts";
import { readJsonBody } from "./json-body.ts";
import { idempotencyKeyOf } from "./request-headers.ts";
import type { RestContext } from "./rest-context.ts";

/** Bytes of the request's body. */
const BODY_LIMIT = 1024 * 1024;

/** The answer to an accepted message. */
export interface MessageAnswer {
  readonly location: string;
  readonly body: object;
}

/**
 * `POST /v1/messages`: one message. Messages of many connections share Kafka batches through the producer's linger.
 * @throws ProblemError 400, 409, 413, 415, 422, 429 or 503.
 */
export async function postMessage(
  context: RestContext,
  account: Account,
  request: IncomingMessage,
): Promise<MessageAnswer> {
  requireAdmitted(context.acceptor.admit(account, 1));
  const key = idempotencyKeyOf(request);
  const body = await readJsonBody(request, BODY_LIMIT, context.bodies);
  try {
    return await acceptOne(context, account, request, body.value, key);
  } finally {
    body.done();
  }
}

async function acceptOne(
  context: RestContext,
  account: Account,
  request: IncomingMessage,
  message: unknown,
  key: string | undefined,
): Promise<MessageAnswer> {
  // A client's trace is continued when it is sampled.
  const trace = extractTrace(request.headers);
  return answerOf(await context.acceptor.accept(account, [{ message, key, trace }]));
}

/** @throws ProblemError when the message was not accepted, or may not have been. */
function answerOf(accepted: AcceptOutcome): MessageAnswer {
  requireEnded(accepted);
  const result = accepted.results[0]!;
  if (result.status === "rejected") throw rejected(result);
  if (accepted.outcome === "unknown") throw unknownMessage(result.id);
  const acceptedAt = new Date(accepted.acceptedAt).toISOString();
  return { location: `/v1/messages/${result.id}`, body: { ...result, acceptedAt } };
}

function unknownMessage(id: string): ProblemError {
  // An id without a time is one derived from a key.
  const how = messageIdTime(id) === undefined ? "the same idempotency key" : `"id": "${id}" in the body`;
  return acceptanceUnknown(
    `the message may or may not have been accepted; repeat it with ${how}, and it is not sent twice`,
    { id },
  );
}
