import type { SluiceCodecs } from "../../pipeline/records/codecs.ts";
import { BlockInserter } from "../../platform/clickhouse/block-inserter.ts";
import type { ClickhouseConfig } from "../../platform/clickhouse/settings.ts";
import type { KafkaConnection } from "../../platform/kafka/connection.ts";
import { observeKafka } from "../../platform/kafka/observe.ts";
import type { RecordProducer } from "../../platform/kafka/producer.ts";
import { runSink, type SinkOptions } from "../../platform/kafka/sink.ts";
import { SinkStats } from "../../platform/kafka/sink-stats.ts";
import { TaskGroup } from "../../platform/kafka/task-group.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import type { LifecycleScope } from "../../platform/lifecycle/lifecycle.ts";
import type { MetricRegistry } from "../../platform/telemetry/metric-registry.ts";
import { DEAD_LETTER_TOPIC } from "../../schemas/topics.ts";
import { clickhouseReadiness } from "./clickhouse-probe.ts";
import { DEAD_LETTER_COLUMNS, DeadLetterBlock } from "./dead-letter-block.ts";

const GROUP_ID = "sluice.analytics-sink.dead-letters";
const TABLE = "dead_letters";
/** A dead letter holds the record that it is about, so a fetch may be large, and there are few. */
const MAX_ROWS = 1_000;
/** Anybody may write into the topic: what comes beyond is counted together. */
const MAX_REASONS = 200;
const MAX_BYTES_PER_PARTITION = 2 << 20;

export interface DeadLetterSinkConfig extends ClickhouseConfig {
  readonly partitions: number;
  readonly kafkaSessionTimeout: number;
  readonly sinkMaxAge: number;
  readonly sinkMaxBytes: number;
  readonly sinkInsertTimeout: number;
}

export interface DeadLetterSinkParts {
  readonly connection: KafkaConnection;
  readonly codecs: SluiceCodecs;
  readonly producer: RecordProducer;
  /** It knows the topic of dead letters. */
  readonly reader: TopicReader;
}

/** sms.dead-letter -> the table `dead_letters`, by the same rules as events: each exactly one row. */
export async function startDeadLetterSink(
  scope: LifecycleScope & { readonly metrics: MetricRegistry },
  config: DeadLetterSinkConfig,
  { connection, codecs, producer, reader }: DeadLetterSinkParts,
): Promise<void> {
  const inserter = new BlockInserter(config, {
    table: TABLE,
    columns: DEAD_LETTER_COLUMNS,
    connections: 1,
    timeoutMs: config.sinkInsertTimeout,
  });
  await scope.add("clickhouse (dead letters)", { start: () => inserter, stop: () => inserter.close() });
  await scope.waitFor("clickhouse (dead letters)", () => inserter.check(TABLE));
  const stats = new SinkStats();
  const letters = scope.metrics.counter("sink_dead_letters_total", {
    help: "Dead letters stored, by the service that wrote them and the reason",
    maxSeries: MAX_REASONS,
  });
  const options: SinkOptions<DeadLetterBlock> = {
    groupId: GROUP_ID,
    store: {
      open: () => new DeadLetterBlock(codecs),
      insert: async (block, token) => {
        await inserter.insert(block.encoded(), token);
        // Not `service`: that label is the target's own in Prometheus.
        for (const { service, reason, count } of block.reasons()) letters.with({ origin: service, reason }).add(count);
      },
      deadLetter: () => {
        throw new Error("a dead letter is never refused");
      },
    },
    producer,
    reader,
    stats,
    log: connection.log,
    maxRows: MAX_ROWS,
    maxBytes: config.sinkMaxBytes,
    maxAgeMs: config.sinkMaxAge,
    repeatSpan: MAX_ROWS,
  };
  const group = new TaskGroup({
    connection,
    groupId: GROUP_ID,
    topics: [DEAD_LETTER_TOPIC],
    partitions: config.partitions,
    sessionTimeoutMs: config.kafkaSessionTimeout,
    run: (task) => runSink(task, options),
    minBytes: 1,
    maxWaitMs: 500,
    maxBytesPerPartition: MAX_BYTES_PER_PARTITION,
  });
  observeKafka(scope, { group, name: "dead letters", now: () => producer.clock.now() });
  scope.readiness.register(
    "clickhouse (dead letters)",
    clickhouseReadiness(() => inserter.check(TABLE), stats),
  );
  await scope.add("dead letter tasks", { start: () => group, stop: () => group.stop() });
  await scope.waitFor("kafka (dead letter tasks)", () => group.start());
}
