import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { MessageStatusAnswer, StatusSource } from "../../../pipeline/read-model/message-status.ts";
import type { Codec } from "../../../platform/codec/codec.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import type { Counter, MetricRegistry } from "../../../platform/telemetry/metric-registry.ts";
import type { Cancel } from "../../../schemas/generated/types.ts";
import { CANCELS_TOPIC } from "../../../schemas/topics.ts";
import type { Closed, Throttled } from "../acceptance/acceptor.ts";
import { type Admitting, admitOne } from "../acceptance/admit-one.ts";
import type { Account } from "../acceptance/api-keys.ts";
import type { DeadlineWriter } from "../acceptance/deadline-writer.ts";
import type { CancelAnswers } from "./cancel-answers.ts";

/** An answer is waited for so long, ms; the wish is carried out all the same. */
export const ANSWER_MS = 5_000;
/** A message that was accepted a moment ago may not wait yet: it is asked for again after so long, ms. */
const AGAIN_MS = 700;

/**
 * - `cancelled`: these destinations (E.164 digits) will not get it; `gone`: for these it was too late;
 * - `too-late`: it does not wait for its time (any more); `status` is what is known of it;
 * - `no-such-message`: nobody knows of one;
 * - `unanswered`: the wish stands in the log, and is carried out when a router reads it;
 * - `refused`, `unknown`, `closed`: it does not, or nobody knows. To ask again does no harm.
 */
export type CancelOutcome =
  | { readonly outcome: "cancelled"; readonly cancelled: readonly string[]; readonly gone: readonly string[] }
  | { readonly outcome: "too-late"; readonly status: MessageStatusAnswer | undefined }
  | { readonly outcome: "no-such-message" | "unanswered" | "refused" | "unknown" }
  | Closed
  | Throttled;

export interface CancelsOptions extends Admitting {
  readonly codec: Codec<Cancel>;
  /** Of sms.cancels. */
  readonly partitions: number;
  readonly writer: Pick<DeadlineWriter, "open" | "write">;
  readonly answers: Pick<CancelAnswers, "of">;
  readonly status: StatusSource;
  readonly metrics: CancelMetrics;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
  /** Default: as stated above. */
  readonly answerMs?: number;
}

/**
 * Cancels messages that wait for their time. Who decides is the router that would release the message: its word, and nobody's guess, is what
 * is answered.
 */
export class Cancels {
  readonly #options: CancelsOptions;

  constructor(options: CancelsOptions) {
    this.#options = options;
  }

  /** `messageId`: a UUID in lower case. @throws as StatusSource where no router knows of it and its status cannot be had */
  async cancel(account: Account, messageId: string): Promise<CancelOutcome> {
    const refused = admitOne(account, this.#options);
    const outcome = refused ?? (await this.#cancel(account.id, messageId));
    this.#options.metrics[outcome.outcome]?.add();
    return outcome;
  }

  async #cancel(accountId: string, messageId: string): Promise<CancelOutcome> {
    const { answerMs = ANSWER_MS } = this.#options;
    const until = performance.now() + answerMs;
    for (;;) {
      const left = Math.max(1, until - performance.now());
      const outcome = await this.#ask(accountId, messageId, left);
      if (outcome !== undefined) return outcome;
      const [status] = await this.#options.status.find(accountId, messageId, []);
      // Accepted a moment ago, or scheduled: what the routers have on disk may be a moment older.
      const mayWaitYet = status === undefined || status.status === "accepted" || status.sendAt !== undefined;
      if (!mayWaitYet) return { outcome: "too-late", status };
      if (until - performance.now() < AGAIN_MS)
        return status === undefined ? { outcome: "no-such-message" } : { outcome: "too-late", status };
      await sleep(AGAIN_MS);
    }
  }

  /** Undefined: nothing of the account waits under this id, as far as the routers know. */
  async #ask(accountId: string, messageId: string, ms: number): Promise<CancelOutcome | undefined> {
    const { codec, partitions, writer, answers, now } = this.#options;
    const wish: Cancel = { messageId, accountId, at: now(), scheduled: null, outcome: null, to: null, answers: 1 };
    const answer = answers.of(wish, ms);
    const partition = partitionFor(messageId, partitions);
    const record = { topic: CANCELS_TOPIC, partition, key: messageId, value: codec.encode(wish) };
    const stored = await writer.write([record], performance.now());
    if (stored !== "stored") return { outcome: stored };
    const told = await answer;
    if (told === undefined) return { outcome: "unanswered" };
    const of = (outcome: string) => told.flatMap((one) => (one.outcome === outcome && one.to !== null ? [one.to] : []));
    const [cancelled, gone] = [of("cancelled"), of("gone")];
    return cancelled.length > 0 ? { outcome: "cancelled", cancelled, gone } : undefined;
  }
}

/** Cancels by what became of them. */
export type CancelMetrics = Readonly<Partial<Record<CancelOutcome["outcome"], Counter>>>;

export function cancelMetrics(registry: MetricRegistry): CancelMetrics {
  const asked = registry.counter("ingest_cancels_total", { help: "Messages to be cancelled, by what became of it" });
  const counted = [
    "cancelled",
    "too-late",
    "no-such-message",
    "unanswered",
    "refused",
    "unknown",
    "closed",
    "throttled",
  ] as const;
  return Object.fromEntries(counted.map((outcome) => [outcome, asked.with({ outcome })]));
}
