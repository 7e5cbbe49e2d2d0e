import type { Outcome } from "../../platform/kafka/dispatcher.ts";

export type Settle = (outcome: Outcome) => void;

/**
 * Settles in the next turn of the event loop: a submit must not settle from within, and the messages of one destination,
 * each of which begins when the one before is settled, must not become a deep stack.
 */
export class DeferredSettlements {
  private readonly after: () => void;
  private waiting: { settle: Settle; outcome: Outcome }[] = [];

  /** `after` is called when a turn's settlements are done. */
  constructor(after: () => void) {
    this.after = after;
  }

  add(settle: Settle, outcome: Outcome): void {
    this.waiting.push({ settle, outcome });
    if (this.waiting.length === 1) setImmediate(() => this.flush());
  }

  private flush(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const { settle, outcome } of waiting) settle(outcome);
    this.after();
  }
}
