import { performance } from "node:perf_hooks";
import type { BodyBudget } from "../../../../platform/http/body-budget.ts";
import { ProblemError } from "../../../../platform/http/problem.ts";
import type { Log } from "../../../../platform/log/log.ts";
import type { Tracing } from "../../../../platform/telemetry/tracing.ts";
import type { Acceptance, Outcome } from "../../acceptance/acceptance.ts";
import type { Account, ApiKeys } from "../../acceptance/api-keys.ts";
import type { IdempotencyMemory } from "../../acceptance/idempotency-memory.ts";
import type { Intake, Moment, PreparedMessage } from "../../acceptance/intake.ts";
import type { MessageRate } from "../../acceptance/message-rate.ts";
import type { RecentAcceptances } from "../../acceptance/recent-acceptances.ts";
import type { IngestMetrics } from "../../ingest-metrics.ts";
import type { StatusSource } from "../../status/message-status.ts";

/** Bytes of a request's body. */
export const SINGLE_BODY_LIMIT = 1024 * 1024;
export const BATCH_BODY_LIMIT = 16 * 1024 * 1024;

/** Everything the routes work with. */
export interface IngestContext {
  readonly keys: ApiKeys;
  readonly rate: MessageRate;
  readonly bodies: BodyBudget;
  readonly intake: Intake;
  readonly memory: IdempotencyMemory;
  readonly acceptance: Acceptance;
  readonly recent: RecentAcceptances;
  readonly status: StatusSource;
  readonly metrics: IngestMetrics;
  readonly tracing: Tracing;
  readonly log: Log;
  /** Epoch ms by the brokers' clock: when a message is accepted, whatever this host believes. */
  readonly now: () => number;
}

/** Kafka is back within seconds or it is not; meanwhile clients need not knock more often. Seconds. */
const RETRY_AFTER_SECONDS = "1";

export function moment({ now }: IngestContext): Moment {
  return { wall: now(), monotonic: performance.now() };
}

/**
 * Charges messages to the account's rate; 0 only looks.
 * @throws ProblemError 429 with Retry-After.
 */
export function charge(context: IngestContext, account: Account, messages: number): void {
  const wait = context.rate.charge(account.id, account.maxPerSecond, messages, performance.now());
  if (wait === 0) return;
  context.metrics.throttled.add();
  throw new ProblemError(
    {
      status: 429,
      code: "TOO_MANY_MESSAGES",
      title: "The account's message rate is used up",
      detail: `nothing was accepted; the account may hand in ${account.maxPerSecond} messages a second`,
      extra: { maxPerSecond: account.maxPerSecond, retryAfterSeconds: wait },
    },
    { headers: { "retry-after": String(wait) } },
  );
}

/** @throws ProblemError 503 when nothing could be written now: said before the body is read. */
export function requireOpen(context: IngestContext): void {
  if (!context.acceptance.open(performance.now())) throw unavailable();
}

/** Writes what was prepared and books what came of it. */
export async function writeMessages(
  context: IngestContext,
  account: Account,
  messages: readonly PreparedMessage[],
  now: Moment,
): Promise<Outcome> {
  const { acceptance, metrics, recent, memory } = context;
  const records = messages.map((message) => message.record);
  const outcome = await acceptance.write(records, now.monotonic);
  const after = performance.now();
  if (outcome === "stored") {
    metrics.acknowledgement.record((after - now.monotonic) / 1_000);
    for (const { answer, record } of messages) {
      metrics.accepted[answer.lane].add();
      const { lane, encoding, segments, reference } = answer;
      const destination = record.key as string;
      const acceptedAt = now.wall;
      const accountId = account.id;
      recent.add(answer.id, { accountId, destination, lane, encoding, segments, reference, acceptedAt }, after);
    }
  } else if (outcome === "refused") {
    metrics.refused.add(messages.length);
    for (const { claimed } of messages) if (claimed !== undefined) memory.release(claimed);
  } else {
    metrics.unknown.add(messages.length);
    context.log
      .every("acknowledgement-late", 5_000)
      .warn({ messages: messages.length }, "waiting for kafka: it did not answer in time");
  }
  return outcome;
}

export function unavailable(): ProblemError {
  return new ProblemError(
    {
      status: 503,
      code: "UNAVAILABLE",
      title: "Messages cannot be accepted at the moment",
      detail: "nothing was accepted; repeat the request after the time in Retry-After",
    },
    { headers: { "retry-after": RETRY_AFTER_SECONDS } },
  );
}

/** The answer when Kafka has not confirmed in time: the messages may have been accepted. */
export function acceptanceUnknown(detail: string, extra: Readonly<Record<string, unknown>>): ProblemError {
  return new ProblemError(
    { status: 503, code: "ACCEPTANCE_UNKNOWN", title: "It is not known whether this was accepted", detail, extra },
    { headers: { "retry-after": RETRY_AFTER_SECONDS } },
  );
}
