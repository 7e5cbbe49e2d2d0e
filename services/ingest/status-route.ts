import { performance } from "node:perf_hooks";
import { ProblemError } from "../../platform/http/problem.ts";
import type { Account } from "./api-keys.ts";
import type { IngestContext } from "./ingest-context.ts";
import { acceptedStatus, type MessageStatusAnswer } from "./message-status.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * `GET /v1/messages/{id}`: status and history. Analytics runs some seconds behind; what this instance has just accepted is
 * answered from memory until then, also while analytics is away.
 * @throws ProblemError 404 also for another account's message: that it exists is nobody else's business.
 */
export async function getStatus(context: IngestContext, account: Account, id: string): Promise<MessageStatusAnswer> {
  if (!UUID.test(id)) throw notFound("an id is a UUID, as given in the answer to a message");
  const messageId = id.toLowerCase();
  const recent = context.recent.find(messageId, account.id, performance.now());
  let found: MessageStatusAnswer | undefined;
  try {
    found = await context.status.find(account.id, messageId);
  } catch (error) {
    if (recent === undefined) throw error;
    context.log.every("status-unavailable", 5_000).warn({ err: error }, "status answered from memory alone");
  }
  if (found !== undefined) return found;
  if (recent !== undefined) return acceptedStatus(messageId, recent);
  throw notFound("this account has no message with this id, or it was accepted elsewhere a moment ago");
}

function notFound(detail: string): ProblemError {
  return new ProblemError({ status: 404, code: "MESSAGE_NOT_FOUND", title: "No such message", detail });
}
