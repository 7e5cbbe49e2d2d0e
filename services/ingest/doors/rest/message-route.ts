import type { IncomingMessage } from "node:http";
import { messageIdTime } from "../../../../domain/message/message-id.ts";
import { ProblemError } from "../../../../platform/http/problem.ts";
import { extractTrace } from "../../../../platform/telemetry/trace-context.ts";
import type { TraceSpan } from "../../../../platform/telemetry/tracing.ts";
import type { Account } from "../../acceptance/api-keys.ts";
import { type PreparedMessage, type RefusedMessage, readIdempotencyKey } from "../../acceptance/intake.ts";
import {
  acceptanceUnknown,
  charge,
  type IngestContext,
  moment,
  requireOpen,
  SINGLE_BODY_LIMIT,
  unavailable,
  writeMessages,
} from "./ingest-context.ts";
import { readJsonBody } from "./json-body.ts";

/** The answer to an accepted message. */
export interface MessageAnswer {
  readonly location: string;
  readonly body: object;
}

/**
 * `POST /v1/messages`: one message. Messages of many connections share Kafka batches through the producer's linger.
 * @throws ProblemError 400, 413, 415, 422, 429 or 503.
 */
export async function postMessage(
  context: IngestContext,
  account: Account,
  request: IncomingMessage,
): Promise<MessageAnswer> {
  requireOpen(context);
  charge(context, account, 1);
  const key = headerKey(request);
  const body = await readJsonBody(request, SINGLE_BODY_LIMIT, context.bodies);
  try {
    return await acceptOne(context, account, request, body.value, key);
  } finally {
    body.done();
  }
}

async function acceptOne(
  context: IngestContext,
  account: Account,
  request: IncomingMessage,
  item: unknown,
  key: string | undefined,
): Promise<MessageAnswer> {
  const now = moment(context);
  const span = beginSpan(context, request);
  try {
    const prepared = context.intake.prepare(item, account, now, key, span?.context);
    if (!prepared.ok) {
      context.metrics.rejected.add();
      throw refusal(prepared);
    }
    const outcome = await writeMessages(context, account, [prepared], now);
    if (outcome === "refused") throw unavailable();
    if (outcome === "unknown") throw unknownMessage(prepared);
    const acceptedAt = new Date(now.wall).toISOString();
    span?.end();
    return { location: `/v1/messages/${prepared.answer.id}`, body: { ...prepared.answer, acceptedAt } };
  } catch (error) {
    span?.end(error);
    throw error;
  }
}

/** @throws ProblemError 400 when the header cannot be a key. */
export function headerKey(request: IncomingMessage): string | undefined {
  const header = request.headers["idempotency-key"];
  if (header === undefined) return undefined;
  const key = readIdempotencyKey(Array.isArray(header) ? header.join() : header);
  if (typeof key === "string") return key;
  throw new ProblemError({ status: 400, code: "INVALID_HEADER", title: "A header is not valid", errors: [key] });
}

function refusal({ kind, problems }: RefusedMessage): ProblemError {
  return kind === "conflict"
    ? new ProblemError({
        status: 422,
        code: "IDEMPOTENCY_CONFLICT",
        title: "The key stands for another message",
        detail: "the same key came with another message within the last hour; nothing was accepted now",
        errors: problems,
      })
    : new ProblemError({
        status: 400,
        code: "INVALID_MESSAGE",
        title: "The message is not valid",
        detail: "each entry of errors names a field and what it allows",
        errors: problems,
      });
}

function unknownMessage({ answer }: PreparedMessage): ProblemError {
  // An id without a time is one derived from a key.
  const how = messageIdTime(answer.id) === undefined ? "the same idempotency key" : `"id": "${answer.id}" in the body`;
  return acceptanceUnknown(
    `the message may or may not have been accepted; repeat it with ${how}, and it is not sent twice`,
    { id: answer.id },
  );
}

/** A client's trace is continued when it is sampled; else a share of the requests starts one of its own. */
function beginSpan({ tracing }: IngestContext, request: IncomingMessage): TraceSpan | undefined {
  if (!tracing.enabled) return undefined;
  const parent = extractTrace(request.headers);
  const options = { kind: "server" } as const;
  return parent === undefined
    ? tracing.root("accept message", options)
    : tracing.child("accept message", parent, options);
}
