import { messageIdOfRequest } from "../../domain/message/message-id.ts";
import { parseDestination } from "../../domain/numbers/destination.ts";
import { connectCodecs, type SluiceCodecs } from "../../pipeline/records/codecs.ts";
import { type DecodedReading, readDecoded } from "../../pipeline/records/read-decoded.ts";
import type { RegistryConfig } from "../../platform/codec/registry-settings.ts";
import type { KafkaConnection } from "../../platform/kafka/connection.ts";
import type { InRecord } from "../../platform/kafka/record.ts";
import { TopicReader } from "../../platform/kafka/topic-reader.ts";
import type { Event, Receipt, SendRequest } from "../../schemas/generated/types.ts";
import { DEAD_LETTER_TOPIC, EVENTS_TOPIC, LANES, RECEIPTS_TOPIC, requestTopic } from "../../schemas/topics.ts";

/** Which requests an audit is about. */
export interface AuditScope {
  /** Appended in [since, until), epoch ms. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** With all of these labels in their metadata. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** One above the last offset of each partition, by request topic. */
export type RequestEnds = readonly number[][];

export const REQUEST_TOPICS = LANES.map(requestTopic);
const TOPICS = [...REQUEST_TOPICS, EVENTS_TOPIC, RECEIPTS_TOPIC, DEAD_LETTER_TOPIC];
/** Append times are those of the partition's leader, and the clocks of brokers differ. */
const CLOCK_SLACK_MS = 60_000;
/** Of a number that cannot be read, as the router names it. */
const MAX_DIGITS = 15;

/** The topics as the audit reads them: from where the scope begins, as often as it takes, nothing held. */
export class AuditTopics {
  private readonly reader: TopicReader;
  private readonly codecs: SluiceCodecs;
  private readonly partitions: number;
  private readonly scope: AuditScope;
  /** Where to begin, by topic and partition. */
  private readonly starts = new Map<string, readonly number[]>();
  /** Schemas that the registry does not have. */
  private readonly absent = new Set<number>();

  private constructor(reader: TopicReader, codecs: SluiceCodecs, partitions: number, scope: AuditScope) {
    this.reader = reader;
    this.codecs = codecs;
    this.partitions = partitions;
    this.scope = scope;
  }

  static async open(
    options: {
      readonly connection: KafkaConnection;
      readonly registry: string | RegistryConfig;
      readonly partitions: number;
    },
    scope: AuditScope,
  ): Promise<AuditTopics> {
    const codecs = await connectCodecs(options.registry);
    const reader = new TopicReader({ connection: options.connection, topics: TOPICS });
    await reader.start();
    const topics = new AuditTopics(reader, codecs, options.partitions, scope);
    try {
      await topics.begin();
    } catch (error) {
      await reader.stop();
      throw error;
    }
    return topics;
  }

  close(): Promise<void> {
    return this.reader.stop();
  }

  /** Ends of the request topics as of now. */
  async requestEnds(): Promise<number[][]> {
    return Promise.all(REQUEST_TOPICS.map((topic) => this.ends(topic)));
  }

  /** The ends up to which requests are in the scope. */
  async scopeEnds(): Promise<number[][]> {
    const { until } = this.scope;
    const ends = await this.requestEnds();
    if (until === undefined) return ends;
    const cuts = await Promise.all(REQUEST_TOPICS.map((t) => this.reader.offsetsAt(t, until + CLOCK_SLACK_MS)));
    return ends.map((of, topic) => of.map((end, partition) => Math.min(end, cuts[topic]![partition]!)));
  }

  /** Requests of a partition up to these ends, as records. */
  requestCount(partition: number, ends: RequestEnds): number {
    return REQUEST_TOPICS.reduce((sum, topic, index) => {
      const start = this.starts.get(topic)![partition]!;
      return sum + Math.max(0, ends[index]![partition]! - start);
    }, 0);
  }

