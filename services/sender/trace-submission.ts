import { parseTraceparent } from "../../platform/telemetry/trace-context.ts";
import type { Tracing } from "../../platform/telemetry/tracing.ts";
import type { OnTraced } from "./outcomes.ts";

/** A span from the provider's queue to what became of the submission; undefined, so that nothing is even asked, without tracing. */
export function traceSubmission(tracing: Tracing): OnTraced | undefined {
  if (!tracing.enabled) return undefined;
  return ({ type, attempt, provider, errorClass, errorCode, at }, traceparent, since) => {
    const attributes = {
      "sluice.event": type,
      "sluice.attempt": attempt,
      "sluice.provider": provider ?? "",
      ...(errorClass === null ? {} : { "sluice.error_class": errorClass, "sluice.error_code": errorCode ?? "" }),
    };
    const span = tracing.child("submit", parseTraceparent(traceparent), {
      kind: "client",
      attributes,
      startTime: since,
    });
    span?.end(
      errorClass === null ? undefined : new Error(`${errorClass} ${errorCode ?? ""}`.trim()),
      Math.max(since, at),
    );
  };
}
