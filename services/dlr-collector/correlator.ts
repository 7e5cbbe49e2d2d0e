import type { Codec } from "../../platform/codec/codec.ts";
import { errorMessage } from "../../platform/errors/sluice-error.ts";
import { headerText, type InRecord, type OutRecord } from "../../platform/kafka/record.ts";
import type { Task } from "../../platform/kafka/task.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import type { Outputs, Transform } from "../../platform/kafka/transform.ts";
import type { Log } from "../../platform/log/log.ts";
import type { SluiceCodecs } from "../../schemas/codecs.ts";
import { deadLetterRecord } from "../../schemas/dead-letter.ts";
import type { Event } from "../../schemas/generated/types.ts";
import { implausibleEvent, implausibleReceipt } from "../../schemas/plausible.ts";
import { CORRELATION_TOPIC, EVENTS_TOPIC, RECEIPTS_TOPIC } from "../../schemas/topics.ts";
import { Correlation, type CorrelationOptions } from "./correlation.ts";
import { formatState } from "./correlation-state.ts";
import type { CorrelationOutputs } from "./correlation-terms.ts";
import { eventKind, messageIdOf } from "./event-kind.ts";
import { type EventsProgress, ReceiptGate } from "./receipt-gate.ts";
import { restoreCorrelation } from "./restore-correlation.ts";
import { type EndsSample, StreamClock } from "./stream-clock.ts";
import { WriterSchemaLoader } from "./writer-schema-loader.ts";

/** The group's inputs, in its order: events first, so that a receipt seldom comes before its submission. */
export const CORRELATOR_INPUTS = [EVENTS_TOPIC, RECEIPTS_TOPIC] as const;
const [EVENTS, RECEIPTS] = [0, 1];

const NO_VALUE = "the record has no value";
/** Characters of a fault's message that a dead letter repeats. */
const MAX_DETAIL = 500;

/** For clocks that differ and for events that were under way when the log's end was asked, milliseconds. */
const GRACE_MS = 2_000;

/**
 * So many of the last events are read back at least, to recognise what is written a second time: a repeat comes at most
 * about 15 s after its original (producer.ts), and a partition carries some 2,000 events a second at full load.
 */
export const READ_BACK_EVENTS = 50_000;

export interface CorrelatorOptions {
  readonly codecs: SluiceCodecs;
  readonly reader: Pick<TopicReader, "readRange" | "watermarks">;
  readonly correlation: Omit<CorrelationOptions, "packing">;
  readonly log: Log;
  /** Where the inputs of a partition ended when that was last asked. */
  readonly ends: (partition: number) => EndsSample | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Told of each event that is written for a message with a `traceparent`. */
  readonly onTraced?: (event: Event, traceparent: string) => void;
  /** Default {@link READ_BACK_EVENTS}. */
  readonly readBackEvents?: number;
}

/** One partition of the correlator: records in, records out; what they mean is decided in correlation.ts. */
export class Correlator implements Transform {
  readonly correlation: Correlation;
  private readonly options: CorrelatorOptions;
  private readonly task: Task;
  private readonly clock = new StreamClock(GRACE_MS);
  private readonly gate: ReceiptGate;
  private readonly schemas: WriterSchemaLoader;
  private readonly writer: RecordWriter;
  /** Conclusions of the restore, to be written with the first batch. */
  private owed: ((out: CorrelationOutputs) => void)[] = [];

  constructor(task: Task, options: CorrelatorOptions) {
    this.task = task;
    this.options = options;
    const { event } = options.codecs;
    this.gate = new ReceiptGate(options.correlation.limits.earlyCount, GRACE_MS);
    this.schemas = new WriterSchemaLoader(options.codecs, options.log);
    this.writer = new RecordWriter(event, task.partition, options.onTraced);
    this.correlation = new Correlation({ ...options.correlation, packing: packingOf(event) });
  }

  async restore(task: Task): Promise<void> {
    const { reader, codecs, log, now } = this.options;
    this.owed = await restoreCorrelation(this.correlation, task, { reader, codecs, log, now, schemas: this.schemas });
  }

  /** Receipts wait when too many would have to be stored until their submissions are read. */
  dueIn(record: InRecord): number {
    if (record.topic !== RECEIPTS_TOPIC) return 0;
    return this.gate.dueIn(record.timestamp, this.correlation.earlyCount, this.eventsProgress);
  }

  prepare(records: readonly InRecord[]): Promise<void> | undefined {
    return this.schemas.load(records, this.task);
  }

  process(record: InRecord, input: number, out: Outputs): void {
    this.writer.to = out;
    if (input === RECEIPTS) this.receipt(record, out);
    else this.event(record, out);
  }

  tick(out: Outputs): void {
    this.writer.to = out;
    for (const write of this.owed.splice(0)) write(this.writer);
    const positions = this.task.inputs.map((input) => input.peek()?.offset ?? input.expected);
    this.clock.advance(this.options.ends(this.task.partition), positions);
    this.gate.advance(this.eventsProgress());
    this.correlation.pass(this.clock.readUpTo, this.writer, this.options.now());
  }

