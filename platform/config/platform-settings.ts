import { hostname } from "node:os";
import { z } from "zod";
import type { DeepReadonly } from "./parse-config.ts";
import { bool, duration, integer, number, oneOf, port, text } from "./settings.ts";

/** What every service can be told; {@link loadConfig} adds these to each service's own schema, which may replace some. */
export const platformSettings = z.object({
  instance: text({ pattern: /^[\w.-]{1,64}$/, allowed: "1 to 64 of letters, digits, . _ -" })
    .default(
      `${hostname()
        .slice(0, 40)
        .replace(/[^\w.-]/g, "-")}-${process.pid}`,
    )
    // The default differs from process to process, and the generated reference must not.
    .meta({
      format: () => "<host>-<pid>",
      description: "Name of this process in logs and metrics; must differ between instances of a service",
    }),
  logLevel: oneOf(["trace", "debug", "info", "warn", "error", "fatal"])
    .default("info")
    .describe("Least severe level that is written"),
  logFormat: oneOf(["auto", "json", "pretty"])
    .default("auto")
    .describe("json for machines, pretty for people; auto is pretty on a terminal"),
  adminHost: text().default("127.0.0.1").describe("Address of the admin server (/healthz, /readyz, /metrics)"),
  adminPort: port({ allowZero: true }).default(0).describe("Port of the admin server; 0 takes any free port"),
  shutdownDeadline: duration({ min: 100, max: 600_000 })
    .default(10_000)
    .describe("How long a stop may take in all before the process exits with an error"),
  exitWithParent: bool().default(false).describe("Stop when standard input closes, so as not to outlive a supervisor"),
  traceRatio: number({ min: 0, max: 1 })
    .default(0.01)
    .describe("Share of messages that are traced; takes effect when OTEL_EXPORTER_OTLP_ENDPOINT is set"),
  traceFailures: integer({ min: 0, max: 100_000 })
    .default(100)
    .describe("Messages a second that this process traces beside that share, from their first failure on, whole"),
});

/** The parsed {@link platformSettings}. */
export type PlatformConfig = DeepReadonly<z.output<typeof platformSettings>>;
