import type { Snapshot } from "../../domain/catalog/snapshot.ts";
import type { Try } from "../../domain/message/tries.ts";
import type { CountKey, PartitionCounts } from "../../domain/routing/cap-counts.ts";
import type { CountOf } from "../../domain/routing/cap-table.ts";
import type { MessageFacts } from "../../domain/routing/message-facts.ts";
import type { ReadMark } from "../../pipeline/follow/read-mark.ts";
import type { SluiceCodecs } from "../../pipeline/records/codecs.ts";
import type { RecordProducer } from "../../platform/kafka/producer.ts";
import type { KafkaLog, OutRecord } from "../../platform/kafka/record.ts";
import type { Task } from "../../platform/kafka/task.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import { USAGE_TOPIC } from "../../schemas/topics.ts";
import type { CapBoard } from "./cap-board.ts";
import type { RecoverDecision } from "./rules/message-rule.ts";

export interface PartitionCapsOptions {
  readonly task: Task;
  /** Writes what is told. Not with the decisions: these must not wait for a topic that cannot be written. */
  readonly producer: Pick<RecordProducer, "send">;
  /** Of the process. */
  readonly capBoard: CapBoard;
  /** How far sms.usage has been read. */
  readonly usageMark: Pick<ReadMark, "until">;
  readonly codecs: Pick<SluiceCodecs, "usage">;
  readonly reader: Pick<TopicReader, "watermarks">;
  readonly log: KafkaLog;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
}

/** What is changed is told once in so long, ms. */
const TELL_EVERY_MS = 1_000;
/** What was told must be read up to now before it is gone on from: so long it may take, ms. */
const CATCH_UP_MS = 5_000;

/** The caps of the catalog as one partition keeps them: what it counts, what it asks the board, and what it tells the other routers. */
export class PartitionCaps {
  private readonly options: PartitionCapsOptions;
  private counts: PartitionCounts | undefined;
  private toldAt: (key: CountKey) => number = () => 0;
  private tellAt = 0;
  /** What was told is not stored yet; until then nothing more is said. */
  private writing = false;

  constructor(options: PartitionCapsOptions) {
    this.options = options;
  }

  /** Goes on from what was told of the partition. Never rejects: messages do not wait for a count. */
  async restore({ routes }: Snapshot): Promise<void> {
    const { capBoard, log } = this.options;
    const { partition } = this.options.task;
    // Also where it has no leader: nobody can say where it ends then.
    if (routes.caps !== undefined && !(await this.caughtUp().catch(() => false)))
      log.warn({ partition }, "sms.usage has not been read to its end; caps are counted from what is known");
    const own = capBoard.own(partition);
    this.counts = own.counts;
    this.toldAt = own.toldAt;
  }

  private async caughtUp(): Promise<boolean> {
    const { reader, usageMark } = this.options;
    const [{ high } = { high: 0 }] = await reader.watermarks(USAGE_TOPIC);
    return usageMark.until(high, CATCH_UP_MS);
  }

  /** Takes decisions of earlier owners, each once: what they count may not have been told. Undefined: there are no caps. */
  recovery({ catalog, routes }: Snapshot): RecoverDecision | undefined {
    if (routes.caps === undefined) return undefined;
    const zones = new Map(catalog.caps?.map(({ id, zone }) => [id, zone]));
    return (event) => {
      if (event.type === "routed") this.counts?.recover(event, this.toldAt, (cap) => zones.get(cap));
    };
  }

  /** What the caps have counted, for a message that does not count yet; undefined: caps do not hold it back. */
  countsFor({ routes }: Snapshot, tried: readonly Try[]): CountOf | undefined {
    if (routes.caps === undefined || hasCounted(tried)) return undefined;
    return (use, now) => this.options.capBoard.countOf(this.options.task.partition, use, now);
  }

  /** Counts a message that goes out from this sender. @returns its counts, for the event */
  add({ routes }: Snapshot, tried: readonly Try[], facts: () => MessageFacts, sender: string | undefined): string[] {
    if (routes.caps === undefined || this.counts === undefined || hasCounted(tried)) return [];
    const known = facts();
    return this.counts.add(routes.caps.usesOf(known, sender), known);
  }

  /** Writes into sms.usage what has changed. */
  tell(): void {
    const { now, task, codecs, producer } = this.options;
    const at = now();
    if (this.counts === undefined || this.writing || at - this.tellAt < TELL_EVERY_MS) return;
    this.tellAt = at;
    const { changed, over } = this.counts.tell(at);
    const record = ({ cap, value }: CountKey, content: Buffer | null): OutRecord => ({
      topic: USAGE_TOPIC,
      partition: 0,
      key: `${cap}/${task.partition}/${value}`,
      value: content,
    });
    const records = [
      ...changed.map((count) => record(count, codecs.usage.encode(count))),
      ...over.map((key) => record(key, null)),
    ];
    if (records.length === 0) return;
    this.writing = true;
    // It fails when the partition is another owner's, or the process ends.
    const done = () => {
      this.writing = false;
    };
    producer.send(records, task).then(done, done);
  }
}

/** A message counts once, when a provider gets it first, however many are tried. */
function hasCounted(tried: readonly Try[]): boolean {
  return tried.some(({ provider }) => provider !== null);
}
