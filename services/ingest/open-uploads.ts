import { type Pipeline, startReader } from "../../pipeline/boot/start-pipeline.ts";
import type { BodyBudget } from "../../platform/http/body-budget.ts";
import type { RecordProducer } from "../../platform/kafka/producer.ts";
import type { Fence } from "../../platform/kafka/record.ts";
import type { Scope } from "../../platform/lifecycle/run-service.ts";
import { LANES, requestTopic, UPLOADS_TOPIC } from "../../schemas/topics.ts";
import type { Acceptor } from "./acceptance/acceptor.ts";
import { DeadlineWriter, type Writer } from "./acceptance/deadline-writer.ts";
import { UploadLog } from "./uploads/upload-log.ts";
import { Uploads } from "./uploads/uploads.ts";

/** An upload waits for Kafka's acknowledgement so long, ms: it holds up nobody but its own client. */
const WRITE_MS = 12_000;

export interface UploadParts {
  readonly config: { readonly partitions: number; readonly uploadIdle: number };
  /** Acceptors that have all in common but their writer. */
  readonly acceptors: (writer: DeadlineWriter) => Acceptor;
  readonly bodies: BodyBudget;
}

/** Uploads on Kafka; what they read back they read by a consumer of their own. */
export async function openUploads(
  scope: Scope,
  pipeline: Pipeline,
  { config, acceptors, bodies }: UploadParts,
): Promise<Uploads> {
  const { codecs, producer, now } = pipeline;
  const topics = [UPLOADS_TOPIC, ...LANES.map(requestTopic)];
  const reader = await startReader(scope, pipeline, topics, { name: "reader of uploads" });
  return new Uploads({
    log: new UploadLog({ reader, codec: codecs.uploadBlock, partitions: config.partitions, producer }),
    bodies,
    acceptor: (fence) => acceptors(new DeadlineWriter(fencedWriter(producer, fence), WRITE_MS)),
    metrics: scope.metrics,
    now,
    signal: scope.signal,
    idleMs: config.uploadIdle,
  });
}

/** Writes nothing any more once the fence has fallen, whatever is queued. */
function fencedWriter(producer: RecordProducer, fence: Fence): Writer {
  return {
    get hasRoom() {
      return producer.hasRoom;
    },
    get unconfirmedSince() {
      return producer.unconfirmedSince;
    },
    leaderlessSince: (topic, partition) => producer.leaderlessSince(topic, partition),
    send: (records) => producer.send(records, fence),
  };
}
