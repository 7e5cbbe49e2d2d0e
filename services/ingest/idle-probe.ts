import { performance } from "node:perf_hooks";
import { errorMessage } from "../../platform/errors/sluice-error.ts";
import type { KafkaConnection } from "../../platform/kafka/connection.ts";
import type { RecordProducer } from "../../platform/kafka/producer.ts";
import { askBrokers } from "../../platform/kafka/topics.ts";
import type { CheckOutcome } from "../../platform/lifecycle/readiness.ts";

export interface IdleProbeOptions {
  /** Monotonic ms of the last acknowledgement; 0 before the first. */
  readonly lastAcknowledgedAt: () => number;
  /** Asks the brokers for something; rejects when they do not answer. */
  readonly ask: () => Promise<unknown>;
  /** How often, and how fresh an acknowledgement must be to make asking needless; ms. */
  readonly everyMs: number;
  /** An answer that takes longer counts as none, ms. */
  readonly timeoutMs: number;
}

const PROBE_EVERY_MS = 10_000;
const PROBE_TIMEOUT_MS = 5_000;

/**
 * Whether Kafka answers, as a readiness check. Acknowledged writes are the best proof; when there are none, since no one
 * sends anything, the brokers are asked instead, so that an idle instance does not look ready in front of a dead cluster.
 */
export class IdleProbe {
  readonly #options: IdleProbeOptions;
  #outcome: CheckOutcome = { ok: true };
  #asking = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: IdleProbeOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => void this.probe(), this.#options.everyMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  get outcome(): CheckOutcome {
    return this.#outcome;
  }

  /** One turn: asks if need be. Never rejects. */
  async probe(): Promise<void> {
    if (this.#isConfirmed) {
      this.#outcome = { ok: true };
      return;
    }
    if (this.#asking) return;
    const { ask, timeoutMs } = this.#options;
    this.#asking = true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<CheckOutcome>((resolve) => {
      timer = setTimeout(resolve, timeoutMs, { ok: false, why: `Kafka has not answered within ${timeoutMs} ms` });
    });
    const answer = ask().then(
      (): CheckOutcome => ({ ok: true }),
      (error: unknown): CheckOutcome => ({ ok: false, why: `Kafka does not answer: ${errorMessage(error)}` }),
    );
    const found = await Promise.race([answer, late]);
    // A write may have been confirmed meanwhile, which says more than a question without an answer.
    this.#outcome = this.#isConfirmed ? { ok: true } : found;
    clearTimeout(timer);
    // A question that hangs is not followed by another until it has ended: they would pile up.
    void answer.then(() => {
      this.#asking = false;
    });
  }

  /** Whether a write was acknowledged a short time ago. */
  get #isConfirmed(): boolean {
    const last = this.#options.lastAcknowledgedAt();
    return last !== 0 && performance.now() - last < this.#options.everyMs;
  }
}

/** The probe of these brokers. The question needs no leader of any topic: one partition without one says nothing of the cluster. */
export function kafkaProbe(connection: KafkaConnection, producer: Pick<RecordProducer, "lastAcknowledgedAt">) {
  return new IdleProbe({
    lastAcknowledgedAt: () => producer.lastAcknowledgedAt,
    ask: () => askBrokers(connection),
    everyMs: PROBE_EVERY_MS,
    timeoutMs: PROBE_TIMEOUT_MS,
  });
}
