import { isTerminalStatus } from "../../../domain/message/status.ts";
import type { QualityCell, QualitySummary } from "../../../domain/quality/quality-cell.ts";
import { QualityCollector } from "../../../domain/quality/quality-collector.ts";
import type { Codec } from "../../../platform/codec/codec.ts";
import type { OutRecord } from "../../../platform/kafka/record.ts";
import type { Event, MessageFacts, Quality } from "../../../schemas/generated/types.ts";
import { QUALITY_TOPIC } from "../../../schemas/topics.ts";

/**
 * Time between two looks at what there is to tell, ms of stream time, at the least: less than passes between two answers of the
 * {@link LogFrontier}, so that each of them leads to one, also when it comes a little early.
 */
const TELL_EVERY_MS = 400;

/**
 * Counts what receipts say of the providers, on the events of one partition, and puts it into records of sms.quality. What it
 * counts is a matter of degree: a repeat of the log's writer, or what a takeover leaves out, moves no estimate.
 */
export class QualityWatch {
  private readonly codec: Codec<Quality>;
  private readonly collector: QualityCollector;
  private toldAt = 0;

  /** `since`: epoch ms by the brokers' clock. */
  constructor(codec: Codec<Quality>, partition: number, since: number) {
    this.codec = codec;
    this.collector = new QualityCollector(partition, since);
  }

  /** How many of a provider's ways are being watched. */
  get size(): number {
    return this.collector.size;
  }

  /** A provider has taken a message, which nothing had said before. */
  taken({ facts, provider, submittedAt, at }: Event): void {
    if (provider !== null) this.collector.submitted(cellOf(facts, provider), submittedAt ?? at);
  }

  /** An event that the correlator writes. */
  written(event: Event): void {
    const { type, facts, provider, submittedAt, receiptAt, state, at } = event;
    if (type === "submitted") this.taken(event);
    // A failed receipt is as much its provider's when the message goes on to another one.
    else if (
      (type === "final" || type === "rerouted") &&
      provider !== null &&
      submittedAt !== null &&
      state !== null &&
      isTerminalStatus(state)
    )
      this.collector.ended(cellOf(facts, provider), state, submittedAt, receiptAt ?? at);
  }

  /** Records that are to be written. `readUpTo`: all that was written before, epoch ms, has been given. */
  tell(readUpTo: number): OutRecord[] {
    if (readUpTo - this.toldAt < TELL_EVERY_MS) return [];
    this.toldAt = readUpTo;
    return this.collector.tick(readUpTo).map((summary) => this.record(summary));
  }

  private record({ delivered, ...summary }: QualitySummary): OutRecord {
    const { provider, country, network, lane, partition } = summary;
    const key = `${provider}/${country}/${network ?? ""}/${lane}/${partition}`;
    return { topic: QUALITY_TOPIC, partition: 0, key, value: this.codec.encode({ ...summary, deliveries: delivered }) };
  }
}

function cellOf({ country, network, lane }: MessageFacts, provider: string): QualityCell {
  return { provider, country, network, lane };
}
