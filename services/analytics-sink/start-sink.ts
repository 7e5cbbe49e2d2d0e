import type { SluiceCodecs } from "../../pipeline/records/codecs.ts";
import type { MessageTraces } from "../../pipeline/traces/message-traces.ts";
import { type BlockFormat, BlockInserter } from "../../platform/clickhouse/block-inserter.ts";
import type { ClickhouseConfig } from "../../platform/clickhouse/settings.ts";
import type { KafkaConnection } from "../../platform/kafka/connection.ts";
import { observeKafka } from "../../platform/kafka/observe.ts";
import type { RecordProducer } from "../../platform/kafka/producer.ts";
import type { SinkStats } from "../../platform/kafka/sink-stats.ts";
import type { Task } from "../../platform/kafka/task.ts";
import { TaskGroup } from "../../platform/kafka/task-group.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import type { LifecycleScope } from "../../platform/lifecycle/lifecycle.ts";
import type { Log } from "../../platform/log/log.ts";
import type { MetricRegistry } from "../../platform/telemetry/metric-registry.ts";
import { clickhouseReadiness } from "./clickhouse-probe.ts";
import type { CrashedBlocks } from "./crashed-blocks.ts";

/** What each of the process's sinks is set by. */
export interface SinkConfig extends ClickhouseConfig {
  readonly partitions: number;
  readonly kafkaSessionTimeout: number;
  readonly sinkMaxAge: number;
  readonly sinkMaxBytes: number;
  readonly sinkInsertTimeout: number;
}

export interface SinkScope extends LifecycleScope {
  readonly metrics: MetricRegistry;
  readonly log: Log;
}

/** What the sinks of the process share. */
export interface SinkParts {
  readonly connection: KafkaConnection;
  readonly codecs: SluiceCodecs;
  readonly producer: RecordProducer;
  /** It knows all their topics. */
  readonly reader: TopicReader;
  readonly crashed: CrashedBlocks;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
  readonly traces: Pick<MessageTraces, "deadLetter"> | undefined;
}

/** A topic that becomes rows of a table. */
export interface Sink {
  /** In names of checks and metrics; undefined: the process's main one. */
  readonly name: string | undefined;
  readonly topic: string;
  readonly groupId: string;
  readonly table: string;
  readonly columns: readonly string[];
  /** Of its blocks. Default: RowBinary. */
  readonly format?: BlockFormat;
  /** Inserts under way at a time. */
  readonly connections: number;
  readonly stats: SinkStats;
  /** What one fetch brings: `minBytes` or what has come within `maxWaitMs`, of a partition `maxBytesPerPartition` at the most. */
  readonly fetch: { readonly minBytes: number; readonly maxWaitMs: number; readonly maxBytesPerPartition: number };
  /** For `TaskGroup.run`. */
  readonly run: (task: Task, inserter: BlockInserter) => Promise<void>;
}

/**
 * What stops a group, which has begun to stop when the service did: groups that leave in the middle of a rebalance wait for it, and one after the other they would
 * take longer than a stop may.
 */
export function stoppedWithAll(
  { signal }: Pick<LifecycleScope, "signal">,
  group: Pick<TaskGroup, "stop">,
): () => Promise<void> {
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= group.stop();
    return stopping;
  };
  // A fault of it is told of by who stops everything.
  signal.addEventListener("abort", () => void stop().catch(() => {}), { once: true });
  return stop;
}

/** Waits for the table, joins the group, and tells readiness and metrics of both. Resolves when the first partitions are asked for. */
export async function startSink(
  scope: SinkScope,
  config: SinkConfig,
  { connection, now }: SinkParts,
  { name, topic, groupId, table, columns, format = "RowBinary", connections, stats, fetch, run }: Sink,
): Promise<BlockInserter> {
  const clickhouse = name === undefined ? "clickhouse" : `clickhouse (${name})`;
  const tasks = name === undefined ? "sink tasks" : `sink tasks (${name})`;
  const inserter = new BlockInserter(config, {
    table,
    columns,
    format,
    connections,
    timeoutMs: config.sinkInsertTimeout,
  });
  const check = () => inserter.check(table);
  await scope.add(clickhouse, { start: () => inserter, stop: () => inserter.close() });
  await scope.waitFor(clickhouse, check);
  const group = new TaskGroup({
    ...{ connection, groupId, topics: [topic], partitions: config.partitions, ...fetch },
    sessionTimeoutMs: config.kafkaSessionTimeout,
    run: (task) => run(task, inserter),
  });
  observeKafka(scope, { group, now, ...(name === undefined ? {} : { name }) });
  scope.readiness.register(clickhouse, clickhouseReadiness(check, stats));
  await scope.add(tasks, { start: () => group, stop: stoppedWithAll(scope, group) });
  await scope.waitFor(`kafka (${tasks})`, () => group.start());
  return inserter;
}
