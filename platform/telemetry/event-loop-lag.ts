import { monitorEventLoopDelay } from "node:perf_hooks";

/** How late the event loop ran its timers, in seconds beyond the sampling interval. */
export interface LagReading {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Sampling interval of the monitor, milliseconds: 50 wake-ups a second are too few to be seen in a profile. */
const RESOLUTION_MS = 20;

/** A reading covers between one and two windows of this length, milliseconds. */
const WINDOW_MS = 10_000;

/** Watches the event loop's delay over the last seconds, for `/healthz` and the metrics. */
export class EventLoopLag {
  readonly #histogram: ReturnType<typeof monitorEventLoopDelay>;
  #windowStart = performance.now();
  #previous: LagReading = { p50: 0, p99: 0, max: 0 };

  constructor() {
    this.#histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.#histogram.enable();
  }

  /** The worse of the current window and the one before it. Windows turn over when they are read: no timer needed. */
  read(): LagReading {
    const current = this.#current();
    const reading = {
      p50: Math.max(current.p50, this.#previous.p50),
      p99: Math.max(current.p99, this.#previous.p99),
      max: Math.max(current.max, this.#previous.max),
    };
    const now = performance.now();
    if (now - this.#windowStart >= WINDOW_MS) {
      this.#previous = current;
      this.#windowStart = now;
      this.#histogram.reset();
    }
    return reading;
  }

  close(): void {
    this.#histogram.disable();
  }

  #current(): LagReading {
    if (this.#histogram.count === 0) return { p50: 0, p99: 0, max: 0 };
    // The monitor reports whole intervals in nanoseconds: what is beyond the resolution is lag.
    const lag = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1e3);
    return {
      p50: lag(this.#histogram.percentile(50)),
      p99: lag(this.#histogram.percentile(99)),
      max: lag(this.#histogram.max),
    };
  }
}
