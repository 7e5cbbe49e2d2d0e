/** A line of the log: a message, with or without machine-readable fields. An error belongs under the key `err`. */
export interface LogMethod {
  (message: string): void;
  (fields: object, message?: string): void;
}

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

export type LogLevels = { readonly [Level in LogLevel]: LogMethod };

/** What the project's code knows of the logger. Message text, full phone numbers and secrets never go in. */
export interface Log extends LogLevels {
  /** A logger whose lines all carry these fields. */
  child(fields: Record<string, unknown>): Log;
  /**
   * A logger for what may repeat thousands of times a second: at most one line per key and `milliseconds`, the next
   * line carrying `suppressed`, the number of lines left out. The key is a fixed word or has few values, never an id.
   */
  every(key: string, milliseconds: number): LogLevels;
  isLevelEnabled(level: LogLevel): boolean;
}

/** A log that drops everything, for tests and tools. */
export const silentLog: Log = {
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
  fatal() {},
  child: () => silentLog,
  every: () => silentLog,
  isLevelEnabled: () => false,
};
