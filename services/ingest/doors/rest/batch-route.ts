import type { IncomingMessage } from "node:http";
import type { FieldProblem } from "../../../../domain/message/validation.ts";
import { ProblemError } from "../../../../platform/http/problem.ts";
import type { Results } from "../../acceptance/accept-outcome.ts";
import { fingerprintOfBatch } from "../../acceptance/idempotency/fingerprint.ts";
import { type AcceptedMessage, MAX_PROBLEMS, type Offer } from "../../acceptance/intake.ts";
import type { Account } from "../../access/api-keys.ts";
import { acceptanceUnknown, requireAdmitted, requireEnded } from "./acceptance-problems.ts";
import { busy, readJsonBody } from "./json-body.ts";
import { idempotencyKeyOf } from "./request-headers.ts";
import type { RestContext } from "./rest-context.ts";

export const MAX_BATCH_MESSAGES = 10_000;

/** Bytes of the request's body. */
const BODY_LIMIT = 16 * 1024 * 1024;

/** What a message takes in memory while it is worked on, bytes, however short it is: as it was read, as it is written and as it is answered. */
const MESSAGE_BYTES = 1_024;

/** A rejected message in the answer. */
interface RejectedItem {
  readonly status: "rejected";
  readonly index: number;
  readonly errors: readonly FieldProblem[];
}

export interface BatchAnswer {
  /** 202 when every message was accepted, else 207: the items tell. */
  readonly status: 202 | 207;
  readonly body: {
    readonly accepted: number;
    readonly rejected: number;
    /** One for each message of the request, in its order. */
    readonly messages: readonly (AcceptedMessage | RejectedItem)[];
  };
}

/**
 * `POST /v1/messages/batch`: up to 10,000 messages, answered one by one. The valid ones go to Kafka in one write.
 * @throws ProblemError 400, 409, 413, 415, 422, 429 or 503, always for the batch as a whole.
 */
export async function postBatch(
  context: RestContext,
  account: Account,
  request: IncomingMessage,
): Promise<BatchAnswer> {
  // Looks before reading megabytes; the charge follows when the number of messages is known.
  requireAdmitted(context.acceptor.admit(account, 0));
  const key = idempotencyKeyOf(request);
  const body = await readJsonBody(request, BODY_LIMIT, context.bodies);
  try {
    const messages = readMessages(body.value);
    if (!body.atLeast(messages.length * MESSAGE_BYTES)) throw busy();
    requireAdmitted(context.acceptor.charge(account, messages.length));
    return await acceptAll(context, account, messages, key);
  } finally {
    body.done();
  }
}

async function acceptAll(
  context: RestContext,
  account: Account,
  messages: unknown[],
  key: string | undefined,
): Promise<BatchAnswer> {
  const batch = key === undefined ? undefined : { key, fingerprint: await fingerprintOfBatch(messages) };
  const accepted = await context.acceptor.accept(account, offersOf(messages, key), batch);
  requireEnded(accepted);
  const items = accepted.results.map(itemOf);
  if (accepted.outcome === "unknown") throw unknownBatch(items);
  const rejected = items.filter(({ status }) => status === "rejected").length;
  return {
    status: rejected === 0 ? 202 : 207,
    body: { accepted: items.length - rejected, rejected, messages: items },
  };
}

/**
 * The messages one by one, each as a part of the batch, with the key by its place. None is put into the request's trace: ten thousand in one are of no use.
 * Each is taken out of the array, so that what was read is not held while Kafka is waited for.
 */
export function* offersOf(messages: unknown[], key: string | undefined): Generator<Offer> {
  for (const [index, message] of messages.entries()) {
    messages[index] = undefined;
    yield key === undefined ? { message } : { message, key: `${key}\n${index}`, part: true };
  }
}

function itemOf(result: Results[number], index: number): AcceptedMessage | RejectedItem {
  return result.status === "accepted" ? result : { status: "rejected", index, errors: result.problems };
}

function readMessages(body: unknown): unknown[] {
  const errors: FieldProblem[] = [];
  const messages = isObject(body) ? (body as { messages?: unknown }).messages : undefined;
  if (!Array.isArray(messages)) {
    errors.push({ field: "messages", code: "type-wrong", message: "an object with an array of messages is needed" });
  } else if (messages.length === 0 || messages.length > MAX_BATCH_MESSAGES) {
    const message = `${messages.length} messages; 1 to ${MAX_BATCH_MESSAGES} are possible`;
    errors.push({ field: "messages", code: "length-out-of-range", message });
  }
  for (const field in isObject(body) ? body : {}) {
    if (errors.length >= MAX_PROBLEMS) break;
    if (field === "messages") continue;
    errors.push({ field: field.slice(0, 64), code: "field-unknown", message: "known fields: messages" });
  }
  if (errors.length === 0) return messages as unknown[];
  throw new ProblemError({ status: 400, code: "INVALID_BATCH", title: "The batch is not valid", errors });
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unknownBatch(items: readonly (AcceptedMessage | RejectedItem)[]): ProblemError {
  return acceptanceUnknown(
    "the valid messages may or may not have been accepted; repeat the batch, those with an idempotency key as they are " +
      "and the others with the id of this answer in their field id, and none is sent twice",
    {
      messages: items.map((item, index) =>
        item.status === "accepted" ? { index, status: "unknown", id: item.id } : item,
      ),
    },
  );
}
