import type { Settle } from "./deferred-settlements.ts";
import type { Order } from "./outcomes.ts";
import { Submission } from "./submission.ts";
import type { Unit } from "./unit-result.ts";

/** What is needed of the task that owns a message's partition. */
export interface Owner {
  readonly alive: boolean;
  readonly draining: boolean;
  wake(): void;
}

/**
 * How long a message may be throttled, or wait for its network, before it goes back, ms. Whatever waits keeps its lane's committed
 * position where it is: without an end to it, what must be remembered and read back would grow with the outage of one operator.
 */
const HELD_MS = 30_000;

/** A message between the dispatcher and the wire. */
export class Pending<U extends Unit> extends Submission<U> {
  readonly owner: Owner;
  readonly order: Order;
  readonly settle: Settle;
  readonly network: string;

  constructor(units: readonly U[], owner: Owner, order: Order, settle: Settle) {
    super(units);
    this.owner = owner;
    this.order = order;
    this.settle = settle;
    const { network, country } = order.dispatch.facts;
    this.network = network ?? country;
  }
}

/** `now`: monotonic, ms. */
export function heldTooLong({ heldSince }: { readonly heldSince: number }, now: number): boolean {
  return heldSince > 0 && now - heldSince > HELD_MS;
}