  /** Every request of one partition since the scope begins of those that are `meant`, each topic's in order; undefined for one that cannot be read. */
  async requests(
    partition: number,
    ends: RequestEnds,
    meant: (record: InRecord) => boolean,
    take: (request: SendRequest | undefined, record: InRecord) => void,
  ): Promise<void> {
    const { since = 0 } = this.scope;
    const { request } = this.codecs;
    await Promise.all(
      REQUEST_TOPICS.map((topic, index) =>
        this.decoded(topic, partition, ends[index]![partition]!, request, {
          meant: (record) => record.timestamp >= since && meant(record),
          take: (value, record) => {
            if (this.labelled(value)) take(value, record);
          },
          unreadable: (record) => take(undefined, record),
        }),
      ),
    );
  }

  /** Every event of a partition that can be about the scope, as of now, of those that are `meant`. */
  async events(
    partition: number,
    meant: (record: InRecord) => boolean,
    take: (event: Event, record: InRecord) => void,
  ): Promise<void> {
    const end = await this.end(EVENTS_TOPIC, partition);
    const { event } = this.codecs;
    await this.decoded(EVENTS_TOPIC, partition, end, event, { meant, take, unreadable: () => {} });
  }

  /** The same of receipts, up to `to`. */
  async receipts(
    partition: number,
    to: number,
    meant: (record: InRecord) => boolean,
    take: (receipt: Receipt, record: InRecord) => void,
  ): Promise<void> {
    const { receipt } = this.codecs;
    await this.decoded(RECEIPTS_TOPIC, partition, to, receipt, { meant, take, unreadable: () => {} });
  }

  /** Every dead letter of a partition that can be about the scope, as of now. */
  async deadLetters(partition: number, take: (record: InRecord) => void): Promise<void> {
    const to = await this.end(DEAD_LETTER_TOPIC, partition);
    await this.reader.readRange(DEAD_LETTER_TOPIC, partition, this.start(DEAD_LETTER_TOPIC, partition), to, take);
  }

  /** The end of a partition as of now. */
  async end(topic: string, partition: number): Promise<number> {
    return (await this.ends(topic))[partition]!;
  }

  /** Looks up, by the brokers' index of times, where the scope begins: what lies before is never read. */
  private async begin(): Promise<void> {
    const { since } = this.scope;
    const nought = Array<number>(this.partitions).fill(0);
    for (const topic of TOPICS) {
      const slack = REQUEST_TOPICS.includes(topic) ? 0 : CLOCK_SLACK_MS;
      this.starts.set(topic, since === undefined ? nought : await this.reader.offsetsAt(topic, since - slack));
    }
  }

  private decoded<T>(
    topic: string,
    partition: number,
    to: number,
    codec: DecodedReading<T>["codec"],
    reading: Pick<DecodedReading<T>, "meant" | "take" | "unreadable">,
  ): Promise<void> {
    const { reader, absent } = this;
    const loadSchema = (id: number) => this.codecs.loadSchema(id);
    const stretch = { topic, partition, from: this.start(topic, partition), to };
    return readDecoded(stretch, { ...reading, reader, codec, absent, loadSchema });
  }

  private start(topic: string, partition: number): number {
    return this.starts.get(topic)![partition] ?? 0;
  }

  private labelled(request: SendRequest): boolean {
    for (const name in this.scope.labels) if (request.metadata[name] !== this.scope.labels[name]) return false;
    return true;
  }

  private async ends(topic: string): Promise<number[]> {
    const marks = await this.reader.watermarks(topic);
    if (marks.length !== this.partitions)
      throw new Error(`${topic} has ${marks.length} partitions and SLUICE_PARTITIONS says ${this.partitions}`);
    return marks.map(({ high }) => high);
  }
}

/** The message that Sluice makes of a request: its id, and its number as events name it. */
export function messageOf(request: SendRequest, record: InRecord): { id: string; to: string; destination: boolean } {
  const parsed = parseDestination(request.to);
  const to = parsed.ok ? parsed.e164 : request.to.replace(/\D/g, "").slice(0, MAX_DIGITS);
  const { accountId, messageId } = request;
  const id = messageIdOfRequest({ accountId, messageId, destination: to, place: placeOf(record) });
  return { id, to, destination: parsed.ok };
}

export function placeOf({ topic, partition, offset }: InRecord): string {
  return `${topic}/${partition}/${offset}`;
}
