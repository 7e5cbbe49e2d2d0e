import type { LifecycleScope } from "../lifecycle/lifecycle.ts";
import type { BrokerClock } from "./broker-clock.ts";
import type { RecordProducer } from "./producer.ts";

export interface BrokerClockProbeOptions {
  readonly producer: Pick<RecordProducer, "send" | "lastFailure"> & { readonly clock: Pick<BrokerClock, "sampledAt"> };
  /** A compacted topic of one partition or more whose readers skip records without a value. */
  readonly topic: string;
  /** Who asks; key of the record. */
  readonly instance: string;
}

/** Until it is said that the answer is missing, and why; less than wait-for.ts gives an attempt, ms. */
const PATIENCE_MS = 3_000;
/** A clock that was told the time less than so long ago need not ask, ms. */
const FRESH_MS = 10_000;

/**
 * Tells a producer's clock the time when no other write does: at the start, before anything is decided by it, and while
 * nothing happens. A record without a value is written for its append time alone, and compaction removes it.
 */
export class BrokerClockProbe {
  private readonly options: BrokerClockProbeOptions;
  private asking: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(options: BrokerClockProbeOptions) {
    this.options = options;
  }

  /** Resolves when the time is known, and keeps it fresh from then on. Rejects when no answer has come in a while: call it again. */
  async start(): Promise<void> {
    await this.answered();
    this.timer ??= setInterval(() => {
      if (performance.now() - this.options.producer.clock.sampledAt >= FRESH_MS) void this.ask().catch(() => {});
    }, FRESH_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async answered(): Promise<void> {
    const { producer, topic } = this.options;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const why = () => producer.lastFailure ?? "no answer";
      timer = setTimeout(() => reject(new Error(`a write to ${topic} is not confirmed: ${why()}`)), PATIENCE_MS);
    });
    await Promise.race([this.ask(), late]).finally(() => clearTimeout(timer));
  }

  /** One question at a time: while Kafka is away they would pile up. */
  private ask(): Promise<void> {
    const { producer, topic, instance } = this.options;
    const record = { topic, partition: 0, key: `clock/${instance}`, value: null };
    this.asking ??= producer.send([record]).finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }
}

/** Waits until the brokers' time is known, and keeps the producer's clock by it. */
export async function keepBrokersTime(
  scope: Pick<LifecycleScope, "add" | "waitFor">,
  options: BrokerClockProbeOptions,
): Promise<void> {
  const probe = new BrokerClockProbe(options);
  await scope.waitFor("kafka (its time)", () => probe.start());
  await scope.add("broker clock", { start: () => probe, stop: () => probe.stop() });
}
