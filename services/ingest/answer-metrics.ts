import type { Counter, Histogram, MetricRegistry } from "../../platform/telemetry/metric-registry.ts";
import { refusedRequests } from "./acceptance/acceptance-metrics.ts";

/** What is counted of HTTP requests and answers. */
export interface AnswerMetrics {
  /** Requests without a valid key. */
  readonly unauthorized: Counter;
  /** Requests whose key has not the scope that they need. */
  readonly forbidden: Counter;
  /** Requests refused unseen, since too many wrong keys have come from their address or for their account. */
  readonly guessed: Counter;
  /** Counts an answer and the time it took, seconds. */
  answered(route: Route, status: number, seconds: number): void;
}

export type Route =
  | "message"
  | "batch"
  | "upload"
  | "list"
  | "status"
  | "cancel"
  | "conversion"
  | "suppressions"
  | "webhook"
  | "explain"
  | "inbound"
  | "usage"
  | "budget"
  | "twilio-create"
  | "twilio-fetch"
  | "twilio-list"
  | "twilio-update"
  | "twilio-other"
  | "kannel"
  | "jasmin"
  | "other";

export function answerMetrics(registry: MetricRegistry): AnswerMetrics {
  const answers = registry.counter("ingest_answers_total", { help: "HTTP answers by route and status" });
  const seconds = registry.histogram("ingest_request_seconds", {
    help: "From a request's headers to the end of its answer, in seconds",
  });
  const times = new Map<Route, Histogram>();
  const counts = new Map<string, Counter>();
  return {
    unauthorized: refusedRequests(registry).with({ reason: "unauthorized" }),
    forbidden: refusedRequests(registry).with({ reason: "forbidden" }),
    guessed: refusedRequests(registry).with({ reason: "guessed" }),
    answered(route, status, duration) {
      const name = `${route} ${status}`;
      const count = counts.get(name) ?? answers.with({ route, status: String(status) });
      const time = times.get(route) ?? seconds.with({ route });
      counts.set(name, count);
      times.set(route, time);
      count.add();
      time.record(duration);
    },
  };
}
