/**
 * Writes what becomes of accounts' messages to topics of their own: sms.events -> sms.status.<account>, one partition (docs/kafka-door.md).
 * And what the router has refused, of which the dead letters tell: sms.dead-letter -> the same topics.
 */
import { WriterSchemaLoader } from "../../pipeline/follow/writer-schema-loader.ts";
import type { SluiceCodecs } from "../../pipeline/records/codecs.ts";
import { implausibleEvent } from "../../pipeline/records/plausible.ts";
import { partitionFor } from "../../platform/kafka/murmur2.ts";
import { headerText, type InRecord, type OutRecord } from "../../platform/kafka/record.ts";
import type { Task } from "../../platform/kafka/task.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import type { Outputs, Transform } from "../../platform/kafka/transform.ts";
import type { Log } from "../../platform/log/log.ts";
import type { DeadLetter } from "../../schemas/generated/types.ts";
import { DEAD_LETTER_TOPIC, EVENTS_TOPIC, statusTopic } from "../../schemas/topics.ts";
import { CLOUD_EVENT_TYPE, type CloudEventParts, cloudEvent } from "./cloud-event.ts";
import { isRefusal, refusalOf } from "./refusal.ts";
import { statusData, toldId } from "./status-callback.ts";
import { TOLD_SPAN, ToldEvents } from "./told-events.ts";

/** Their positions in a commit are kept by this order. */
export const STATUS_INPUTS: readonly string[] = [EVENTS_TOPIC, DEAD_LETTER_TOPIC];
/** Nobody has had the partition before: what is older than this is not written, ms. */
export const FIRST_LOOK_MS = 3_600_000;

export interface StatusTopicsOptions {
  readonly codecs: SluiceCodecs;
  readonly reader: Pick<TopicReader, "readRange">;
  /** Of the message topics. */
  readonly partitions: number;
  /** Whether the account has a topic of its own. */
  readonly hasTopic: (accountId: string) => boolean;
  /** A record has been given out, by what it says. */
  readonly onTold: (type: string) => void;
  readonly onUnreadable: () => void;
  readonly log: Log;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
}

/** What is killed before its commit writes its last records again: with the ids that they had, and in their order. */
export class StatusTopics implements Transform {
  private readonly options: StatusTopicsOptions;
  private readonly schemas: WriterSchemaLoader;
  private readonly task: Task;
  private readonly told = new ToldEvents();
  /** What happened before is not written, epoch ms. It is committed beside the offsets: the first owner says it for all who come after it. */
  private readonly from: number;

  constructor(task: Task, options: StatusTopicsOptions) {
    this.task = task;
    this.options = options;
    this.schemas = new WriterSchemaLoader(options.codecs, options.log);
    const { state } = task.restored;
    this.from = state === "" ? Math.floor(options.now()) - FIRST_LOOK_MS : Number(state);
  }

  async restore({ partition, restored }: Task): Promise<void> {
    const start = restored.offsets[0]!;
    const note = (record: InRecord) => void this.told.admit(record);
    await this.options.reader.readRange(EVENTS_TOPIC, partition, Math.max(0, start - TOLD_SPAN), start, note);
  }

  async prepare(records: readonly InRecord[]): Promise<void> {
    await this.schemas.load(records, this.task);
    // The records that letters hold were written with schemas of their own.
    const held = records.flatMap((record) => {
      const letter = record.topic === DEAD_LETTER_TOPIC ? this.letterOf(record) : undefined;
      return letter === undefined || !isRefusal(letter) ? [] : [{ ...record, value: letter.value }];
    });
    await this.schemas.load(held, this.task);
  }

  process(record: InRecord, _input: number, out: Outputs): void {
    const isLetter = record.topic === DEAD_LETTER_TOPIC;
    if (!isLetter && !this.told.admit(record)) return;
    if (record.timestamp < this.from || record.value === null) return;
    const told = isLetter ? this.refusal(record) : this.status(record);
    if (told === undefined) return;
    out.decide(told);
  }

  state(): string {
    return String(this.from);
  }

  private status(record: InRecord): OutRecord | undefined {
    const { codecs, hasTopic, onUnreadable } = this.options;
    const decoded = codecs.event.decode(record.value!);
    if (!decoded.ok || implausibleEvent(decoded.value) !== undefined) {
      // Whoever acts on events puts it aside.
      onUnreadable();
      return undefined;
    }
    const { facts, at } = decoded.value;
    const data = hasTopic(facts.accountId) ? statusData(decoded.value) : undefined;
    if (data === undefined) return undefined;
    const id = toldId(headerText(record, "id") ?? `${record.partition}/${record.offset}`, facts.to);
    const type = `message.${data.status}`;
    const parts = { id, type, at, accountId: facts.accountId, subject: facts.messageId, data: JSON.stringify(data) };
    // Beside its event: the order of what is written of a number is that of its events.
    return this.recordOf(parts, facts.to, record.partition);
  }

  private refusal(record: InRecord): OutRecord | undefined {
    const { codecs, hasTopic, partitions } = this.options;
    const letter = this.letterOf(record);
    if (letter === undefined || !isRefusal(letter)) return undefined;
    const request = letter.value === null ? undefined : codecs.request.decode(letter.value);
    const found = refusalOf(letter, request?.ok === true ? request.value : undefined);
    if (found === undefined || !hasTopic(found.accountId)) return undefined;
    const { accountId, to, data, subject } = found;
    const parts = { id: toldId(subject, to ?? ""), type: "request.refused", at: letter.at, accountId, subject };
    const partition = to === undefined ? record.partition : partitionFor(to, partitions);
    return this.recordOf({ ...parts, data: JSON.stringify(data) }, to, partition);
  }

  private letterOf({ value }: InRecord): DeadLetter | undefined {
    const decoded = value === null ? undefined : this.options.codecs.deadLetter.decode(value);
    return decoded?.ok === true ? decoded.value : undefined;
  }

  private recordOf(parts: CloudEventParts, to: string | undefined, partition: number): OutRecord {
    this.options.onTold(parts.type);
    return {
      ...{ topic: statusTopic(parts.accountId), partition, key: to ?? null },
      value: Buffer.from(cloudEvent(to === undefined ? parts : { ...parts, partitionKey: to })),
      headers: { "content-type": CLOUD_EVENT_TYPE },
    };
  }
}
