import { setTimeout as pause } from "node:timers/promises";
import { deadLetterSource } from "../../pipeline/records/dead-letter.ts";
import type { RegistryConfig } from "../../platform/codec/registry-settings.ts";
import type { KafkaConnection } from "../../platform/kafka/connection.ts";
import { partitionFor } from "../../platform/kafka/murmur2.ts";
import { headerText, type InRecord } from "../../platform/kafka/record.ts";
import { RECEIPTS_TOPIC } from "../../schemas/topics.ts";
import { MAX_MESSAGES, PartitionAudit } from "./audit.ts";
import { type AuditCounts, addCounts, noCounts } from "./audit-counts.ts";
import type { AuditReport } from "./audit-report.ts";
import { type AuditScope, AuditTopics, messageOf, placeOf, REQUEST_TOPICS, type RequestEnds } from "./audit-topics.ts";
import { excuseNamesakes, type Suspect } from "./namesakes.ts";
import { ProviderLedger, readProviderLedger } from "./provider-ledger.ts";
import { type Slice, SliceOverflow } from "./slice.ts";

export interface AuditOptions extends AuditScope {
  readonly connection: KafkaConnection;
  readonly registry: string | RegistryConfig;
  readonly partitions: number;
  /** Control ports of provider simulators: what they accepted is compared with what the events say. */
  readonly ledgers?: readonly string[];
  /** How long to wait for messages that are still under way, ms. */
  readonly waitMs?: number;
  /** Messages held at once; for more the topics are read several times, a slice of the messages each time. Default {@link MAX_MESSAGES}. */
  readonly maxMessages?: number;
  readonly progress?: (line: string) => void;
}

/** Between two looks at partitions in which something is missing. */
const AGAIN_MS = 2_000;
/** More of them divide nothing any more: what is left together belongs to one number. */
const MAX_SLICES = 1 << 16;
/** Requests that were moved and are followed in one slice; each is remembered by name. */
const MAX_MOVED = 1_000_000;

/**
 * Compares what was requested with what ended, from the topics alone. Reads one partition number after the other, and
 * where that holds too many messages in several passes. The requests are those that stand in the topics at the call.
 */
export async function runAudit(options: AuditOptions): Promise<AuditReport> {
  const topics = await AuditTopics.open(options, options);
  try {
    return await auditTopics(options, topics);
  } finally {
    await topics.close();
  }
}

/** What an audit reads. */
export type AuditedTopics = Pick<
  AuditTopics,
  "scopeEnds" | "requestEnds" | "requestCount" | "requests" | "end" | "events" | "receipts" | "deadLetters"
>;

/** `runAudit`, of topics that are open. */
export function auditTopics(
  options: Omit<AuditOptions, "connection" | "registry">,
  topics: AuditedTopics,
): Promise<AuditReport> {
  return new TopicAudit(options, topics).run();
}

class TopicAudit {
  private readonly options: Parameters<typeof auditTopics>[0];
  private readonly topics: AuditedTopics;
  /** Places of requests in the scope that were moved behind its end: they are in it as well. */
  private readonly movedBeyond = new Set<string>();
  private readonly whole: boolean;
  private readonly maxMessages: number;
  private readonly deadline: number;

  constructor(options: Parameters<typeof auditTopics>[0], topics: AuditedTopics) {
    this.options = options;
    this.topics = topics;
    this.whole = options.since === undefined && options.until === undefined && options.labels === undefined;
    this.maxMessages = options.maxMessages ?? MAX_MESSAGES;
    this.deadline = performance.now() + (options.waitMs ?? 0);
  }

