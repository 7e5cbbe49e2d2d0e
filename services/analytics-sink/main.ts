/** analytics-sink: sms.events, sms.dead-letter and sms.conversions -> ClickHouse, each record exactly one row; sms.conversion-counts. */

import { startPipeline, startReader } from "../../pipeline/boot/start-pipeline.ts";
import { BlockInserter } from "../../platform/clickhouse/block-inserter.ts";
import { loadConfig } from "../../platform/config/load-config.ts";
import { observeKafka } from "../../platform/kafka/observe.ts";
import { runSink, type SinkOptions } from "../../platform/kafka/sink.ts";
import { TaskGroup } from "../../platform/kafka/task-group.ts";
import { runService } from "../../platform/lifecycle/run-service.ts";
import { KNOWN_VARIABLES } from "../../schemas/generated/variables.ts";
import { EVENT_SINK_GROUP } from "../../schemas/groups.ts";
import { CONVERSIONS_TOPIC, DEAD_LETTER_TOPIC, EVENTS_TOPIC } from "../../schemas/topics.ts";
import { analyticsSinkSettings } from "./analytics-sink-settings.ts";
import { observeClickhouseDisks } from "./clickhouse-disks.ts";
import { clickhouseReadiness } from "./clickhouse-probe.ts";
import { startConversionSink } from "./conversions/conversion-sink.ts";
import { startDeadLetterSink } from "./dead-letter-sink.ts";
import { EventBlock } from "./event-block.ts";
import { EVENT_COLUMNS } from "./event-row.ts";
import { refusedLetters } from "./refusals.ts";
import { sinkMetrics } from "./sink-metrics.ts";

const TABLE = "events";

const config = loadConfig("analytics-sink", analyticsSinkSettings, {
  purpose: "Stores every event of sms.events as exactly one row in ClickHouse.",
  knownKeys: KNOWN_VARIABLES,
});

await runService({
  name: "analytics-sink",
  config,
  start: async (scope) => {
    const pipeline = await startPipeline(scope, "analytics-sink", config);
    const { connection, codecs, producer, now } = pipeline;
    const inserter = new BlockInserter(config, {
      table: TABLE,
      columns: EVENT_COLUMNS,
      connections: config.sinkInserts,
      timeoutMs: config.sinkInsertTimeout,
    });
    await scope.add("clickhouse", { start: () => inserter, stop: () => inserter.close() });
    await scope.waitFor("clickhouse", () => inserter.check(TABLE));
    const reader = await startReader(scope, pipeline, [EVENTS_TOPIC, DEAD_LETTER_TOPIC, CONVERSIONS_TOPIC]);

    const stats = sinkMetrics(scope.metrics, now);
    const options: SinkOptions<EventBlock> = {
      groupId: EVENT_SINK_GROUP,
      store: {
        open: () => new EventBlock(codecs),
        insert: (block, token) => inserter.insert(block.encoded(), token),
        deadLetter: refusedLetters(codecs, now),
      },
      producer,
      reader,
      stats,
      log: scope.log,
      maxRows: config.sinkMaxRows,
      maxBytes: config.sinkMaxBytes,
      maxAgeMs: config.sinkMaxAge,
      repeatSpan: config.sinkRepeatSpan,
    };
    const group = new TaskGroup({
      connection,
      groupId: EVENT_SINK_GROUP,
      topics: [EVENTS_TOPIC],
      partitions: config.partitions,
      sessionTimeoutMs: config.kafkaSessionTimeout,
      run: (task) => runSink(task, options),
      // Nobody waits for a row: few large fetches cost less than many small ones.
      minBytes: 65_536,
      maxWaitMs: 250,
      maxBytesPerPartition: 1 << 20,
    });
    observeKafka(scope, { producer, group });
    scope.readiness.register(
      "clickhouse",
      clickhouseReadiness(() => inserter.check(TABLE), stats),
    );
    await scope.add("sink tasks", { start: () => group, stop: () => group.stop() });
    await scope.waitFor("kafka (sink tasks)", () => group.start());
    await observeClickhouseDisks(scope, () => inserter.disks());
    await startDeadLetterSink(scope, config, { connection, codecs, producer, reader });
    await startConversionSink(scope, config, { connection, codecs, producer, reader, now });
  },
});
