import { LANES } from "../../schemas/topics.ts";
import type { Settle } from "./deferred-settlements.ts";
import type { NetworkLimit } from "./network-rates.ts";
import type { Order } from "./outcomes.ts";
import { Submission } from "./submission.ts";
import type { Unit } from "./unit-result.ts";

/** What is needed of the task that owns a message's partition. */
export interface Owner {
  /** Of the provider's dispatch topics. */
  readonly partition: number;
  readonly alive: boolean;
  readonly draining: boolean;
  wake(): void;
  /** False while nothing of it may leave, since nothing can be kept. */
  readonly keeps: boolean;
  /** A message of it is about to leave: noted, and kept by `keep`. */
  leaving(order: Order): void;
  /** What was said to leave has certainly not been taken. */
  stayed(order: Order): void;
  /** Keeps what has been noted for who comes after a sudden end. False: that is not possible, and nothing may leave. */
  keep(): boolean;
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
  /** Of the most urgent lane. */
  readonly urgent: boolean;
  /** The rate of its network or country, where that has one. */
  readonly limit: NetworkLimit | undefined;
  /** Segments that its limit counts and that have not been given to the link. */
  ahead = 0;
  /** It has been noted that it leaves. */
  noted = false;
  /** Segments that are set aside for it in the quota. */
  reserved = 0;

  constructor(units: readonly U[], owner: Owner, order: Order, settle: Settle, limit?: NetworkLimit) {
    super(units);
    this.owner = owner;
    this.order = order;
    this.settle = settle;
    this.limit = limit;
    const { network, country, lane } = order.dispatch.facts;
    this.network = network ?? country;
    this.urgent = lane === LANES[0];
  }
}

/** `now`: monotonic, ms. */
export function heldTooLong({ heldSince }: { readonly heldSince: number }, now: number): boolean {
  return heldSince > 0 && now - heldSince > HELD_MS;
}
