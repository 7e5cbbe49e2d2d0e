import { performance } from "node:perf_hooks";
import { parseDestination } from "../../../../domain/numbers/destination.ts";
import { ProblemError } from "../../../../platform/http/problem.ts";
import type { Account } from "../../acceptance/api-keys.ts";
import { acceptedStatus, type MessageStatusAnswer, type MessageStatuses } from "../../status/message-status.ts";
import type { IngestContext } from "./ingest-context.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * `GET /v1/messages/{id}`: status and history. Analytics runs some seconds behind; what this instance has just accepted is
 * answered from memory until then, also while analytics is away. An id that went to several destinations is answered with
 * all of them, unless `to` names one.
 * @throws ProblemError 400 for a `to` that is no number; 404 also for another account's message: that it exists is nobody
 * else's business.
 */
export async function getStatus(
  context: IngestContext,
  account: Account,
  id: string,
  to: unknown,
): Promise<MessageStatusAnswer | MessageStatuses> {
  if (!UUID.test(id)) throw notFound("an id is a UUID, as given in the answer to a message");
  const wanted = destinationsOf(to);
  const messageId = id.toLowerCase();
  const recent = context.recent.find(messageId, account.id, performance.now());
  const fresh = recent === undefined || !isWanted(wanted, recent.destination) ? undefined : recent;
  let found: readonly MessageStatusAnswer[] = [];
  try {
    found = await context.status.find(account.id, messageId, wanted);
  } catch (error) {
    if (fresh === undefined) throw error;
    context.log.every("status-unavailable", 5_000).warn({ err: error }, "status answered from memory alone");
  }
  const [first] = found;
  if (first !== undefined) return found.length === 1 ? first : { id: messageId, destinations: found };
  if (fresh !== undefined) return acceptedStatus(messageId, fresh);
  throw notFound("this account has no message with this id, or it was accepted elsewhere a moment ago");
}

/** Whether a destination is among those that were asked for; without any, all are. */
function isWanted(wanted: readonly string[], destination: string): boolean {
  return wanted.length === 0 || wanted.includes(destination);
}

/** The destinations that a query's `to` may mean: as numbers are written today, and digit by digit as older rows may have it. */
function destinationsOf(to: unknown): string[] {
  if (to === undefined) return [];
  const text = typeof to === "string" ? to.trim() : "";
  const parsed = parseDestination(text);
  const digits = /^\+?\d{5,15}$/.test(text) ? [text.replace("+", "")] : [];
  const wanted = parsed.ok ? [...new Set([parsed.e164, ...digits])] : digits;
  if (wanted.length > 0) return wanted;
  const message = "one number in international form, such as %2B491701234567";
  const errors = [{ field: "to", code: parsed.ok ? "destination-malformed" : parsed.code, message }];
  throw new ProblemError({ status: 400, code: "INVALID_QUERY", title: "A query parameter is not valid", errors });
}

function notFound(detail: string): ProblemError {
  return new ProblemError({ status: 404, code: "MESSAGE_NOT_FOUND", title: "No such message", detail });
}
