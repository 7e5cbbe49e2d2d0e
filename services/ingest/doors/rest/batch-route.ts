import type { IncomingMessage } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { FieldProblem } from "../../../../domain/message/validation.ts";
import { ProblemError } from "../../../../platform/http/problem.ts";
import type { TraceSpan } from "../../../../platform/telemetry/tracing.ts";
import type { Account } from "../../acceptance/api-keys.ts";
import { type AcceptedMessage, MAX_PROBLEMS, type PreparedMessage } from "../../acceptance/intake.ts";
import {
  acceptanceUnknown,
  BATCH_BODY_LIMIT,
  charge,
  type IngestContext,
  moment,
  requireOpen,
  unavailable,
  writeMessages,
} from "./ingest-context.ts";
import { readJsonBody } from "./json-body.ts";
import { headerKey } from "./message-route.ts";

export const MAX_BATCH_MESSAGES = 10_000;

/** Messages prepared in one go, about 10 ms: between two slices other requests get their turn. */
const SLICE_MESSAGES = 500;

interface RejectedMessage {
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
    readonly messages: readonly (AcceptedMessage | RejectedMessage)[];
  };
}

/**
 * `POST /v1/messages/batch`: up to 10,000 messages, answered one by one. The valid ones go to Kafka in one write.
 * @throws ProblemError 400, 413, 415, 429 or 503, always for the batch as a whole.
 */
export async function postBatch(
  context: IngestContext,
  account: Account,
  request: IncomingMessage,
): Promise<BatchAnswer> {
  requireOpen(context);
  // Looks before reading megabytes; the charge follows when the number of messages is known.
  charge(context, account, 0);
  const key = headerKey(request);
  const body = await readJsonBody(request, BATCH_BODY_LIMIT, context.bodies);
  try {
    const items = readMessages(body.value);
    charge(context, account, items.length);
    return await acceptAll(context, account, items, key);
  } finally {
    body.done();
  }
}

async function acceptAll(
  context: IngestContext,
  account: Account,
  items: readonly unknown[],
  key: string | undefined,
): Promise<BatchAnswer> {
  const now = moment(context);
  const results: (AcceptedMessage | RejectedMessage)[] = [];
  const valid: PreparedMessage[] = [];
  const spans: TraceSpan[] = [];
  for (let index = 0; index < items.length; index++) {
    if (index % SLICE_MESSAGES === 0 && index > 0) await nextTurn();
    const span = context.tracing.enabled ? context.tracing.root("accept message", { kind: "server" }) : undefined;
    const itemKey = key === undefined ? undefined : `${key}\n${index}`;
    const prepared = context.intake.prepare(items[index], account, now, itemKey, span?.context);
    if (span !== undefined) spans.push(span);
    if (prepared.ok) {
      valid.push(prepared);
      results.push(prepared.answer);
    } else results.push({ status: "rejected", index, errors: prepared.problems });
  }
  const rejected = items.length - valid.length;
  context.metrics.rejected.add(rejected);
  const outcome = valid.length === 0 ? "stored" : await writeMessages(context, account, valid, now);
  for (const span of spans) span.end(outcome === "stored" ? undefined : new Error(outcome));
  if (outcome === "refused") throw unavailable();
  if (outcome === "unknown") throw unknownBatch(results);
  return { status: rejected === 0 ? 202 : 207, body: { accepted: valid.length, rejected, messages: results } };
}

function readMessages(body: unknown): readonly unknown[] {
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

function unknownBatch(results: readonly (AcceptedMessage | RejectedMessage)[]): ProblemError {
  return acceptanceUnknown(
    "the valid messages may or may not have been accepted; repeat the batch, those with an idempotency key as they are " +
      "and the others with the id of this answer in their field id, and none is sent twice",
    {
      messages: results.map((result, index) =>
        result.status === "accepted" ? { index, status: "unknown", id: result.id } : result,
      ),
    },
  );
}
