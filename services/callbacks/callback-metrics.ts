import type { Counter, Histogram, MetricRegistry } from "../../platform/telemetry/metric-registry.ts";

/** What can come of an attempt. */
export const ATTEMPT_OUTCOMES = ["taken", "status", "timeout", "connection", "address"] as const;
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];

export interface CallbackMetrics {
  attempts(lane: string, outcome: AttemptOutcome): Counter;
  /** From the event to its being told, seconds. */
  seconds(lane: string): Histogram;
  /** Written to sms.callbacks, again as well. */
  readonly parked: Counter;
  readonly givenUp: Counter;
  /** Events with an address of accounts that have no `callbacks`. */
  readonly unconfigured: Counter;
  readonly unreadable: Counter;
}

export function callbackMetrics(registry: MetricRegistry): CallbackMetrics {
  const attempts = registry.counter("callbacks_attempts_total", {
    help: "Requests to customers' addresses, by lane of the message and what came of them: taken, another status, no answer in time, no connection, or an address that is not for the public",
  });
  const seconds = registry.histogram("callbacks_seconds", {
    help: "Time from what happened to a message until its customer's address has taken word of it, in seconds",
  });
  const counter = (name: string, help: string) => registry.counter(name, { help }).with();
  return {
    attempts: (lane, outcome) => attempts.with({ lane, outcome }),
    seconds: (lane) => seconds.with({ lane }),
    parked: counter("callbacks_parked_total", "Callbacks written to sms.callbacks, since they have to wait"),
    givenUp: counter("callbacks_given_up_total", "Callbacks that went to the dead letters"),
    unconfigured: counter(
      "callbacks_unconfigured_total",
      "Events whose message names an address while its account has no callbacks in the catalog: nobody is told",
    ),
    unreadable: counter("callbacks_unreadable_total", "Records that cannot be read"),
  };
}
