import type { AcceptOutcome, Judged } from "../../acceptance/accept-outcome.ts";
import type { Closed, Throttled } from "../../acceptance/acceptor.ts";

/** Thrown to answer that nothing was accepted; each form has its own words around the message. */
export class Refusal extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  /** @param message for people; it repeats no value. */
  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** Kafka is back within seconds or it is not; meanwhile clients need not knock more often. Seconds. */
const RETRY_AFTER = { "retry-after": "1" };

/** What is answered while messages cannot be accepted; `said`: the form's own words for it. */
export function unavailable(said: string): Refusal {
  return new Refusal(503, said, RETRY_AFTER);
}

/** @throws Refusal 429 or 503, with Retry-After, when a request was not admitted */
export function requireAdmitted(
  admission: { readonly outcome: "admitted" } | Closed | Throttled,
  said: { readonly closed: string; readonly throttled: string },
): void {
  if (admission.outcome === "closed") throw unavailable(said.closed);
  if (admission.outcome === "throttled")
    throw new Refusal(429, said.throttled, { "retry-after": String(admission.waitSeconds) });
}

/** @throws Refusal 409, 422 or 503 when nothing of a request was written, for no fault of its messages; `closed`: the form's own words for the last */
export function requireEnded(accepted: AcceptOutcome, closed: string): asserts accepted is Judged {
  if (accepted.outcome === "refused") throw unavailable(closed);
  if (accepted.outcome === "conflict") throw keyConflict();
  if (accepted.outcome === "in-progress")
    throw new Refusal(409, "Idempotency-Key: the first request with it is under way, rejected", {
      "retry-after": String(accepted.waitSeconds),
    });
}

export function keyConflict(): Refusal {
  return new Refusal(422, "Idempotency-Key: it stands for another message, rejected");
}
