import type { PlatformConfig } from "../config/platform-settings.ts";
import { errorMessage } from "../errors/sluice-error.ts";
import { createLog } from "../log/create-log.ts";
import type { Log } from "../log/log.ts";
import { Lifecycle, type Scope } from "./lifecycle.ts";

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

/**
 * Runs a service until it is told to stop, then exits the process: with 0 after a clean drain, with 1 after a fault or
 * when a part hung. SIGTERM and SIGINT drain; a second one exits at once.
 * @returns only in the sense that the start is over; the process ends by itself.
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
  const shutdown = shutdownOf(log, config.shutdownDeadline);
  const lifecycle = new Lifecycle(log, (error) => {
    log.fatal({ err: error }, `fatal: ${errorMessage(error)}`);
    void shutdown(lifecycle, "fatal fault");
  });
  listen(lifecycle, log, shutdown, config.exitWithParent);
  try {
    await options.start(lifecycle);
    lifecycle.started();
    if (lifecycle.state === "running") log.info("started");
  } catch (error) {
    // A start that was interrupted by a stop is no fault of its own.
    if (!lifecycle.signal.aborted) lifecycle.fail(error);
  }
}

type Shutdown = (lifecycle: Lifecycle, why: string) => Promise<never>;

/** Drains and exits; a caller during a drain joins it. */
function shutdownOf(log: Log, deadlineMs: number): Shutdown {
  return async (lifecycle, why) => {
    if (lifecycle.state !== "draining" && lifecycle.state !== "stopped") log.info({ why }, "stopping");
    const { hung, failed } = await lifecycle.stop(deadlineMs);
    if (hung.length > 0) log.error({ hung, deadlineMs }, `gave up waiting for: ${hung.join(", ")}`);
    const clean = hung.length === 0 && failed.length === 0 && lifecycle.fatal === undefined;
    log.info({ clean }, "stopped");
    return process.exit(clean ? 0 : 1);
  };
}

function listen(lifecycle: Lifecycle, log: Log, shutdown: Shutdown, exitWithParent: boolean): void {
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    if (++signals > 1) {
      log.warn({ signal }, "second signal: exiting without draining");
      process.exit(1);
    }
    void shutdown(lifecycle, signal);
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  process.on("uncaughtException", (error) => lifecycle.fail(error));
  process.on("unhandledRejection", (reason) => lifecycle.fail(reason));
  if (exitWithParent) {
    const onGone = () => void shutdown(lifecycle, "the parent is gone");
    process.stdin.once("end", onGone).once("close", onGone).once("error", onGone).resume();
  }
}
