import type { PlatformConfig } from "../config/platform-settings.ts";
import { errorMessage } from "../errors/sluice-error.ts";
import { startAdminServer } from "../http/admin-server.ts";
import { createLog } from "../log/create-log.ts";
import type { Log } from "../log/log.ts";
import { EventLoopLag } from "../telemetry/event-loop-lag.ts";
import { exportWatch } from "../telemetry/export-watch.ts";
import { MetricRegistry } from "../telemetry/metric-registry.ts";
import { observeProcess } from "../telemetry/process-metrics.ts";
import { prometheusEndpoint } from "../telemetry/prometheus.ts";
import { noTracing, startTracing, type Tracing } from "../telemetry/tracing.ts";
import { Lifecycle, type LifecycleScope } from "./lifecycle.ts";
import { healthVerdict, readyVerdict } from "./verdicts.ts";

/** What a service's `start` gets to work with. */
export interface Scope extends LifecycleScope {
  /** What the service counts; shown at `/metrics`. */
  readonly metrics: MetricRegistry;
  readonly tracing: Tracing;
  /** The port that the admin server took. */
  readonly adminPort: number;
}

export interface ServiceOptions {
  /** The service's name in logs and metrics. */
  readonly name: string;
  /** The service's parsed configuration: any object that has the platform's settings. */
  readonly config: PlatformConfig;
  /** Keys whose values never reach the log, beside the usual ones. */
  readonly redact?: readonly string[];
  /** Brings the service up, part by part, with `scope.add`. */
  readonly start: (scope: Scope) => Promise<void> | void;
}

/** How long the last exports and the admin server may take once everything else has stopped, milliseconds. */
const CLOSING_MS = 1_000;

/**
 * Runs a service until it is told to stop, then exits the process: with 0 after a clean drain, with 1 after a fault or
 * when a part hung. SIGTERM and SIGINT drain; a second one exits at once.
 * @returns when the start is over; the process then lives until it is stopped.
 */
export async function runService(options: ServiceOptions): Promise<void> {
  const { name, config } = options;
  const log = createLog({
    service: name,
    instance: config.instance,
    level: config.logLevel,
    format: config.logFormat,
    ...(options.redact === undefined ? {} : { redact: options.redact }),
  });
  const closers: (() => Promise<void>)[] = [];
  const lifecycle = new Lifecycle(log, (error) => {
    log.fatal({ err: error }, `fatal: ${errorMessage(error)}`);
    void shutdown("fatal fault");
  });
  const shutdown = (why: string) => stopAndExit(lifecycle, why, config.shutdownDeadline, closers);
  listen(lifecycle, log, shutdown, config.exitWithParent);
  try {
    const scope = Object.assign(lifecycle, await startTelemetry(name, config, lifecycle, closers));
    await options.start(scope);
    lifecycle.started();
    if (lifecycle.state === "running") log.info("started");
  } catch (error) {
    // A start that was interrupted by a stop is no fault of its own.
    if (!lifecycle.signal.aborted) lifecycle.fail(error);
  }
}

/** What tells the outside how the process is: it comes up before the first part, and goes down after the last. */
async function startTelemetry(
  service: string,
  config: PlatformConfig,
  lifecycle: Lifecycle,
  closers: (() => Promise<void>)[],
): Promise<Pick<Scope, "metrics" | "tracing" | "adminPort">> {
  const { instance } = config;
  const metrics = new MetricRegistry();
  const lag = new EventLoopLag();
  observeProcess(metrics, lag, { service, instance });
  metrics.observe("service_state", "gauge", "1 for the state the service is in", () => [
    { value: 1, labels: { state: lifecycle.state } },
  ]);
  const prometheus = prometheusEndpoint(metrics);
  const admin = await startAdminServer({
    host: config.adminHost,
    port: config.adminPort,
    health: () => healthVerdict({ service, instance, fatal: lifecycle.fatal, lag: lag.read() }),
    ready: async () => readyVerdict(lifecycle.state, await lifecycle.readiness.report()),
    metrics: prometheus.handle,
  });
  closers.push(() => admin.close());
  lifecycle.log.info({ adminHost: config.adminHost, adminPort: admin.port }, "admin server listening");
  const onExport = exportWatch(metrics, lifecycle.log);
  const wanted = config.traceRatio > 0 || config.traceFailures > 0;
  const tracing = wanted ? await startTracing({ service, instance, ratio: config.traceRatio, onExport }) : noTracing;
  closers.push(() => tracing.close());
  return { metrics, tracing, adminPort: admin.port };
}

/** Drains and exits; a caller during a drain joins it. */
async function stopAndExit(
  lifecycle: Lifecycle,
  why: string,
  deadlineMs: number,
  closers: readonly (() => Promise<void>)[],
): Promise<never> {
  const { log } = lifecycle;
  if (lifecycle.state === "starting" || lifecycle.state === "running") log.info({ why }, "stopping");
  const { hung, failed } = await lifecycle.stop(deadlineMs);
  if (hung.length > 0) log.error({ hung, deadlineMs }, `gave up waiting for: ${hung.join(", ")}`);
  const clean = hung.length === 0 && failed.length === 0 && lifecycle.fatal === undefined;
  const closed = Promise.allSettled(closers.map((close) => close()));
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, CLOSING_MS))]);
  log.info({ clean }, "stopped");
  return process.exit(clean ? 0 : 1);
}

function listen(lifecycle: Lifecycle, log: Log, shutdown: (why: string) => Promise<never>, withParent: boolean): void {
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    if (++signals > 1) {
      log.warn({ signal }, "second signal: exiting without draining");
      process.exit(1);
    }
    void shutdown(signal);
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  process.on("uncaughtException", (error) => lifecycle.fail(error));
  process.on("unhandledRejection", (reason) => lifecycle.fail(reason));
  if (withParent) {
    const onGone = () => void shutdown("the parent is gone");
    process.stdin.once("end", onGone).once("close", onGone).once("error", onGone).resume();
  }
}
