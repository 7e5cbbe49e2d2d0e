import { setTimeout as pause } from "node:timers/promises";
import { messageIdOfRequest } from "../../domain/message/message-id.ts";
import { parseDestination } from "../../domain/numbers/destination.ts";
import type { KafkaConnection } from "../../platform/kafka/connection.ts";
import { partitionFor } from "../../platform/kafka/murmur2.ts";
import { headerText, type InRecord } from "../../platform/kafka/record.ts";
import { TopicReader } from "../../platform/kafka/topic-reader.ts";
import { connectCodecs, type SluiceCodecs } from "../../schemas/codecs.ts";
import { deadLetterSource } from "../../schemas/dead-letter.ts";
import type { SendRequest } from "../../schemas/generated/types.ts";
import { DEAD_LETTER_TOPIC, EVENTS_TOPIC, LANES, RECEIPTS_TOPIC, requestTopic } from "../../schemas/topics.ts";
import { type AuditCounts, addCounts, noCounts, PartitionAudit } from "./audit.ts";
import type { AuditReport } from "./audit-report.ts";
import { ProviderLedger, readProviderLedger } from "./provider-ledger.ts";

export interface AuditOptions {
  readonly connection: KafkaConnection;
  readonly registryUrl: string;
  readonly partitions: number;
  /** Only messages whose request was appended in [since, until), epoch ms. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** Only messages with all of these labels in their metadata. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Control ports of provider simulators: what they accepted is compared with what the events say. */
  readonly ledgers?: readonly string[];
  /** How long to wait for messages that are still under way, ms. */
  readonly waitMs?: number;
  readonly progress?: (line: string) => void;
}

const REQUEST_TOPICS = LANES.map(requestTopic);
const TOPICS = [...REQUEST_TOPICS, EVENTS_TOPIC, RECEIPTS_TOPIC, DEAD_LETTER_TOPIC];
/** Between two looks at partitions in which something is missing. */
const AGAIN_MS = 2_000;
/** How much earlier than the first request looked at anything about it can stand: nothing can, but clocks of brokers differ. */
const CLOCK_SLACK_MS = 60_000;

/**
 * Compares what was requested with what ended, from the topics alone. Reads one partition number after the other, so it
 * holds the messages of one at a time. The requests are those that stand in the topics at the call.
 */
export async function runAudit(options: AuditOptions): Promise<AuditReport> {
  const { connection, registryUrl } = options;
  const codecs = await connectCodecs(registryUrl);
  const reader = new TopicReader({ connection, topics: TOPICS });
  await reader.start();
  try {
    return await new TopicAudit(options, codecs, reader).run();
  } finally {
    await reader.stop();
  }
}

class TopicAudit {
  private readonly options: AuditOptions;
  private readonly codecs: SluiceCodecs;
  private readonly reader: TopicReader;
  private readonly whole: boolean;
  /** Schemas seen in records and not loaded, and those that the registry does not have. */
  private readonly wanted = new Set<number>();
  private readonly absent = new Set<number>();

  constructor(options: AuditOptions, codecs: SluiceCodecs, reader: TopicReader) {
    this.options = options;
    this.codecs = codecs;
    this.reader = reader;
    this.whole = options.since === undefined && options.until === undefined && options.labels === undefined;
  }

  async run(): Promise<AuditReport> {
    const { partitions, progress, waitMs = 0 } = this.options;
    const deadline = performance.now() + waitMs;
    const ends = await Promise.all(REQUEST_TOPICS.map((topic) => this.ends(topic)));
    const found: AuditCounts[] = [];
    let open = Array.from({ length: partitions }, (_, partition) => partition);
    for (;;) {
      const ledger = await this.ledger();
      const moved = new Map<string, Move>();
      for (const from of open) {
        const { counts, elsewhere } = (await this.read(from, ends)).finish(ledger);
        found[from] = counts;
        for (const [id, home] of elsewhere) moved.set(id, { from, home });
        progress?.(`partition ${from + 1} of ${partitions}: ${counts.accepted} accepted, ${counts.missing} missing`);
      }
      const late = await this.follow(moved, found, ends);
      const due = performance.now() >= deadline;
      open = open.filter((partition) => late.has(partition) || (!due && found[partition]!.missing > 0));
      for (const partition of late) if (!open.includes(partition)) open.push(partition);
      if (open.length === 0) break;
      if (late.size === 0) await pause(AGAIN_MS);
    }
    const sum = noCounts();
    for (const counts of found) addCounts(sum, counts);
    return { ...sum, ledgers: this.options.ledgers?.length ?? 0, whole: this.whole };
  }

  /** Reads a partition number, again when it holds records of schemas that had to be fetched first. */
  private async read(partition: number, ends: number[][]): Promise<PartitionAudit> {
    for (;;) {
      const audit = new PartitionAudit();
      const { since, until = Number.POSITIVE_INFINITY } = this.options;
      await this.requests(partition, ends, until, (request, record) => this.takeRequest(audit, request, record));
      const from = since === undefined ? undefined : since - CLOCK_SLACK_MS;
      await Promise.all([
        this.records(DEAD_LETTER_TOPIC, partition, from, (record) => {
          const id = headerText(record, "id");
          const source = deadLetterSource(id);
          if (source !== undefined) audit.deadLetter(source);
        }),
        this.records(EVENTS_TOPIC, partition, from, (record) => this.takeEvent(audit, record)),
        this.whole
          ? this.records(RECEIPTS_TOPIC, partition, from, (record) => this.takeReceipt(audit, record))
          : undefined,
      ]);
      if (this.wanted.size === 0) return audit;
      await this.loadWanted();
    }
  }

