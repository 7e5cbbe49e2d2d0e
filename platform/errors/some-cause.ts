/** What is looked at of an error and of those that it wraps. */
export interface Cause {
  readonly name?: string;
  readonly code?: string;
  readonly type?: string;
  readonly cause?: unknown;
}

/** Whether an error, or one that it wraps (KafkaJSNumberOfRetriesExceeded has the reason in `cause`), is such a one. */
export function someCause(error: unknown, matches: (one: Cause) => boolean): boolean {
  for (let e = error as Cause | undefined | null; e !== undefined && e !== null; e = e.cause as typeof e)
    if (matches(e)) return true;
  return false;
}
