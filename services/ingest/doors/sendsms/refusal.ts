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
