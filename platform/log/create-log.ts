import { createRequire } from "node:module";
import { type DestinationStream, pino, stdSerializers } from "pino";
import { LOG_LEVELS, type Log, type LogLevel, type LogLevels } from "./log.ts";
import { Suppression } from "./suppression.ts";

/** Keys whose values never reach the log, at the top of a line and one level down. */
const REDACTED_KEYS = ["password", "secret", "token", "apiKey", "authorization", "cookie"];

export interface LogOptions {
  readonly service: string;
  readonly instance: string;
  /** Default `info`. */
  readonly level?: LogLevel;
  /** `auto` (default) is pretty on a terminal and JSON elsewhere. */
  readonly format?: "auto" | "json" | "pretty";
  /** More keys to redact, such as those that carry personal data in this service. */
  readonly redact?: readonly string[];
  /** Where lines go; default standard output, written synchronously so that the last words of a crash get out. Pretty needs a Writable. */
  readonly destination?: DestinationStream;
}

/** Creates the logger of a process: one JSON object a line with `time` (ISO 8601), `level` (word), service, instance. */
export function createLog(options: LogOptions): Log {
  const keys = [...REDACTED_KEYS, ...(options.redact ?? [])];
  const root = pino(
    {
      level: options.level ?? "info",
      base: { service: options.service, instance: options.instance },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: stdSerializers.err, error: stdSerializers.err },
      redact: { paths: keys.flatMap((key) => [key, `*.${key}`]), censor: "[redacted]" },
    },
    destination(options),
  );
  const suppression = new Suppression({
    now: () => performance.now(),
    after: (milliseconds, callback) => void setTimeout(callback, milliseconds).unref(),
  });
  // pino's children have their parent as prototype, so what is added to the root is there on every child too.
  return Object.assign(root, {
    every(this: LogLevels, key: string, milliseconds: number): LogLevels {
      return rateLimited(this, suppression, key, milliseconds);
    },
  }) as unknown as Log;
}

function rateLimited(log: LogLevels, suppression: Suppression, key: string, milliseconds: number): LogLevels {
  const method = (level: LogLevel) => (first: string | object, message?: string) => {
    const fields = typeof first === "string" ? undefined : first;
    const text = typeof first === "string" ? first : message;
    suppression.offer(key, milliseconds, (suppressed) => {
      // A log level is looked up on `log` at call time: pino replaces its methods when the level changes.
      if (suppressed > 0) log[level]({ ...fields, suppressed }, text);
      else if (fields === undefined) log[level](text ?? "");
      else log[level](fields, text);
    });
  };
  return Object.fromEntries(LOG_LEVELS.map((level) => [level, method(level)])) as unknown as LogLevels;
}

function destination(options: LogOptions): DestinationStream {
  const format = options.format ?? "auto";
  const target = options.destination;
  if (format === "pretty" || (format === "auto" && target === undefined && process.stdout.isTTY === true)) {
    const pretty = loadPretty();
    if (pretty !== undefined) {
      return pretty({
        sync: true,
        ignore: "pid,hostname,instance",
        translateTime: "SYS:HH:MM:ss.l",
        destination: target ?? 1,
      });
    }
  }
  return target ?? pino.destination({ dest: 1, sync: true });
}

/** pino-pretty is a development dependency: a production install has none, and then JSON must do. */
function loadPretty(): ((options: object) => DestinationStream) | undefined {
  try {
    return createRequire(import.meta.url)("pino-pretty") as (options: object) => DestinationStream;
  } catch {
    return undefined;
  }
}
