import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { messageIdTime } from "../../../domain/message/message-id.ts";
import type { MessageStatusAnswer, StatusSource } from "../../../pipeline/read-model/message-status.ts";
import type { Codec } from "../../../platform/codec/codec.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import type { Counter, MetricRegistry } from "../../../platform/telemetry/metric-registry.ts";
import type { Cancel } from "../../../schemas/generated/types.ts";
import { CANCELS_TOPIC } from "../../../schemas/topics.ts";
import type { Closed, Throttled } from "../acceptance/acceptor.ts";
import { type Admitting, admitOne } from "../acceptance/admit-one.ts";
import type { DeadlineWriter } from "../acceptance/deadline-writer.ts";
import type { Account } from "../access/api-keys.ts";
import type { CancelAnswers } from "./cancel-answers.ts";

/** An answer is waited for so long, ms; the wish is carried out all the same. */
export const ANSWER_MS = 5_000;
/** A message that was accepted a moment ago may not wait yet: it is asked for again after so long, ms, then after twice as long: five times in all. */
const AGAIN_MS = 250;
/** An id says when it was made: one that was made so recently, ms, may have been accepted by another instance, and be known to nobody who can be asked. */
const RECENT_MS = 60_000;

/**
 * - `cancelled`: these destinations (E.164 digits) will not get it; `gone`: for these it was too late;
 * - `too-late`: it does not wait for its time (any more); `status` is what is known of it since;
 * - `not-yet`: it has been accepted, and no router has decided on it, so that none has it waiting;
 * - `no-such-message`: nobody knows of one;
 * - `unanswered`: the wish stands in the log, and is carried out when a router reads it;
 * - `refused`, `unknown`, `closed`: it does not, or nobody knows. To ask again does no harm.
 */
export type CancelOutcome =
  | { readonly outcome: "cancelled"; readonly cancelled: readonly string[]; readonly gone: readonly string[] }
  | { readonly outcome: "too-late"; readonly status: MessageStatusAnswer | undefined }
  | { readonly outcome: "no-such-message" | "not-yet" | "unanswered" | "refused" | "unknown" }
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

  /** One wish, where the routers have the message or nobody knows of it; more only of one that may come to wait in a moment. */
  async #cancel(accountId: string, messageId: string): Promise<CancelOutcome> {
    const { answerMs = ANSWER_MS } = this.#options;
    const until = performance.now() + answerMs;
    for (let pause = AGAIN_MS; ; pause *= 2) {
      const left = Math.max(1, until - performance.now());
      const outcome = await this.#ask(accountId, messageId, left);
      if (outcome === "gone") return { outcome: "too-late", status: await this.#statusSince(accountId, messageId) };
      if (outcome !== "none") return outcome;
      const [status] = await this.#options.status.find(accountId, messageId, []);
      const last = until - performance.now() < pause;
      if (status === undefined && (last || !this.#isRecent(messageId))) return { outcome: "no-such-message" };
      // It has waited, and no router has it any more: what became of it is not known yet. Their copies may be a moment old.
      if (status?.sendAt !== undefined && (last || pause > AGAIN_MS)) return { outcome: "too-late", status: undefined };
      if (status !== undefined && status.sendAt === undefined && status.status !== "accepted")
        return { outcome: "too-late", status };
      if (last) return { outcome: "not-yet" };
      await sleep(pause);
    }
  }

  /** What became of a message whose time had come; undefined while analytics only knows that it waits, or is away. */
  async #statusSince(accountId: string, messageId: string): Promise<MessageStatusAnswer | undefined> {
    const found = await this.#options.status.find(accountId, messageId, []).catch(() => []);
    return found.find(({ status, sendAt }) => status !== "accepted" && sendAt === undefined);
  }

  #isRecent(messageId: string): boolean {
    return Math.abs(this.#options.now() - (messageIdTime(messageId) ?? Number.NEGATIVE_INFINITY)) < RECENT_MS;
  }

  /** `gone`: it had waited, and its time has come; `none`: nothing of the account waits under this id, as far as the routers know. */
  async #ask(accountId: string, messageId: string, ms: number): Promise<CancelOutcome | "gone" | "none"> {
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
    if (cancelled.length > 0) return { outcome: "cancelled", cancelled, gone };
    return gone.length > 0 ? "gone" : "none";
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
    "not-yet",
    "unanswered",
    "refused",
    "unknown",
    "closed",
    "throttled",
  ] as const;
  return Object.fromEntries(counted.map((outcome) => [outcome, asked.with({ outcome })]));
}
