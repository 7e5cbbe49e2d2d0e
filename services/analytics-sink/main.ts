/** analytics-sink: sms.events, sms.dead-letter, sms.conversions and sms.received -> ClickHouse, each record exactly one row; sms.conversion-counts. */

import { checkConnections } from "../../pipeline/boot/check-connections.ts";
import { startPipeline, startReader } from "../../pipeline/boot/start-pipeline.ts";
import { EVENT_COLUMNS } from "../../pipeline/records/event-row.ts";
import type { BlockInserter } from "../../platform/clickhouse/block-inserter.ts";
import { loadConfig } from "../../platform/config/load-config.ts";
import { LogDirs } from "../../platform/kafka/log-dirs.ts";
import { observeKafka } from "../../platform/kafka/observe.ts";
import { runSink, type SinkOptions } from "../../platform/kafka/sink.ts";
import { runService } from "../../platform/lifecycle/run-service.ts";
import { KNOWN_VARIABLES } from "../../schemas/generated/variables.ts";
import { EVENT_SINK_GROUP } from "../../schemas/groups.ts";
import {
  ABNORMAL_TOPIC,
  CONTROL_TOPIC,
  CONVERSIONS_TOPIC,
  DEAD_LETTER_TOPIC,
  EVENTS_TOPIC,
  RECEIVED_TOPIC,
} from "../../schemas/topics.ts";
import { startAbnormalWatch } from "./abnormal/abnormal-watch.ts";
import { analyticsSinkSettings } from "./analytics-sink-settings.ts";
import { startConversionSink } from "./conversions/conversion-sink.ts";
import { CrashedBlocks } from "./crashed-blocks.ts";
import { startDeadLetterSink } from "./dead-letter-sink.ts";
import { EventBlock } from "./event-block.ts";
import { startReceivedSink } from "./inbound/received-sink.ts";
import { observeDisks } from "./observed-disks.ts";
import { startRates } from "./rates/start-rates.ts";
import { refusedLetters } from "./refusals.ts";
import { sinkMetrics } from "./sink-metrics.ts";
import { type SinkParts, startSink } from "./start-sink.ts";

const config = loadConfig("analytics-sink", analyticsSinkSettings, {
  purpose: "Stores every event of sms.events as exactly one row in ClickHouse.",
  knownKeys: KNOWN_VARIABLES,
  check: (given) => {
    checkConnections(given);
    return [];
  },
});

await runService({
  name: "analytics-sink",
  config,
  start: async (scope) => {
    const pipeline = await startPipeline(scope, "analytics-sink", config);
    const { codecs, producer, now } = pipeline;
    const topics = [
      ...[EVENTS_TOPIC, DEAD_LETTER_TOPIC, CONVERSIONS_TOPIC, RECEIVED_TOPIC],
      ...[ABNORMAL_TOPIC, CONTROL_TOPIC],
    ];
    const reader = await startReader(scope, pipeline, topics);
    observeKafka(scope, { producer });
    const stats = sinkMetrics(scope.metrics, now);
    const crashed = new CrashedBlocks(config, scope.log);
    await scope.add("clickhouse (blocks in doubt)", { start: () => crashed, stop: () => crashed.close() });
    const parts: SinkParts = { ...pipeline, reader, crashed };
    const table = { table: "events", columns: EVENT_COLUMNS, format: "Native" } as const;
    const options = (inserter: BlockInserter): SinkOptions<EventBlock> => ({
      groupId: EVENT_SINK_GROUP,
      store: {
        open: () => new EventBlock(codecs),
        insert: (block, token) => inserter.insert(() => block.encoded(), token),
        settle: (block, doubt) => crashed.events(table, () => block.encoded(), doubt),
        deadLetter: refusedLetters(codecs, now, pipeline.traces),
      },
      producer,
      reader,
      stats,
      log: scope.log,
      maxRows: config.sinkMaxRows,
      maxBytes: config.sinkMaxBytes,
      maxAgeMs: config.sinkMaxAge,
      repeatSpan: config.sinkRepeatSpan,
    });
    const inserter = await startSink(scope, config, parts, {
      name: undefined,
      topic: EVENTS_TOPIC,
      groupId: EVENT_SINK_GROUP,
      ...table,
      connections: config.sinkInserts,
      stats,
      // Nobody waits for a row: few large fetches cost less than many small ones.
      fetch: { minBytes: 65_536, maxWaitMs: 250, maxBytesPerPartition: 1 << 20 },
      run: (task, of) => runSink(task, options(of)),
    });
    await observeDisks(scope, {
      whose: "ClickHouse's",
      free: "clickhouse_disk_free_bytes",
      size: "clickhouse_disk_size_bytes",
      ask: async () => (await inserter.disks()).map(({ name, ...space }) => ({ ...space, labels: { disk: name } })),
    });
    const logDirs = new LogDirs(pipeline.connection);
    await scope.add("client of the brokers' disks", { start: () => logDirs, stop: () => logDirs.stop() });
    await observeDisks(scope, {
      whose: "the brokers'",
      free: "kafka_disk_free_bytes",
      size: "kafka_disk_size_bytes",
      ask: async () =>
        (await logDirs.ask()).map(({ broker, dir, ...space }) => ({ ...space, labels: { broker, dir } })),
    });
    // Side by side: each waits for its group to form, and the process is ready when all of them are.
    await Promise.all([
      startDeadLetterSink(scope, config, parts),
      startConversionSink(scope, config, parts),
      startReceivedSink(scope, config, parts),
      startRates(scope, config, parts),
      ...(config.abnormalTraffic ? [startAbnormalWatch(scope, config, parts)] : []),
    ]);
  },
});