  /**
   * Requests that were moved must stand in their destination's partition; those that do not are missing where they
   * stood. Gives the partitions to be read again because such a request came after the end looked at so far.
   */
  private async follow(moved: Map<string, Move>, found: AuditCounts[], ends: number[][]): Promise<Set<number>> {
    const late = new Set<number>();
    for (const home of new Set([...moved.values()].map((move) => move.home))) {
      const now = await Promise.all(REQUEST_TOPICS.map((topic) => this.ends(topic)));
      await this.requests(home, now, Number.POSITIVE_INFINITY, (request, record) => {
        const id = request === undefined ? undefined : idOf(request, record);
        if (id === undefined || moved.get(id)?.home !== home) return;
        moved.delete(id);
        const end = ends[REQUEST_TOPICS.indexOf(record.topic)]!;
        if (record.offset < end[home]!) return;
        end[home] = record.offset + 1;
        late.add(home);
      });
    }
    for (const [id, { from, home }] of moved) {
      const lost = { ...noCounts(), accepted: 1, missing: 1, missingIds: [`${id} (not moved to partition ${home})`] };
      addCounts(found[from]!, lost);
    }
    return late;
  }

  private async requests(
    partition: number,
    ends: readonly (readonly number[])[],
    until: number,
    take: (request: SendRequest | undefined, record: InRecord) => void,
  ): Promise<void> {
    const { since = 0 } = this.options;
    await Promise.all(
      REQUEST_TOPICS.map((topic, index) =>
        this.reader.readRange(topic, partition, 0, ends[index]![partition]!, (record) => {
          if (record.timestamp < since || record.timestamp >= until) return;
          const value = this.decode(this.codecs.request, record);
          if (value === undefined || this.chosen(value)) take(value, record);
        }),
      ),
    );
  }

  /** Everything of a partition, as of now. */
  private async records(
    topic: string,
    partition: number,
    from: number | undefined,
    take: (record: InRecord) => void,
  ): Promise<void> {
    const to = (await this.ends(topic))[partition]!;
    await this.reader.readRange(topic, partition, 0, to, (record) => {
      if (from === undefined || record.timestamp >= from) take(record);
    });
  }

  private takeRequest(audit: PartitionAudit, request: SendRequest | undefined, record: InRecord): void {
    if (request === undefined) {
      if (this.options.labels === undefined) audit.unreadable(placeOf(record));
      return;
    }
    const destination = parseDestination(request.to);
    const home = destination.ok ? partitionFor(destination.e164, this.options.partitions) : record.partition;
    audit.request(idOf(request, record), home === record.partition ? undefined : home);
  }

  private takeEvent(audit: PartitionAudit, record: InRecord): void {
    if (!audit.wants(headerText(record, "id"))) return;
    const event = this.decode(this.codecs.event, record);
    if (event !== undefined) audit.event(event);
  }

  private takeReceipt(audit: PartitionAudit, record: InRecord): void {
    const receipt = this.decode(this.codecs.receipt, record);
    if (receipt !== undefined) audit.receipt(receipt.provider, receipt.providerMessageId, receipt.messageId);
  }

  private chosen(request: SendRequest): boolean {
    for (const name in this.options.labels) if (request.metadata[name] !== this.options.labels[name]) return false;
    return true;
  }

  private decode<T>(codec: { decode(buffer: Buffer): DecodedRecord<T> }, { value }: InRecord): T | undefined {
    if (value === null) return undefined;
    const decoded = codec.decode(value);
    if (decoded.ok) return decoded.value;
    const { schemaId } = decoded;
    if (decoded.code === "unknown-schema" && schemaId !== undefined && !this.absent.has(schemaId))
      this.wanted.add(schemaId);
    return undefined;
  }

  private async loadWanted(): Promise<void> {
    for (const id of this.wanted) if ((await this.codecs.loadSchema(id)) === "missing") this.absent.add(id);
    this.wanted.clear();
  }

  private async ends(topic: string): Promise<number[]> {
    const marks = await this.reader.watermarks(topic);
    const { partitions } = this.options;
    if (marks.length !== partitions)
      throw new Error(`${topic} has ${marks.length} partitions and SLUICE_PARTITIONS says ${partitions}`);
    return marks.map(({ high }) => high);
  }

  private async ledger(): Promise<ProviderLedger | undefined> {
    const { ledgers = [] } = this.options;
    if (ledgers.length === 0) return undefined;
    const ledger = new ProviderLedger();
    for (const url of ledgers) await readProviderLedger(url, ledger);
    return ledger;
  }
}

/** A request that stood in partition `from` and belongs to `home`. */
interface Move {
  readonly from: number;
  readonly home: number;
}

type DecodedRecord<T> = { ok: true; value: T } | { ok: false; code: string; schemaId?: number };

function idOf(request: SendRequest, record: InRecord): string {
  return messageIdOfRequest(request.accountId, request.messageId, placeOf(record));
}

function placeOf({ topic, partition, offset }: InRecord): string {
  return `${topic}/${partition}/${offset}`;
}