  state(offsets: readonly number[]): string {
    const { oldestEvent, oldestReceipt } = this.correlation;
    const { readBackEvents = READ_BACK_EVENTS } = this.options;
    const events = offsets[EVENTS]!;
    return formatState({
      events: Math.max(0, Math.min(oldestEvent, events - readBackEvents)),
      receipts: Math.min(oldestReceipt, offsets[RECEIPTS]!),
    });
  }

  private readonly eventsProgress = (): EventsProgress => {
    const input = this.task.inputs[EVENTS]!;
    const position = input.peek()?.offset ?? input.expected;
    return { position, backlog: input.backlog, sample: this.options.ends(this.task.partition) };
  };

  private receipt(record: InRecord, out: Outputs): void {
    const { counters } = this.options.correlation;
    counters.receipts++;
    if (record.value === null) {
      this.putAside(record, "undecodable", NO_VALUE, out);
      return;
    }
    const decoded = this.options.codecs.receipt.decode(record.value);
    if (!decoded.ok) {
      this.putAside(record, "undecodable", decoded.detail, out);
      return;
    }
    const wrong = implausibleReceipt(decoded.value);
    if (wrong !== undefined) this.putAside(record, "invalid", wrong, out);
    else this.correlation.receipt(decoded.value, record.offset, record.timestamp, this.writer, this.options.now());
  }

  /** Most events need not be decoded: their id says that they are of no concern here, or all that matters. */
  private event(record: InRecord, out: Outputs): void {
    const id = record.headers.id;
    if (id instanceof Uint8Array) {
      const kind = eventKind(id as Buffer);
      if (kind === "routed" || kind === "returned") return;
      if (kind === "final") {
        this.correlation.final(messageIdOf(id as Buffer), this.writer);
        return;
      }
      if (kind === "receipt" && !this.correlation.isOpen(messageIdOf(id as Buffer))) return;
    }
    if (record.value === null) {
      this.putAside(record, "undecodable", NO_VALUE, out);
      return;
    }
    const decoded = this.options.codecs.event.decode(record.value);
    const wrong = decoded.ok ? implausibleEvent(decoded.value) : undefined;
    if (!decoded.ok || wrong !== undefined) {
      if (decoded.ok) this.putAside(record, "invalid", wrong!, out);
      else this.putAside(record, "undecodable", decoded.detail, out);
      return;
    }
    const { offset, timestamp } = record;
    const trace = record.headers.traceparent === undefined ? undefined : headerText(record, "traceparent");
    this.correlation.event(decoded.value, { offset, timestamp, trace }, this.writer, this.options.now());
  }

  refuse(record: InRecord, error: unknown): OutRecord {
    return this.deadLetter(record, "unprocessable", errorMessage(error).slice(0, MAX_DETAIL));
  }

  private putAside(record: InRecord, reason: string, detail: string, out: Outputs): void {
    out.decide(this.deadLetter(record, reason, detail));
  }

  private deadLetter(record: InRecord, reason: string, detail: string): OutRecord {
    const { codecs, log, correlation, now } = this.options;
    correlation.counters.undecodable++;
    const { topic, partition, offset } = record;
    log
      .every("undecodable", 5_000)
      .warn({ topic, partition, offset, reason, why: detail }, "a record cannot be used; it goes to the dead letters");
    return deadLetterRecord(codecs.deadLetter, record, { reason, detail, service: "dlr-collector", now: now() });
  }
}

/** Puts conclusions into Kafka records. */
class RecordWriter implements CorrelationOutputs {
  to!: Outputs;
  private readonly codec: Codec<Event>;
  private readonly partition: number;
  private readonly onTraced: CorrelatorOptions["onTraced"];

  constructor(codec: Codec<Event>, partition: number, onTraced: CorrelatorOptions["onTraced"]) {
    this.codec = codec;
    this.partition = partition;
    this.onTraced = onTraced;
  }

  emit(id: string, event: Event, trace: string | undefined): void {
    const headers: Record<string, string> = trace === undefined ? { id } : { id, traceparent: trace };
    if (trace !== undefined) this.onTraced?.(event, trace);
    this.to.decide(this.record(EVENTS_TOPIC, event.facts.to, this.codec.encode(event), headers));
  }

  keep(key: string, event: Event, trace: string | undefined): void {
    const headers = trace === undefined ? undefined : { traceparent: trace };
    this.to.decide(this.record(CORRELATION_TOPIC, key, this.codec.encode(event), headers));
  }

  forget(key: string): void {
    // An effect: gone only when the terminal event is stored.
    this.to.effect(this.record(CORRELATION_TOPIC, key, null));
  }

  private record(topic: string, key: string, value: Buffer | null, headers?: Record<string, string>): OutRecord {
    const { partition } = this;
    return headers === undefined ? { topic, partition, key, value } : { topic, partition, key, value, headers };
  }
}

function packingOf(codec: Codec<Event>) {
  return {
    pack: (event: Event) => codec.encode(event).toString("latin1"),
    unpack: (packed: string) => {
      const decoded = codec.decode(Buffer.from(packed, "latin1"));
      if (!decoded.ok) throw new Error(`An event that was packed here cannot be unpacked: ${decoded.detail}`);
      return decoded.value;
    },
  };
}
