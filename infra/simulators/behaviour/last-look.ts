const EVERY_MS = 5;

/**
 * When this process last looked at its sockets: what it reads now arrived after that, however late the process was
 * scheduled. Accurate to 10 ms.
 */
export class LastLook {
  /** ms of the monotonic clock. */
  at = performance.now();
  #turn = this.at;
  // Between two turns of the timer sockets are looked at, so what is read after this turn came after the one before it.
  readonly #timer = setInterval(() => {
    this.at = this.#turn;
    this.#turn = performance.now();
  }, EVERY_MS).unref();

  stop(): void {
    clearInterval(this.#timer);
  }
}
