import type { SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import { DeliveredRecords } from "../../../pipeline/records/delivered-records.ts";
import { eventRecord } from "../../../pipeline/records/event-record.ts";
import { sampledTrace } from "../../../pipeline/traces/message-trace.ts";
import type { MessageTraces } from "../../../pipeline/traces/message-traces.ts";
import type { Codec } from "../../../platform/codec/codec.ts";
import type { OutRecord } from "../../../platform/kafka/record.ts";
import type { Outputs } from "../../../platform/kafka/transform.ts";
import { formatTraceparent } from "../../../platform/telemetry/trace-context.ts";
import type { Event, Inbound, NumberNetwork } from "../../../schemas/generated/types.ts";
import { CORRELATION_TOPIC, NETWORKS_TOPIC, RECEIPTS_TOPIC } from "../../../schemas/topics.ts";
import { IndexCollector } from "../placing/index-collector.ts";
import type { CorrelationOutputs } from "./correlation-terms.ts";
import type { EarlyReceipt } from "./early-receipts.ts";
import type { EventPacking } from "./kept-messages.ts";

export interface RecordWriterOptions {
  readonly codecs: Pick<SluiceCodecs, "event" | "receipt" | "inbound" | "submissionIndex" | "numberNetwork">;
  readonly partition: number;
  /** Of the message topics. */
  readonly partitions: number;
  readonly traces: Pick<MessageTraces, "conclusion"> | undefined;
  /** Told of each event that is written. */
  readonly onWritten: (event: Event) => void;
  /** The dead letter of a receipt that nobody claims. */
  readonly putAside: (orphan: EarlyReceipt) => OutRecord;
}

/** Puts conclusions into Kafka records. */
export class RecordWriter implements CorrelationOutputs {
  to!: Outputs;
  private readonly options: RecordWriterOptions;
  private readonly delivered: DeliveredRecords;
  private readonly collector: IndexCollector;

  constructor(options: RecordWriterOptions) {
    this.options = options;
    this.delivered = new DeliveredRecords(options.codecs, options.partitions);
    this.collector = new IndexCollector(options.codecs.submissionIndex, options.partitions);
  }

  emit(id: string, event: Event, carried: string | undefined): void {
    const trace = this.trace(event, carried);
    const headers = trace === undefined ? { id } : { id, traceparent: trace };
    this.options.onWritten(event);
    this.to.decide(eventRecord(this.options.codecs.event, event, this.options.partition, headers));
  }

  private trace(event: Event, carried: string | undefined): string | undefined {
    const { traces } = this.options;
    if (traces === undefined) return carried;
    const context = traces.conclusion(event, sampledTrace(carried));
    return carried ?? (context === undefined ? undefined : formatTraceparent(context));
  }

  keep(key: string, event: Event, trace: string | undefined): void {
    const headers = trace === undefined ? undefined : { traceparent: trace };
    this.to.decide(this.record(CORRELATION_TOPIC, key, this.options.codecs.event.encode(event), headers));
  }

  forget(key: string): void {
    // An effect: gone only when the terminal event is stored.
    this.to.effect(this.record(CORRELATION_TOPIC, key, null));
  }

  index(provider: string, id: string, to: string): void {
    this.collector.add(provider, id, to);
  }

  /** Writes what has been given to `index` since the last call. */
  flushIndex(): void {
    for (const record of this.collector.records()) this.to.decide(record);
  }

  putAside(orphan: EarlyReceipt): void {
    this.to.decide(this.options.putAside(orphan));
  }

  learned(known: NumberNetwork): void {
    // Not an effect, which would cost a commit: written twice, or by who has lost the partition, it says nothing wrong.
    this.to.decide(this.record(NETWORKS_TOPIC, known.to, this.options.codecs.numberNetwork.encode(known)));
  }

  inbound(message: Inbound, offset: number): void {
    this.to.decide(this.delivered.inbound(message, `${RECEIPTS_TOPIC}/${this.options.partition}/${offset}`));
  }

  private record(topic: string, key: string, value: Buffer | null, headers?: Record<string, string>): OutRecord {
    const { partition } = this.options;
    return headers === undefined ? { topic, partition, key, value } : { topic, partition, key, value, headers };
  }
}

/** Events in their small form: see {@link EventPacking}. */
export function packingOf(codec: Codec<Event>): EventPacking {
  return {
    pack: (event: Event) => codec.encode(event).toString("latin1"),
    unpack: (packed: string) => {
      const decoded = codec.decode(Buffer.from(packed, "latin1"));
      if (!decoded.ok) throw new Error(`An event that was packed here cannot be unpacked: ${decoded.detail}`);
      return decoded.value;
    },
  };
}
