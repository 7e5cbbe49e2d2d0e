/**
 * What a caller may do about a fault:
 * - `transient`: the same call may succeed later (a broker restarts, a socket closed);
 * - `throttled`: the other side is healthy and asks for less; slow down, then repeat;
 * - `permanent`: repeating cannot help, and only this piece of work is affected;
 * - `poison`: the input itself cannot be processed by anyone; set it aside so that it holds nobody up.
 */
export type ErrorClass = "transient" | "throttled" | "permanent" | "poison";

/** The facts of a {@link SluiceError}. */
export interface SluiceErrorOptions {
  /** Stable, SCREAMING_SNAKE_CASE; dashboards and callers match on it, so it never changes once released. */
  readonly code: string;
  /** Defaults to `permanent`: repeating must be a decision, not an accident. */
  readonly class?: ErrorClass;
  /** The fault underneath, kept for the log. */
  readonly cause?: unknown;
  /** Small machine-readable facts for the log; never message text, full phone numbers or secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The one error shape of the project. The message says what happened, with which value, and what to do. */
export class SluiceError extends Error {
  readonly code: string;
  readonly class: ErrorClass;
  readonly details?: Readonly<Record<string, unknown>>;

  constructor(message: string, options: SluiceErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code;
    this.class = options.class ?? "permanent";
    if (options.details !== undefined) this.details = options.details;
  }
}

/** One line for people from any thrown value, with its causes: `A <- B <- C` (at most 8 links). */
export function errorMessage(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < 8 && current !== undefined && current !== null; depth++) {
    const message = current instanceof Error ? current.message || current.name : String(current);
    if (message !== parts.at(-1)) parts.push(message);
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.length === 0 ? String(error) : parts.join(" <- ");
}
