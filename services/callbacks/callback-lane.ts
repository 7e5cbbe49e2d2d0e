import type { Callback } from "../../schemas/generated/types.ts";

/** A callback in memory. */
export interface Item {
  readonly key: string;
  readonly chain: string;
  /** Among those of its message. */
  readonly place: number;
  /** The name of its endpoint. */
  readonly endpoint: string;
  readonly callback: Callback;
  /** Offset of its event, as long as that is not done. */
  source: number | undefined;
  /** It stands in sms.callbacks, or is on its way there. */
  durable: boolean;
  /** Monotonic ms. */
  readonly since: number;
  sending: boolean;
}

/**
 * What is in memory to be told to one endpoint, in one partition, in its order. Of a message one callback is under way at a time, and none overtakes
 * an earlier one.
 */
export class CallbackLane {
  readonly endpoint: string;
  /** What waits to be sent. */
  private queue: Item[] = [];
  private sending = 0;
  /** Nothing that waits elsewhere is due before, epoch ms. */
  earliest = Number.POSITIVE_INFINITY;
  looking = false;
  /** When it was looked for last, monotonic ms. */
  lookedAt = Number.NEGATIVE_INFINITY;
  /** Nothing of it may go before something else has ended. */
  stuck = false;

  constructor(endpoint: string) {
    this.endpoint = endpoint;
  }

  /** In memory, under way or not. */
  get length(): number {
    return this.queue.length + this.sending;
  }

  get queued(): number {
    return this.queue.length;
  }

  /** Of what waits here, all. */
  get items(): readonly Item[] {
    return this.queue;
  }

  add(item: Item): void {
    this.queue.push(item);
  }

  /** The next that may be sent, taken out; `isFirst`: whether no earlier one of its message is in memory. */
  next(isFirst: (item: Item) => boolean): Item | undefined {
    const at = this.queue.findIndex(isFirst);
    if (at < 0) return undefined;
    const [item] = this.queue.splice(at, 1);
    this.sending++;
    item!.sending = true;
    return item;
  }

  /** One that was under way has ended. */
  ended(): void {
    this.sending--;
  }

  /** Takes out of what waits here all that `leaves` says, in order. */
  takeOut(leaves: (item: Item) => boolean): Item[] {
    const out = this.queue.filter(leaves);
    if (out.length > 0) this.queue = this.queue.filter((item) => !out.includes(item));
    return out;
  }
}
