import { parseDestination } from "../../../../domain/numbers/destination.ts";
import type { MessageStatusAnswer } from "../../../../pipeline/read-model/message-status.ts";
import { ProblemError } from "../../../../platform/http/problem.ts";
import type { Account } from "../../access/api-keys.ts";
import { answeredByAnalytics } from "./analytics-problems.ts";
import { invalidQuery } from "./query-parameters.ts";
import type { RestContext } from "./rest-context.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** An id that an upstream system gave to messages to several destinations: each has its own fate. */
export interface MessageStatuses {
  readonly id: string;
  /** By the time of acceptance. */
  readonly destinations: readonly MessageStatusAnswer[];
}

/**
 * `GET /v1/messages/{id}`: status and history. An id that went to several destinations is answered with all of them, unless
 * `to` names one.
 * @throws ProblemError 400 for a `to` that is no number; 404 also for another account's message: that it exists is nobody
 * else's business; 503 while analytics does not answer, or may not read as much.
 */
export async function getStatus(
  context: RestContext,
  account: Account,
  id: string,
  to: unknown,
): Promise<MessageStatusAnswer | MessageStatuses> {
  const messageId = messageIdOf(id);
  const found = await context.status
    .find(account.id, messageId, destinationsOf(to))
    .catch(answeredByAnalytics("The history cannot be read at the moment", "name one number with to"));
  const [first] = found;
  if (first === undefined) {
    throw noSuchMessage("this account has no message with this id, or it was accepted elsewhere a moment ago");
  }
  return found.length === 1 ? first : { id: messageId, destinations: found };
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
  throw invalidQuery({ field: "to", code: parsed.ok ? "destination-malformed" : parsed.code, message });
}

/** @throws ProblemError 404 for what cannot be the id of a message */
export function messageIdOf(id: string): string {
  if (UUID.test(id)) return id.toLowerCase();
  throw noSuchMessage("an id is a UUID, as given in the answer to a message");
}

export function noSuchMessage(detail: string): ProblemError {
  return new ProblemError({ status: 404, code: "MESSAGE_NOT_FOUND", title: "No such message", detail });
}
