import type { Admitted, Closed, Throttled } from "../../acceptance/acceptor.ts";
import { CODES, TwilioFault } from "./twilio-fault.ts";

/** Kafka is back within seconds or it is not; meanwhile clients need not knock more often. Seconds. */
const RETRY_AFTER_SECONDS = "1";

/** @throws TwilioFault 20429 or 20503, with Retry-After, when a request was not admitted */
export function requireAdmitted(admission: Admitted | Closed | Throttled): void {
  if (admission.outcome === "closed") throw unavailable("Messages cannot be accepted at the moment: nothing was done");
  if (admission.outcome === "throttled") throw throttled(admission);
}

export function throttled({ maxPerSecond, waitSeconds }: Throttled): TwilioFault {
  const message = `Too many requests: nothing was done, and the account may make ${maxPerSecond} a second`;
  return new TwilioFault(429, CODES.tooManyRequests, message, { "retry-after": String(waitSeconds) });
}

export function unavailable(message: string): TwilioFault {
  return new TwilioFault(503, CODES.unavailable, message, { "retry-after": RETRY_AFTER_SECONDS });
}

/** The first request with a token may be under way: its answer can be had a moment later. */
export function inProgress(waitSeconds: number): TwilioFault {
  const message = "The first request with this idempotency token is under way: nothing was done now";
  return new TwilioFault(409, CODES.conflict, message, { "retry-after": String(waitSeconds) });
}
