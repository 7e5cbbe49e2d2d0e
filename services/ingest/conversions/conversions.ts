import { performance } from "node:perf_hooks";
import { messageIdTime } from "../../../domain/message/message-id.ts";
import type { FieldProblem } from "../../../domain/message/validation.ts";
import type { Codec } from "../../../platform/codec/codec.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import type { Counter, MetricRegistry } from "../../../platform/telemetry/metric-registry.ts";
import type { Conversion } from "../../../schemas/generated/types.ts";
import { CONVERSIONS_TOPIC } from "../../../schemas/topics.ts";
import type { Closed, Throttled } from "../acceptance/acceptor.ts";
import { type Admitting, admitOne } from "../acceptance/admit-one.ts";
import type { DeadlineWriter } from "../acceptance/deadline-writer.ts";
import type { RecentAcceptances } from "../acceptance/recent-acceptances.ts";
import type { Account } from "../access/api-keys.ts";
import { type ConversionWord, readConversion } from "./read-conversion.ts";

/** Of an older message nothing is taken any more, ms; nobody types a code in after days. */
export const LATEST_MS = 7 * 86_400_000;
/** An id's time may lie so far ahead: upstream systems make ids too, by their own clocks. */
const AHEAD_MS = 3_600_000;

/**
 * - `stored`: it stands in the log, on all in-sync replicas;
 * - `no-such-message`, `too-late`, `invalid`: as far as it can be known here, nothing will ever come of it;
 * - `refused`: Kafka takes no more; `unknown`: Kafka has not answered in time. To tell it again does no harm.
 */
export type ConversionOutcome =
  | { readonly outcome: "stored"; readonly word: ConversionWord }
  | { readonly outcome: "no-such-message" | "too-late" | "refused" | "unknown" }
  | { readonly outcome: "invalid"; readonly problems: readonly FieldProblem[] }
  | Closed
  | Throttled;

export interface ConversionsOptions extends Admitting {
  readonly codec: Codec<Conversion>;
  /** Of sms.conversions. */
  readonly partitions: number;
  readonly writer: Pick<DeadlineWriter, "open" | "write">;
  readonly recent: Pick<RecentAcceptances, "isOfOther">;
  readonly metrics: ConversionMetrics;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
}

/**
 * Takes what applications know of their messages, and asks nobody for it: the id is the key of the record, and whose message
 * it is, and which way it went, is found out behind the log (analytics-sink).
 */
export class Conversions {
  readonly #options: ConversionsOptions;

  constructor(options: ConversionsOptions) {
    this.#options = options;
  }

  /** Asked before a body is read. An account may tell as often as it may send. */
  admit(account: Account): Closed | Throttled | undefined {
    return admitOne(account, this.#options);
  }

  /** `messageId`: a UUID in lower case; `body`: whatever was given. */
  async tell(account: Account, messageId: string, body: unknown): Promise<ConversionOutcome> {
    const outcome = await this.#tell(account, messageId, body);
    this.#options.metrics[outcome.outcome]?.add();
    return outcome;
  }

  async #tell({ id }: Account, messageId: string, body: unknown): Promise<ConversionOutcome> {
    const { codec, partitions, writer, recent, now } = this.#options;
    const toldAt = now();
    const sentAt = messageIdTime(messageId);
    if (sentAt !== undefined && sentAt > toldAt + AHEAD_MS) return { outcome: "no-such-message" };
    if (recent.isOfOther(messageId, id, performance.now())) return { outcome: "no-such-message" };
    if (sentAt !== undefined && sentAt < toldAt - LATEST_MS) return { outcome: "too-late" };
    const read = readConversion(body, { now: toldAt, earliest: toldAt - LATEST_MS });
    if (!read.ok) return { outcome: "invalid", problems: read.problems };
    const { word } = read;
    const record = {
      topic: CONVERSIONS_TOPIC,
      partition: partitionFor(messageId, partitions),
      key: messageId,
      value: codec.encode({ messageId, accountId: id, ...word }),
    };
    const outcome = await writer.write([record], performance.now());
    return outcome === "stored" ? { outcome, word } : { outcome };
  }
}

/** Conversions by what became of them; what is not counted here was refused unread. */
export type ConversionMetrics = Readonly<Partial<Record<ConversionOutcome["outcome"], Counter>>>;

export function conversionMetrics(registry: MetricRegistry): ConversionMetrics {
  const told = registry.counter("ingest_conversions_total", { help: "Conversions told by what became of them" });
  const counted = ["stored", "no-such-message", "too-late", "refused", "unknown", "invalid"] as const;
  return Object.fromEntries(counted.map((outcome) => [outcome, told.with({ outcome })]));
}
