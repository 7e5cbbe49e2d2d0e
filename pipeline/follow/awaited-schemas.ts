import type { InRecord, KafkaLog } from "../../platform/kafka/record.ts";
import type { PartitionFollower } from "../../platform/kafka/topic-reader.ts";
import type { ChangelogSource } from "../../platform/store/changelog-copy.ts";
import type { OtherSchemas } from "../records/codecs.ts";
import { SchemaQueue } from "./schema-queue.ts";

/** What comes of one partition: records, and how far a batch had been read. At most what one fetch brings waits. */
type Coming = { readonly record: InRecord } | { readonly reached: number };

/**
 * A source whose followers get no record before its writer's schema is known: what cannot be read must not be taken for nothing where
 * it may say that somebody is not to be written to. Meanwhile the partition stands still, in order, and its copy grows old.
 */
export class AwaitedSchemas implements ChangelogSource {
  private readonly source: ChangelogSource;
  private readonly schemas: OtherSchemas;
  private readonly log: KafkaLog;

  constructor(source: ChangelogSource, schemas: OtherSchemas, log: KafkaLog) {
    this.source = source;
    this.schemas = schemas;
    this.log = log;
  }

  watermarks(topic: string) {
    return this.source.watermarks(topic);
  }

  offsetsAt(topic: string, time: number, of: readonly number[]) {
    return this.source.offsetsAt(topic, time, of);
  }

  followFrom(topic: string, partition: number, from: number, follower: PartitionFollower): void {
    const { schemas, log } = this;
    const queue = new SchemaQueue<Coming>({
      ...{ schemas, log },
      recordOf: (coming) => ("record" in coming ? coming.record : undefined),
      give: (coming) => ("record" in coming ? follower.onRecord(coming.record) : follower.reached(coming.reached)),
    });
    this.source.followFrom(topic, partition, from, {
      ready: () => (queue.length > 0 ? Promise.resolve(false) : follower.ready()),
      onRecord: (record) => queue.accept({ record }),
      reached: (next) => queue.accept({ reached: next }),
    });
  }
}
