import { ProblemError } from "../../../../platform/http/problem.ts";
import type { AcceptOutcome, Judged } from "../../acceptance/accept-outcome.ts";
import type { Admitted, Closed, Throttled } from "../../acceptance/acceptor.ts";
import type { RejectedMessage } from "../../acceptance/intake.ts";

/** What acceptance says, as the problems of the HTTP interface. */

/** Kafka is back within seconds or it is not; meanwhile clients need not knock more often. Seconds. */
const RETRY_AFTER_SECONDS = "1";

/** @throws ProblemError 429 or 503 with Retry-After when a request was not admitted. */
export function requireAdmitted(admission: Admitted | Closed | Throttled): void {
  if (admission.outcome === "closed") throw unavailable();
  if (admission.outcome === "throttled") throw throttled(admission);
}

function throttled({ maxPerSecond, waitSeconds }: Throttled): ProblemError {
  return new ProblemError(
    {
      status: 429,
      code: "TOO_MANY_MESSAGES",
      title: "The account's message rate is used up",
      detail: `nothing was accepted; the account may hand in ${maxPerSecond} messages a second`,
      extra: { maxPerSecond, retryAfterSeconds: waitSeconds },
    },
    { headers: { "retry-after": String(waitSeconds) } },
  );
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

/** @throws ProblemError 409, 422 or 503 when nothing of a request was written, for no fault of its messages. */
export function requireEnded(accepted: AcceptOutcome): asserts accepted is Judged {
  if (accepted.outcome === "refused") throw unavailable();
  if (accepted.outcome === "conflict") throw keyConflict();
  if (accepted.outcome === "in-progress") throw inProgress(accepted.waitSeconds);
}

/** draft-ietf-httpapi-idempotency-key-header, 2.7: an error for a repeat whose first is under way. */
function inProgress(waitSeconds: number): ProblemError {
  return new ProblemError(
    {
      status: 409,
      code: "REQUEST_IN_PROGRESS",
      title: "The first request with this key is under way",
      detail:
        "nothing was accepted now; repeat the request after the time in Retry-After to have the first one's answer",
    },
    { headers: { "retry-after": String(waitSeconds) } },
  );
}

/** The answer where a key stands for something else. @param errors the fields, where one message alone is meant */
function keyConflict(errors?: RejectedMessage["problems"]): ProblemError {
  const what = errors === undefined ? "request" : "message";
  return new ProblemError({
    status: 422,
    code: "IDEMPOTENCY_CONFLICT",
    title: `The key stands for another ${what}`,
    detail: `the same key came with another ${what} within the last 24 hours; nothing was accepted now`,
    ...(errors !== undefined && { errors }),
  });
}

/** The answer when Kafka has not confirmed in time: the messages may have been accepted. */
export function acceptanceUnknown(detail: string, extra: Readonly<Record<string, unknown>>): ProblemError {
  return new ProblemError(
    { status: 503, code: "ACCEPTANCE_UNKNOWN", title: "It is not known whether this was accepted", detail, extra },
    { headers: { "retry-after": RETRY_AFTER_SECONDS } },
  );
}

/** The answer to a request whose one message was rejected. */
export function rejected({ kind, problems }: RejectedMessage): ProblemError {
  return kind === "invalid"
    ? new ProblemError({
        status: 400,
        code: "INVALID_MESSAGE",
        title: "The message is not valid",
        detail: "each entry of errors names a field and what it allows",
        errors: problems,
      })
    : keyConflict(problems);
}
