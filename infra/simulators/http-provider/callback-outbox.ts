import { Pool } from "undici";
import { BoundedQueue } from "../behaviour/bounded-queue.ts";
import { TimerWheel } from "../behaviour/timer-wheel.ts";
import { twilioSignature } from "./twilio-signature.ts";

/** One status callback on its way. */
export interface StatusCallback {
  readonly url: URL;
  /** The URL as the request gave it. */
  readonly urlText: string;
  readonly authToken: string;
  readonly parameters: Readonly<Record<string, string>>;
  attempts: number;
}

/** What became of callbacks. */
export interface CallbackCounts {
  planned: number;
  lost: number;
  /** Requests made, repeats included. */
  posted: number;
  /** Answered with 2xx. */
  acknowledged: number;
  retried: number;
  /** Answered with 4xx, or given up after too many attempts. */
  abandoned: number;
  /** Not kept for lack of room. */
  overflowed: number;
}

/** All counts at zero. */
export function noCallbacks(): CallbackCounts {
  return { planned: 0, lost: 0, posted: 0, acknowledged: 0, retried: 0, abandoned: 0, overflowed: 0 };
}

/** What the outbox needs from the simulator. */
export interface CallbackContext {
  readonly counts: () => CallbackCounts;
  readonly limits: () => { readonly timeoutMs: number; readonly retryMs: number; readonly maxAttempts: number };
  /** False while the simulator is dark: callbacks wait. */
  readonly open: () => boolean;
}

/** Receivers (scheme, host and port) that connections are kept to. */
const maxReceivers = 64;
/** The longest wait between two attempts, ms. */
const maxRetryMs = 60_000;

/**
 * Posts status callbacks over kept connections, a bounded number at a time, and repeats those that fail. Every callback ends as
 * acknowledged, abandoned or overflowed.
 */
export class CallbackOutbox {
  readonly #connections: number;
  readonly #context: CallbackContext;
  readonly #wheel: TimerWheel<StatusCallback>;
  readonly #queue: BoundedQueue<StatusCallback>;
  readonly #pools = new Map<string, Pool>();
  #stopped = false;
  #inFlight = 0;

  constructor(options: { connections: number; capacity: number }, context: CallbackContext) {
    this.#connections = options.connections;
    this.#context = context;
    this.#queue = new BoundedQueue(options.capacity);
    this.#wheel = new TimerWheel((callback) => this.#push(callback), { capacity: options.capacity });
  }

  /** Callbacks that wait for their time, for a connection, and for their answer. */
  get waiting(): { readonly time: number; readonly connection: number; readonly answer: number } {
    return { time: this.#wheel.size, connection: this.#queue.size, answer: this.#inFlight };
  }

  /** Posts `callback` in `delayMs`. */
  schedule(callback: StatusCallback, delayMs: number): void {
    if (delayMs <= 0) this.#push(callback);
    else if (!this.#wheel.schedule(callback, delayMs)) this.#context.counts().overflowed++;
  }

  /** Posts what can be posted now; called again when the simulator comes back to light. */
  pump(): void {
    while (this.#inFlight < this.#connections && this.#context.open()) {
      const callback = this.#queue.shift();
      if (callback === undefined) return;
      this.#inFlight++;
      this.#post(callback).then(
        (status) => this.#ended(callback, status),
        () => this.#ended(callback, 0),
      );
    }
  }

  /** Forgets what waits. */
  clear(): void {
    this.#wheel.clear();
    this.#queue.clear();
  }

  /** Breaks off what is under way and closes the connections. */
  async stop(): Promise<void> {
    this.clear();
    this.#stopped = true;
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
    this.#pools.clear();
    this.clear();
  }

  #push(callback: StatusCallback): void {
    if (this.#queue.push(callback)) this.pump();
    else this.#context.counts().overflowed++;
  }

  async #post(callback: StatusCallback): Promise<number> {
    const { url, urlText, authToken, parameters } = callback;
    callback.attempts++;
    this.#context.counts().posted++;
    const { timeoutMs } = this.#context.limits();
    const { statusCode, body } = await this.#pool(url.origin).request({
      method: "POST",
      path: url.pathname + url.search,
      headers: {
        "content-type": "application/x-www-form-urlencoded; charset=utf-8",
        "user-agent": "TwilioProxy/1.1",
        "x-twilio-signature": twilioSignature(authToken, urlText, parameters),
      },
      body: new URLSearchParams(parameters).toString(),
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
    await body.dump();
    return statusCode;
  }

  #pool(origin: string): Pool {
    let pool = this.#pools.get(origin);
    if (pool === undefined) {
      if (this.#pools.size >= maxReceivers) throw new Error(`callbacks go to more than ${maxReceivers} receivers`);
      pool = new Pool(origin, { connections: this.#connections, connect: { timeout: 2_000 } });
      this.#pools.set(origin, pool);
    }
    return pool;
  }

  /** `status` is 0 when there was no answer. */
  #ended(callback: StatusCallback, status: number): void {
    this.#inFlight--;
    const counts = this.#context.counts();
    const { retryMs, maxAttempts } = this.#context.limits();
    const mayPass = status === 0 || status === 429 || status >= 500;
    if (status >= 200 && status < 300) counts.acknowledged++;
    else if (!mayPass || callback.attempts >= maxAttempts || this.#stopped) counts.abandoned++;
    else {
      counts.retried++;
      this.schedule(callback, Math.min(maxRetryMs, retryMs * 2 ** (callback.attempts - 1)));
    }
    this.pump();
  }
}
