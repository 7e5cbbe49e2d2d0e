import { WriterSchemaLoader } from "../../../pipeline/follow/writer-schema-loader.ts";
import type { SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import { deadLetterRecord } from "../../../pipeline/records/dead-letter.ts";
import { implausibleEvent, implausibleReceipt, implausibleRetry } from "../../../pipeline/records/plausible.ts";
import { traceField, traceIdOf } from "../../../pipeline/traces/message-trace.ts";
import type { MessageTraces } from "../../../pipeline/traces/message-traces.ts";
import { errorMessage } from "../../../platform/errors/sluice-error.ts";
import { headerText, type InRecord, type OutRecord } from "../../../platform/kafka/record.ts";
import type { Task } from "../../../platform/kafka/task.ts";
import type { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import type { Outputs, Transform } from "../../../platform/kafka/transform.ts";
import type { Log } from "../../../platform/log/log.ts";
import { extractTrace } from "../../../platform/telemetry/trace-context.ts";
import type { Event } from "../../../schemas/generated/types.ts";
import { DOUBT_TOPIC, EVENTS_TOPIC, RECEIPTS_TOPIC, retryTopic } from "../../../schemas/topics.ts";
import type { Claims } from "../placing/claims-frontier.ts";
import { Correlation, type CorrelationOptions } from "./correlation.ts";
import { packingOf, RecordWriter } from "./correlation-records.ts";
import { formatState } from "./correlation-state.ts";
import type { CorrelationOutputs } from "./correlation-terms.ts";
import type { EarlyReceipt } from "./early-receipts.ts";
import { destinationOf, eventKind, isRerouted, messageIdOf, OF_OPEN } from "./event-kind.ts";
import type { EventPosition } from "./open-messages.ts";
import { QualityWatch } from "./quality-watch.ts";
import { type EventsProgress, ReceiptGate } from "./receipt-gate.ts";
import { RequestTexts } from "./request-texts.ts";
import { restoreCorrelation } from "./restore-correlation.ts";
import { sendOnRecord } from "./send-on.ts";
import { type EndsSample, StreamClock } from "./stream-clock.ts";

/** What says how messages fare; how far these have been read is what the correlator's time is. */
export const STREAM_INPUTS = [EVENTS_TOPIC, RECEIPTS_TOPIC] as const;
/** The group's inputs, in its order: events first, so that a receipt seldom comes before its submission. */
export const CORRELATOR_INPUTS = [...STREAM_INPUTS, DOUBT_TOPIC] as const;
const [EVENTS, RECEIPTS, DOUBT] = [0, 1, 2];

const NO_VALUE = "the record has no value";
/** Characters of a fault's message that a dead letter repeats. */
const MAX_DETAIL = 500;

/** Until a copy that waits is looked at again, milliseconds. */
const COPY_AGAIN_MS = 100;

/** For clocks that differ and for events that were under way when the log's end was asked, milliseconds. */
const GRACE_MS = 2_000;
/** The same for what is only counted: late, a collapse of receipts is left late; early, an estimate is a little off. */
const COUNT_GRACE_MS = 250;

/**
 * So many of the last events are read back at least, to recognise what is written a second time: a repeat comes at most
 * about 15 s after its original (producer.ts), and a partition carries some 2,000 events a second at full load.
 */
export const READ_BACK_EVENTS = 50_000;

export interface CorrelatorOptions {
  readonly codecs: SluiceCodecs;
  readonly reader: Pick<TopicReader, "readRange" | "watermarks">;
  /** Reads single records of what the router reads. */
  readonly requests: Pick<TopicReader, "readRange">;
  readonly correlation: Omit<CorrelationOptions, "packing">;
  readonly log: Log;
  /** Of the message topics. */
  readonly partitions: number;
  /** How long a copy of a message in doubt waits for an answer or a receipt that comes late, milliseconds. */
  readonly copyWaitMs: number;
  /** Where the {@link STREAM_INPUTS} of a partition ended when that was last asked. */
  readonly ends: (partition: number) => EndsSample | undefined;
  /** Up to when receipts that came without their number have been placed, as last asked. */
  readonly claims: () => Claims | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly traces?: Pick<MessageTraces, "conclusion" | "deadLetter"> | undefined;
  /** Default {@link READ_BACK_EVENTS}. */
  readonly readBackEvents?: number;
}

function isSentOn({ topic, headers: { id } }: InRecord): boolean {
  return topic === EVENTS_TOPIC && id instanceof Uint8Array && isRerouted(id);
}

/** One partition of the correlator: records in, records out; what they mean is decided in correlation.ts. */
export class Correlator implements Transform {
  readonly correlation: Correlation;
  private readonly options: CorrelatorOptions;
  private readonly task: Task;
  private readonly clock = new StreamClock(GRACE_MS);
  private readonly countClock = new StreamClock(COUNT_GRACE_MS);
  private readonly gate: ReceiptGate;
  private readonly schemas: WriterSchemaLoader;
  private readonly writer: RecordWriter;
  private readonly quality: QualityWatch;
  private readonly texts: RequestTexts;
  private claims: Claims | undefined;
  private claimedUpTo = Number.NEGATIVE_INFINITY;
  /** Conclusions of the restore, to be written with the first batch. */
  private owed: ((out: CorrelationOutputs) => void)[] = [];

  constructor(task: Task, options: CorrelatorOptions) {
    this.task = task;
    this.options = options;
    const { codecs, partitions, traces, requests } = options;
    this.gate = new ReceiptGate(options.correlation.limits.earlyCount, GRACE_MS);
    this.schemas = new WriterSchemaLoader(options.codecs, options.log);
    this.texts = new RequestTexts({ reader: requests, codecs, schemas: this.schemas });
    const putAside = (orphan: EarlyReceipt) => this.orphan(orphan);
    this.quality = new QualityWatch(codecs.quality, task.partition, options.now());
    const onWritten = (event: Event) => this.quality.written(event);
    this.writer = new RecordWriter({ codecs, partition: task.partition, partitions, traces, onWritten, putAside });
    this.correlation = new Correlation({ ...options.correlation, packing: packingOf(codecs.event) });
  }

  async restore(task: Task): Promise<void> {
    const { reader, codecs, log, now } = this.options;
    this.owed = await restoreCorrelation(this.correlation, task, { reader, codecs, log, now, schemas: this.schemas });
  }

  /**
   * Receipts wait when too many would have to be stored until their submissions are read. Copies of messages in doubt wait
   * until all has been read that was written before them and for a while after.
   */
  dueIn(record: InRecord): number {
    if (record.topic === EVENTS_TOPIC) return 0;
    if (record.topic === DOUBT_TOPIC)
      return record.timestamp + this.options.copyWaitMs <= this.clock.readUpTo ? 0 : COPY_AGAIN_MS;
    return this.gate.dueIn(record.timestamp, this.correlation.earlyCount, this.eventsProgress);
  }

  prepare(records: readonly InRecord[]): Promise<void> | undefined {
    const sentOn = records.filter(isSentOn);
    const loading = this.schemas.load(records, this.task);
    return sentOn.length === 0 ? loading : this.loadTexts(sentOn, loading);
  }

  /** The texts of messages that go to another provider must be read before they can be sent on. */
  private async loadTexts(records: readonly InRecord[], schemas: Promise<void> | undefined): Promise<void> {
    await schemas;
    const decoded = records.map(({ value }) => (value === null ? undefined : this.options.codecs.event.decode(value)));
    await this.texts.load(
      decoded.flatMap((one) => (one?.ok ? [one.value] : [])),
      this.task,
    );
  }

  process(record: InRecord, input: number, out: Outputs): void {
    this.writer.to = out;
    if (input === RECEIPTS) this.receipt(record, out);
    else if (input === DOUBT) this.copy(record, out);
    else this.event(record, out);
  }

  tick(out: Outputs): void {
    this.writer.to = out;
    for (const write of this.owed.splice(0)) write(this.writer);
    const positions = STREAM_INPUTS.map((_, i) => {
      const input = this.task.inputs[i]!;
      return input.peek()?.offset ?? input.expected;
    });
    const ends = this.options.ends(this.task.partition);
    this.clock.advance(ends, positions);
    this.countClock.advance(ends, positions);
    this.gate.advance(this.eventsProgress());
    const { readUpTo } = this.clock;
    this.advanceClaims(readUpTo);
    this.correlation.pass(readUpTo, this.writer, this.options.now(), this.claimedUpTo);
    this.writer.flushIndex();
    for (const record of this.quality.tell(this.countClock.readUpTo)) out.decide(record);
  }

  /** How many of the providers' ways are being watched. */
  get watched(): number {
    return this.quality.size;
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

  /** What has been placed counts once it has been read here. There is always a newer answer, so one is kept until then. */
  private advanceClaims(readUpTo: number): void {
    this.claims ??= this.options.claims();
    if (this.claims === undefined || this.claims.knownAt > readUpTo) return;
    this.claimedUpTo = Math.max(this.claimedUpTo, this.claims.upTo);
    this.claims = undefined;
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
      if (kind === "routed") return;
      if (kind === "final") {
        this.correlation.final(messageIdOf(id as Buffer), destinationOf(record), this.writer);
        return;
      }
      if (kind !== undefined && OF_OPEN.has(kind)) {
        if (!this.correlation.isKnown(messageIdOf(id as Buffer), destinationOf(record))) return;
      }
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
    const taken = this.correlation.event(decoded.value, { offset, timestamp, trace }, this.writer, this.options.now());
    if (taken) this.quality.taken(decoded.value);
    if (decoded.value.type === "rerouted") this.sendOn(decoded.value, { offset, timestamp, trace }, out);
  }

  /** Carries out what stands in the log: the message goes back to the router, for another provider. */
  private sendOn(event: Event, position: EventPosition, out: Outputs): void {
    const { correlation, options } = this;
    if (!correlation.claimNext(event)) return;
    const now = options.now();
    const request = this.texts.textOf(event);
    if (request !== undefined) {
      const record = sendOnRecord(options.codecs.retry, event, request, this.task.partition, now, position.trace);
      // An effect: only who owns the partition sends a message a second time.
      out.effect(record);
      return;
    }
    options.correlation.counters.textsMissing++;
    options.log
      .every("text-missing", 10_000)
      .warn(
        { partition: this.task.partition, source: event.source, trace_id: traceIdOf(event, position.trace) },
        "a message cannot be sent on, since its request is not in the log any more; it ends by its receipt",
      );
    correlation.event({ ...event, type: "closed", errorCode: "text-missing" }, position, this.writer, now);
  }

  /** A message in doubt may go again: back to the router, if nothing shows that a provider has it. */
  private copy(record: InRecord, out: Outputs): void {
    const { value, headers, key, partition } = record;
    const decoded = value === null ? undefined : this.options.codecs.retry.decode(value);
    if (decoded === undefined || !decoded.ok) {
      this.putAside(record, "undecodable", decoded?.detail ?? NO_VALUE, out);
      return;
    }
    const { facts, attempt } = decoded.value;
    const wrong = implausibleRetry(decoded.value);
    if (wrong !== undefined) {
      this.putAside(record, "invalid", wrong, out);
      return;
    }
    const now = this.options.now();
    if (!this.correlation.needsCopy(facts.messageId, facts.to, attempt - 1, this.writer, now)) return;
    const kept: Record<string, string | Buffer> = { due: String(now) };
    for (const name of ["id", "traceparent"]) {
      const header = headers[name];
      if (header instanceof Uint8Array) kept[name] = header as Buffer;
    }
    // An effect: only who owns the partition sends a message a second time.
    out.effect({ topic: retryTopic("0s"), partition, key, value, headers: kept });
  }

  refuse(record: InRecord, error: unknown): OutRecord {
    return this.deadLetter(record, "unprocessable", errorMessage(error).slice(0, MAX_DETAIL));
  }

  private putAside(record: InRecord, reason: string, detail: string, out: Outputs): void {
    out.decide(this.deadLetter(record, reason, detail));
  }

  /** A receipt of which no submission is known: kept with the dead letters, where it is found by its reason. */
  private orphan({ receipt, offset, since }: EarlyReceipt): OutRecord {
    const { codecs, now, traces } = this.options;
    const record: InRecord = {
      topic: RECEIPTS_TOPIC,
      partition: this.task.partition,
      offset,
      key: Buffer.from(receipt.to),
      value: codecs.receipt.encode(receipt),
      headers: {},
      timestamp: since,
    };
    const detail = `no submission to this number is known of ${receipt.provider} and this id (providerMessageId)`;
    const { messageId } = receipt;
    const why = { reason: "unclaimed-receipt", detail, service: "dlr-collector", messageId, now: now() };
    traces?.deadLetter(record, why, undefined);
    return deadLetterRecord(codecs.deadLetter, record, why);
  }

  private deadLetter(record: InRecord, reason: string, detail: string): OutRecord {
    const { codecs, log, correlation, now, traces } = this.options;
    correlation.counters.undecodable++;
    const { topic, partition, offset } = record;
    const at = { topic, partition, offset, ...traceField(record) };
    log
      .every("undecodable", 5_000)
      .warn({ ...at, reason, why: detail }, "a record cannot be used; it goes to the dead letters");
    const why = { reason, detail, service: "dlr-collector", now: now() };
    traces?.deadLetter(record, why, extractTrace(record.headers));
    return deadLetterRecord(codecs.deadLetter, record, why);
  }
}
