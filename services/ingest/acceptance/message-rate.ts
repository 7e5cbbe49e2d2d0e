interface Bucket {
  tokens: number;
  /** Monotonic ms of the last refill. */
  filledAt: number;
}

/**
 * Messages a second that an account may hand in, as a token bucket of one second's worth (at least one message). A
 * request is admitted while the account is in credit and is then charged in full, into debt if need be: a batch of any
 * size passes, and the time until the next request grows with it, so the long-run rate is exact and no batch is
 * impossible. One bucket per account and instance.
 */
export class MessageRate {
  readonly #buckets = new Map<string, Bucket>();

  /**
   * Charges `messages` if the account is in credit. With `messages` 0 it only looks.
   * @param perSecond the account's limit; undefined: none.
   * @returns 0 when admitted, otherwise the seconds (at least 1) after which it will be.
   */
  charge(accountId: string, perSecond: number | undefined, messages: number, nowMs: number): number {
    if (perSecond === undefined) return 0;
    const bucket = this.#filled(accountId, perSecond, nowMs);
    // In credit means a whole message: a rate of 1.5/s must not become 2/s by rounding.
    if (bucket.tokens < 1) return Math.max(1, Math.ceil((1 - bucket.tokens) / perSecond));
    bucket.tokens -= messages;
    return 0;
  }

  /** What is left, whole messages, and the whole seconds after which there is another one (0: there is one now). */
  left(accountId: string, perSecond: number, nowMs: number): { readonly messages: number; readonly seconds: number } {
    const { tokens } = this.#filled(accountId, perSecond, nowMs);
    if (tokens >= 1) return { messages: Math.floor(tokens), seconds: 0 };
    return { messages: 0, seconds: Math.max(1, Math.ceil((1 - tokens) / perSecond)) };
  }

  #filled(accountId: string, perSecond: number, nowMs: number): Bucket {
    let bucket = this.#buckets.get(accountId);
    if (bucket === undefined) {
      bucket = { tokens: Math.max(perSecond, 1), filledAt: nowMs };
      this.#buckets.set(accountId, bucket);
    }
    const gained = ((nowMs - bucket.filledAt) / 1_000) * perSecond;
    bucket.tokens = Math.min(bucket.tokens + gained, Math.max(perSecond, 1));
    bucket.filledAt = nowMs;
    return bucket;
  }
}
