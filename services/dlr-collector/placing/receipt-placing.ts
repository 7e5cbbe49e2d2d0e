import { canonicalId } from "../../../domain/receipts/provider-message-id.ts";
import { WriterSchemaLoader } from "../../../pipeline/follow/writer-schema-loader.ts";
import type { SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import { deadLetterRecord } from "../../../pipeline/records/dead-letter.ts";
import { DeliveredRecords } from "../../../pipeline/records/delivered-records.ts";
import { implausibleReceipt } from "../../../pipeline/records/plausible.ts";
import type { MessageTraces } from "../../../pipeline/traces/message-traces.ts";
import type { Codec } from "../../../platform/codec/codec.ts";
import { errorMessage } from "../../../platform/errors/sluice-error.ts";
import type { InRecord, OutRecord } from "../../../platform/kafka/record.ts";
import type { Task } from "../../../platform/kafka/task.ts";
import type { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import type { Outputs, Transform } from "../../../platform/kafka/transform.ts";
import type { Log } from "../../../platform/log/log.ts";
import type { Receipt } from "../../../schemas/generated/types.ts";
import { PLACING_INPUTS } from "./claims-frontier.ts";
import { indexKey } from "./index-collector.ts";
import { KnownPlaces } from "./known-places.ts";

export interface PlacingCounters {
  /** Receipts whose number was found. */
  placed: number;
  /** Receipts whose number nobody could tell; they are kept as dead letters. */
  unclaimed: number;
  /** Records that could not be read. */
  undecodable: number;
}

export interface ReceiptPlacingOptions {
  readonly codecs: SluiceCodecs;
  readonly reader: Pick<TopicReader, "readRange">;
  /** Of the message topics. */
  readonly partitions: number;
  /** Ids of one partition that are known at a time. */
  readonly known: number;
  /** Receipts of one partition that may wait until their id is told. */
  readonly waiting: number;
  /** How long they may wait, milliseconds. */
  readonly waitMs: number;
  readonly counters: PlacingCounters;
  readonly log: Log;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly traces?: Pick<MessageTraces, "deadLetter"> | undefined;
}

interface Waiting {
  readonly record: InRecord;
  readonly receipt: Receipt;
}

const [INDEX, UNPLACED] = [0, 1];
/** Records that are held at a time while the last owner's work is read back. */
const RESTORE_STEP = 2_000;
const NOWHERE: Outputs = { decide: () => {}, effect: () => {} };
/** Characters of a fault's message that a dead letter repeats. */
const MAX_DETAIL = 500;

/**
 * One partition of the index of submissions: finds the number of receipts that came without it (SMPP 3.4, 5.3.2.12: the id
 * names the message) and hands them on to the partition of that number. What nobody can place is kept.
 */
export class ReceiptPlacing implements Transform {
  private readonly options: ReceiptPlacingOptions;
  private readonly places: KnownPlaces;
  private readonly delivered: DeliveredRecords;
  private readonly schemas: WriterSchemaLoader;
  private readonly task: Task;
  /** By provider and id, in the order of their arrival; several receipts of one id are one entry each. */
  private readonly waiting = new Map<string, Waiting[]>();
  private waitingCount = 0;
  private counters: PlacingCounters;

  constructor(task: Task, options: ReceiptPlacingOptions) {
    this.task = task;
    this.options = options;
    this.counters = options.counters;
    this.places = new KnownPlaces(options.known);
    this.delivered = new DeliveredRecords(options.codecs, options.partitions);
    this.schemas = new WriterSchemaLoader(options.codecs, options.log);
  }

  get size(): { readonly known: number; readonly waiting: number } {
    return { known: this.places.size, waiting: this.waitingCount };
  }

  async restore(task: Task): Promise<void> {
    const [index, unplaced] = task.restored.offsets as [number, number];
    const match = /^1:(\d+):(\d+)$/.exec(task.restored.state);
    const from = match === null ? [index, unplaced] : [Number(match[1]), Number(match[2])];
    // Whoever placed and counted it before has done so: to find it once more changes nothing.
    this.counters = { placed: 0, unclaimed: 0, undecodable: 0 };
    for (const [input, to] of [index, unplaced].entries())
      for (let at = from[input]!; at < to; at += RESTORE_STEP)
        await this.readBack(task, input, at, Math.min(at + RESTORE_STEP, to));
    this.counters = this.options.counters;
  }

  private async readBack(task: Task, input: number, from: number, to: number): Promise<void> {
    const records: InRecord[] = [];
    const keep = (record: InRecord) => void records.push(record);
    await this.options.reader.readRange(PLACING_INPUTS[input]!, task.partition, from, to, keep);
    await this.prepare(records);
    for (const record of records) this.process(record, input, NOWHERE);
  }

  prepare(records: readonly InRecord[]): Promise<void> | undefined {
    return this.schemas.load(records, this.task);
  }

  process(record: InRecord, input: number, out: Outputs): void {
    if (input === INDEX) this.learn(record, out);
    else this.place(record, out);
  }

  tick(out: Outputs): void {
    const due = this.options.now() - this.options.waitMs;
    for (let oldest = this.oldest; oldest !== undefined && oldest.record.timestamp <= due; oldest = this.oldest)
      this.giveUp(oldest, out);
  }

  refuse(record: InRecord, error: unknown): OutRecord {
    return this.deadLetter(record, "unprocessable", errorMessage(error).slice(0, MAX_DETAIL));
  }

  state(offsets: readonly number[]): string {
    const unplaced = this.oldest?.record.offset ?? Number.POSITIVE_INFINITY;
    return `1:${Math.min(this.places.oldestOffset, offsets[INDEX]!)}:${Math.min(unplaced, offsets[UNPLACED]!)}`;
  }

  private get oldest(): Waiting | undefined {
    return this.waiting.values().next().value?.[0];
  }

  private learn(record: InRecord, out: Outputs): void {
    const decoded = this.decode(record, this.options.codecs.submissionIndex, out);
    if (decoded === undefined) return;
    const { provider, ids, destinations } = decoded;
    for (let i = 0; i < ids.length; i++) {
      const [id, to] = [ids[i]!, destinations[i]];
      if (to === undefined) continue;
      this.places.add(provider, id, to, record.offset);
      if (this.waitingCount > 0) this.placeWaiting(indexKey(provider, id), to, out);
    }
  }

  private placeWaiting(key: string, to: string, out: Outputs): void {
    const found = this.waiting.get(key);
    if (found === undefined) return;
    this.waiting.delete(key);
    this.waitingCount -= found.length;
    for (const { receipt } of found) this.hand(receipt, to, out);
  }

  private place(record: InRecord, out: Outputs): void {
    const receipt = this.decode(record, this.options.codecs.receipt, out);
    if (receipt === undefined) return;
    const wrong = implausibleReceipt(receipt);
    if (wrong !== undefined) {
      out.decide(this.deadLetter(record, "invalid", wrong));
      return;
    }
    const id = canonicalId(receipt.providerMessageId);
    const to = this.places.find(receipt.provider, id);
    if (to !== undefined) this.hand(receipt, to, out);
    else this.wait(indexKey(receipt.provider, id), { record, receipt }, out);
  }

  /** The id may not have been told yet: that happens some seconds after the submission. */
  private wait(key: string, entry: Waiting, out: Outputs): void {
    if (this.waitingCount >= this.options.waiting) this.giveUp(this.oldest!, out);
    const others = this.waiting.get(key);
    if (others === undefined) this.waiting.set(key, [entry]);
    else others.push(entry);
    this.waitingCount++;
  }

  private hand(receipt: Receipt, to: string, out: Outputs): void {
    this.counters.placed++;
    out.decide(this.delivered.receipt({ ...receipt, to }));
  }

  private giveUp({ record, receipt }: Waiting, out: Outputs): void {
    const key = indexKey(receipt.provider, canonicalId(receipt.providerMessageId));
    const others = this.waiting.get(key)!;
    others.shift();
    if (others.length === 0) this.waiting.delete(key);
    this.waitingCount--;
    if (receipt.inbound !== null) {
      // It merely reads like a receipt, and nobody knows its id: it is the message that it would be.
      out.decide(this.delivered.inbound(receipt.inbound));
      return;
    }
    this.counters.unclaimed++;
    const detail = `to: the receipt does not say which number it is of, and no open submission of ${receipt.provider} has its id (providerMessageId)`;
    out.decide(this.deadLetter(record, "unclaimed-receipt", detail));
  }

  private decode<T>(record: InRecord, codec: Codec<T>, out: Outputs): T | undefined {
    const decoded = record.value === null ? undefined : codec.decode(record.value);
    if (decoded?.ok) return decoded.value;
    this.counters.undecodable++;
    out.decide(this.deadLetter(record, "undecodable", decoded?.detail ?? "the record has no value"));
    return undefined;
  }

  private deadLetter(record: InRecord, reason: string, detail: string): OutRecord {
    const { codecs, now, traces } = this.options;
    const why = { reason, detail, service: "dlr-collector", now: now() };
    traces?.deadLetter(record, why, undefined);
    return deadLetterRecord(codecs.deadLetter, record, why);
  }
}
