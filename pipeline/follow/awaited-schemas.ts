import { writerSchemaId } from "../../platform/codec/codec.ts";
import { errorMessage } from "../../platform/errors/sluice-error.ts";
import { type InRecord, type KafkaLog, seldom } from "../../platform/kafka/record.ts";
import type { PartitionFollower } from "../../platform/kafka/topic-reader.ts";
import type { ChangelogSource } from "../../platform/store/changelog-copy.ts";
import type { SluiceCodecs } from "../records/codecs.ts";

/** Pause after the registry could not be asked, ms. */
const ASK_AGAIN_MS = 1_000;
/** More ids than this are only seen when someone writes made-up ones. */
const MAX_IDS = 1_000;

/** What waits of one partition: records, and how far a batch had been read. At most what one fetch brings. */
type Waiting = { readonly record: InRecord } | { readonly reached: number };

/**
 * A source whose followers get no record before its writer's schema is known: what cannot be read must not be taken for nothing where
 * it may say that somebody is not to be written to. Meanwhile the partition stands still, in order, and its copy grows old.
 */
export class AwaitedSchemas implements ChangelogSource {
  private readonly source: ChangelogSource;
  private readonly codecs: Pick<SluiceCodecs, "loadSchema">;
  private readonly log: KafkaLog;
  private readonly settled = new Set<number>();

  constructor(source: ChangelogSource, codecs: Pick<SluiceCodecs, "loadSchema">, log: KafkaLog) {
    this.source = source;
    this.codecs = codecs;
    this.log = log;
  }

  watermarks(topic: string) {
    return this.source.watermarks(topic);
  }

  offsetsAt(topic: string, time: number) {
    return this.source.offsetsAt(topic, time);
  }

  followFrom(topic: string, partition: number, from: number, follower: PartitionFollower): void {
    const waiting: Waiting[] = [];
    const give = (entry: Waiting) => {
      if ("record" in entry) follower.onRecord(entry.record);
      else follower.reached(entry.reached);
    };
    /** `known`: all that there is to know of the first one's schema. */
    const goOn = (known: boolean) => {
      for (let first = known; waiting.length > 0; first = false) {
        const entry = waiting[0] as Waiting;
        const missing = first || "reached" in entry ? undefined : this.missing(entry.record);
        if (missing !== undefined) return this.load(missing, goOn);
        waiting.shift();
        give(entry);
      }
    };
    const accept = (entry: Waiting) => {
      const begins = waiting.length === 0;
      if (begins && ("reached" in entry || this.missing(entry.record) === undefined)) give(entry);
      else {
        waiting.push(entry);
        if (begins) goOn(false);
      }
    };
    this.source.followFrom(topic, partition, from, {
      ready: () => (waiting.length > 0 ? Promise.resolve(false) : follower.ready()),
      onRecord: (record) => accept({ record }),
      reached: (next) => accept({ reached: next }),
    });
  }

  private missing({ value }: InRecord): number | undefined {
    const id = writerSchemaId(value);
    return id === undefined || this.settled.has(id) ? undefined : id;
  }

  private load(id: number, goOn: (known: boolean) => void): void {
    this.codecs.loadSchema(id).then(
      (found) => {
        // One that does not exist may be there later, and has no other record meanwhile: whoever decodes this one says so.
        if (this.settled.size >= MAX_IDS) this.settled.clear();
        if (found === "loaded") this.settled.add(id);
        goOn(true);
      },
      (error: unknown) => {
        seldom(this.log, "schema-registry").warn(
          { schemaId: id, cause: errorMessage(error) },
          "waiting for the schema registry: a record has a schema that is not known yet",
        );
        setTimeout(() => goOn(false), ASK_AGAIN_MS).unref();
      },
    );
  }
}
