/** How long an answer is waited for beyond the response time-out, ms: a centre that is slow answers within minutes or never. */
const KEEP_MS = 600_000;
/** Requests of a session that are remembered: a thousand a second time out for some seconds before the link is left. */
const MAX_REMEMBERED = 4_096;

/**
 * The requests of one session that have timed out: their answers may still come. They hold no slot of the window. Bounded by
 * count and time; beyond that an answer says nothing any more. No clock of its own: times are ms of one monotonic clock.
 */
export class LateRequests<T> {
  // In the order in which they timed out, which is that of their times.
  readonly #waiting = new Map<number, { readonly request: T; readonly since: number }>();

  get size(): number {
    return this.#waiting.size;
  }

  /** A request has timed out. A number that was given out again (after 2^31 requests) stands for the newer one. */
  add(sequence: number, request: T, now: number): void {
    this.#waiting.delete(sequence);
    for (const [oldest, { since }] of this.#waiting) {
      if (this.#waiting.size < MAX_REMEMBERED && now - since < KEEP_MS) break;
      this.#waiting.delete(oldest);
    }
    this.#waiting.set(sequence, { request, since: now });
  }

  peek(sequence: number): T | undefined {
    return this.#waiting.get(sequence)?.request;
  }

  /** It has been answered, or its number stands for another request from now on. */
  delete(sequence: number): void {
    this.#waiting.delete(sequence);
  }
}
