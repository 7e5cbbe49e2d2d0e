import type { Tracing } from "../../platform/telemetry/tracing.ts";
import type { OnTraced } from "./routing-records.ts";

/** A span from the record that asks for a provider to the decision; undefined, so that nothing is even asked, without tracing. */
export function traceRouting(tracing: Tracing): OnTraced | undefined {
  if (!tracing.enabled) return undefined;
  return ({ type, attempt, provider, reason, at }, parent, since) => {
    const attributes = {
      "sluice.event": type,
      "sluice.attempt": attempt,
      "sluice.provider": provider ?? "",
      "sluice.reason": type === "routed" ? (reason ?? "") : "",
    };
    tracing
      .child("route", parent, { kind: "consumer", attributes, startTime: since })
      ?.end(undefined, Math.max(since, at));
  };
}