  async run(): Promise<AuditReport> {
    const { progress, ledgers = [] } = this.options;
    const ends = await this.topics.scopeEnds();
    for (let of = this.slicesFor(ends); ; of *= 2) {
      try {
        const sum = noCounts();
        for (let index = 0; index < of; index++) addCounts(sum, await this.slice({ index, of }, ends));
        return { ...sum, ledgers: ledgers.length, whole: this.whole };
      } catch (error) {
        if (!(error instanceof SliceOverflow)) throw error;
        if (of >= MAX_SLICES)
          throw new Error(`${error.message} in one of ${of} slices: they are of one number; raise --max-messages`);
        progress?.(`${error.message} in one of ${of} slices: again with ${of * 2}`);
      }
    }
  }

  /** As many as the requests need at the most; a ledger holds the messages of all partitions together. */
  private slicesFor(ends: RequestEnds): number {
    const counts = this.partitions.map((partition) => this.topics.requestCount(partition, ends));
    const held = this.options.ledgers?.length ? counts.reduce((sum, count) => sum + count, 0) : Math.max(...counts);
    // Hashes do not divide evenly: a little room is left.
    return Math.max(1, Math.ceil((held * (held > this.maxMessages ? 1.1 : 1)) / this.maxMessages));
  }

  private get partitions(): number[] {
    return Array.from({ length: this.options.partitions }, (_, partition) => partition);
  }

  /** Everything about one slice, looked at again while something is missing and there is time. */
  private async slice(slice: Slice, scopeEnds: RequestEnds): Promise<AuditCounts> {
    const ends = scopeEnds.map((of) => [...of]);
    const found: AuditCounts[] = [];
    const suspects: (readonly Suspect[])[] = [];
    let open = this.partitions;
    for (;;) {
      const ledger = await this.ledger(slice);
      const moved = new Map<string, Move>();
      for (const from of open) {
        const result = (await this.read(from, ends, slice)).finish(ledger);
        const { counts, elsewhere } = result;
        found[from] = counts;
        suspects[from] = result.suspects;
        for (const [place, { id, home }] of elsewhere) moved.set(place, { id, from, home });
        if (moved.size > MAX_MOVED) throw new SliceOverflow(`more than ${MAX_MOVED} moved requests`);
        this.tell(slice, from, counts);
      }
      const late = await this.follow(moved, found, ends);
      const due = performance.now() >= this.deadline;
      open = open.filter((partition) => late.has(partition) || (!due && found[partition]!.missing > 0));
      for (const partition of late) if (!open.includes(partition)) open.push(partition);
      if (open.length === 0) break;
      if (late.size === 0) await pause(AGAIN_MS);
    }
    excuseNamesakes(found, suspects);
    const sum = noCounts();
    for (const counts of found) addCounts(sum, counts);
    return sum;
  }

  private tell({ index, of }: Slice, partition: number, { accepted, missing }: AuditCounts): void {
    const where = of === 1 ? "" : `slice ${index + 1} of ${of}, `;
    const { progress, partitions } = this.options;
    progress?.(`${where}partition ${partition + 1} of ${partitions}: ${accepted} accepted, ${missing} missing`);
  }

  private async read(partition: number, ends: RequestEnds, slice: Slice): Promise<PartitionAudit> {
    const { topics, whole, maxMessages } = this;
    const audit = new PartitionAudit({ partition, slice, maxMessages, receipts: whole });
    await this.requests(audit, partition, ends);
    // Before the events' end: what such a receipt belongs to can be found.
    const receiptsEnd = await topics.end(RECEIPTS_TOPIC, partition);
    const wanted = (record: InRecord) => {
      const source = headerText(record, "src");
      if (source !== undefined) audit.decision(source);
      return audit.wants(headerText(record, "id"), record.key);
    };
    await Promise.all([
      topics.deadLetters(partition, (record) => {
        const source = deadLetterSource(headerText(record, "id"));
        if (source !== undefined) audit.deadLetter(source);
      }),
      topics.events(partition, wanted, (event) => audit.event(event)),
    ]);
    if (whole)
      await topics.receipts(
        partition,
        receiptsEnd,
        ({ key }) => audit.wantsReceipt(key),
        (receipt, record) => audit.receipt(receipt, placeOf(record)),
      );
    return audit;
  }

