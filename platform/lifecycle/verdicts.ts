import { errorMessage } from "../errors/sluice-error.ts";
import type { Verdict } from "../http/admin-server.ts";
import type { LagReading } from "../telemetry/event-loop-lag.ts";
import type { LifecycleState } from "./lifecycle.ts";
import type { ReadinessReport } from "./readiness.ts";

/** A median event-loop delay beyond this means that the process no longer gets its work done, seconds. */
const MAX_MEDIAN_LAG_S = 1;

/** The answer of `/healthz`: alive, unless a fatal fault is ending the process or the event loop is choked. */
export function healthVerdict(facts: {
  readonly service: string;
  readonly instance: string;
  readonly fatal: unknown;
  readonly lag: LagReading;
}): Verdict {
  const { service, instance, fatal, lag } = facts;
  const problems: string[] = [];
  if (fatal !== undefined) problems.push(`fatal: ${errorMessage(fatal)}`);
  if (lag.p50 > MAX_MEDIAN_LAG_S) problems.push(`the event loop is ${lag.p50.toFixed(1)} s late in the median`);
  const ok = problems.length === 0;
  return { ok, body: { status: ok ? "alive" : "failing", service, instance, problems, eventLoopLagSeconds: lag } };
}

/**
 * The answer of `/readyz`: every check, and apart from them those that fail, so that a person sees the reason first; and
 * what is degraded, which leaves the process ready.
 */
export function readyVerdict(state: LifecycleState, report: ReadinessReport): Verdict {
  const notReady = Object.fromEntries(
    Object.entries(report.checks).flatMap(([name, outcome]) => (outcome.ok ? [] : [[name, outcome.why]])),
  );
  const status = report.ready ? "ready" : "not ready";
  return { ok: report.ready, body: { status, state, notReady, degraded: report.degraded, checks: report.checks } };
}