  private async requests(audit: PartitionAudit, partition: number, ends: RequestEnds): Promise<void> {
    const { until, labels, partitions } = this.options;
    // What the router has moved behind the scope's end says where it stood: a record of the scope may be one that it names.
    const reach = until === undefined ? await this.topics.requestEnds() : ends;
    const movedFrom = (record: InRecord) => headerText(record, "src");
    const meant = (record: InRecord) => this.inScope(record, ends) || movedFrom(record) !== undefined;
    await this.topics.requests(partition, reach, meant, (request, record) => {
      const from = movedFrom(record);
      if (!this.inScope(record, ends)) {
        if (from !== undefined) audit.moved(from);
        return;
      }
      if (request === undefined) {
        if (labels === undefined) audit.unreadable(placeOf(record));
        return;
      }
      const message = messageOf(request, record);
      const home = message.destination ? partitionFor(message.to, partitions) : partition;
      audit.request(message, {
        topic: record.topic,
        offset: record.offset,
        // What the router moves has the id that it got, also when it only stood under another key.
        says: isUnder(message.to, record) ? request : { ...request, messageId: message.id, to: message.to },
        home: home === partition ? undefined : home,
        movedFrom: from,
      });
    });
  }

  private inScope(record: InRecord, ends: RequestEnds): boolean {
    const { topic, partition, offset, timestamp } = record;
    const end = ends[REQUEST_TOPICS.indexOf(topic)]![partition]!;
    const { until = Number.POSITIVE_INFINITY } = this.options;
    return (offset < end && timestamp < until) || this.movedBeyond.has(placeOf(record));
  }

  /**
   * Requests that were moved must stand in their destination's partition; those that do not are missing where they
   * stood. Gives the partitions to be read again because such a request came after the end looked at so far.
   */
  private async follow(moved: Map<string, Move>, found: AuditCounts[], ends: number[][]): Promise<Set<number>> {
    const { until = Number.POSITIVE_INFINITY } = this.options;
    const late = new Set<number>();
    for (const home of new Set([...moved.values()].map((move) => move.home))) {
      const now = await this.topics.requestEnds();
      // A router before this one did not say where a record had stood: it is known by the id that it got.
      const byId = new Map([...moved].map(([place, { id }]) => [id, place]));
      const any = () => true;
      await this.topics.requests(home, now, any, (request, record) => {
        if (request === undefined) return;
        const place = headerText(record, "src") ?? byId.get(messageOf(request, record).id);
        if (place === undefined || moved.get(place)?.home !== home) return;
        moved.delete(place);
        const end = ends[REQUEST_TOPICS.indexOf(record.topic)]!;
        const beyond = record.timestamp >= until && !this.movedBeyond.has(placeOf(record));
        if (beyond) this.movedBeyond.add(placeOf(record));
        if (record.offset < end[home]! && !beyond) return;
        end[home] = Math.max(end[home]!, record.offset + 1);
        late.add(home);
      });
    }
    for (const { id, from, home } of moved.values()) {
      const lost = { ...noCounts(), accepted: 1, missing: 1, missingIds: [`${id} (not moved to partition ${home})`] };
      addCounts(found[from]!, lost);
    }
    return late;
  }

  private async ledger(slice: Slice): Promise<ProviderLedger | undefined> {
    const { ledgers = [] } = this.options;
    if (ledgers.length === 0) return undefined;
    const ledger = new ProviderLedger(slice);
    for (const url of ledgers) await readProviderLedger(url, ledger);
    return ledger;
  }
}

function isUnder(key: string, record: InRecord): boolean {
  return record.key?.toString() === key;
}

/** A request that stood in partition `from` and belongs to `home`. */
interface Move {
  readonly id: string;
  readonly from: number;
  readonly home: number;
}
