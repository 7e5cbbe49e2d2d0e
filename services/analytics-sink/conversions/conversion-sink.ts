import type { BlockInserter } from "../../../platform/clickhouse/block-inserter.ts";
import { runSink, type SinkOptions } from "../../../platform/kafka/sink.ts";
import { SinkStats } from "../../../platform/kafka/sink-stats.ts";
import type { Task } from "../../../platform/kafka/task.ts";
import type { Log } from "../../../platform/log/log.ts";
import type { MetricRegistry } from "../../../platform/telemetry/metric-registry.ts";
import { CONVERSION_SINK_GROUP } from "../../../schemas/groups.ts";
import { CONVERSIONS_TOPIC } from "../../../schemas/topics.ts";
import { refusedLetters } from "../refusals.ts";
import { type SinkConfig, type SinkParts, type SinkScope, startSink } from "../start-sink.ts";
import { CONVERSION_COLUMNS, ConversionBlock } from "./conversion-block.ts";
import { ConversionLookups } from "./conversion-lookups.ts";
import { ConversionSettling, type SettledAs } from "./conversion-settling.ts";

const TABLE = "conversions";
const MAX_ROWS = 1_000;
const MAX_BYTES_PER_PARTITION = 256 << 10;
/** Between two looks at what waits for its message, ms. */
const SETTLE_EVERY_MS = 1_000;

export interface ConversionSinkConfig extends SinkConfig {
  readonly conversionWait: number;
}

/** What a partition's task works with. */
interface TaskParts extends SinkParts {
  readonly inserter: BlockInserter;
  readonly lookups: ConversionLookups;
  readonly stats: SinkStats;
  readonly live: Set<ConversionSettling>;
  readonly count: (as: SettledAs) => void;
  readonly log: Log;
}

/** sms.conversions -> the table `conversions`, each exactly one row; and what they say of providers' ways -> sms.conversion-counts. */
export async function startConversionSink(
  scope: SinkScope,
  config: ConversionSinkConfig,
  parts: SinkParts,
): Promise<void> {
  const lookups = new ConversionLookups(config);
  await scope.add("clickhouse (messages of conversions)", { start: () => lookups, stop: () => lookups.close() });
  const stats = new SinkStats();
  const live = new Set<ConversionSettling>();
  const count = observe(scope.metrics, stats, live);
  const ofTasks = { ...parts, lookups, stats, live, count, log: scope.log };
  await startSink(scope, config, parts, {
    name: "conversions",
    topic: CONVERSIONS_TOPIC,
    groupId: CONVERSION_SINK_GROUP,
    table: TABLE,
    columns: CONVERSION_COLUMNS,
    connections: 1,
    stats,
    fetch: { minBytes: 1, maxWaitMs: 500, maxBytesPerPartition: MAX_BYTES_PER_PARTITION },
    run: (task, inserter) => runTask(task, config, { ...ofTasks, inserter }),
  });
}

async function runTask(task: Task, config: ConversionSinkConfig, parts: TaskParts): Promise<void> {
  const { codecs, lookups, count, live, now } = parts;
  const { partition } = task;
  const settling = new ConversionSettling({
    codec: codecs.conversionCounts,
    partition,
    since: now(),
    waitMs: config.conversionWait,
    find: (ids) => lookups.find(ids),
    count,
  });
  live.add(settling);
  const timer = settleNowAndThen(task, settling, parts);
  try {
    await runSink(task, sinkOptions(config, settling, parts));
  } finally {
    clearInterval(timer);
    live.delete(settling);
  }
}

function sinkOptions(
  config: ConversionSinkConfig,
  settling: ConversionSettling,
  { codecs, producer, reader, stats, connection, inserter, crashed, now, traces }: TaskParts,
): SinkOptions<ConversionBlock> {
  return {
    groupId: CONVERSION_SINK_GROUP,
    store: {
      open: () => new ConversionBlock(codecs),
      insert: async (block, token) => {
        await inserter.insert(() => block.encoded(), token);
        settling.add(block.told.values());
      },
      settle: (block, doubt) => crashed.again(inserter, TABLE, () => block.encoded(), doubt),
      deadLetter: refusedLetters(codecs, now, traces),
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
}

/** One look-up at a time; while ClickHouse is away, what waits goes on waiting. */
function settleNowAndThen(
  task: Task,
  settling: ConversionSettling,
  { producer, stats, now, log }: TaskParts,
): NodeJS.Timeout {
  let busy = false;
  const settle = async (): Promise<void> => {
    if (busy || !task.alive) return;
    busy = true;
    try {
      // While more stands in the log than was read, only what was read says how far that is.
      const behind = task.inputs.some(({ backlog }) => backlog > 0);
      const readUpTo = behind ? Number.NEGATIVE_INFINITY : now() - stats.lagMs(now()) - SETTLE_EVERY_MS;
      await producer.send(await settling.settle(now(), readUpTo), task);
    } catch (err) {
      log.every("conversions-unsettled", 5_000).warn({ err }, "the messages of conversions cannot be looked up now");
    } finally {
      busy = false;
    }
  };
  return setInterval(() => void settle(), SETTLE_EVERY_MS);
}

function observe(
  metrics: MetricRegistry,
  stats: SinkStats,
  live: ReadonlySet<ConversionSettling>,
): (as: SettledAs) => void {
  metrics.observe("sink_conversions_total", "counter", "Conversions stored", () => stats.rows);
  metrics.observe("sink_conversions_waiting", "gauge", "Conversions whose message is not there yet", () =>
    [...live].reduce((sum, { size }) => sum + size, 0),
  );
  const settled = metrics.counter("sink_conversions_settled_total", {
    help: "Conversions by what became of them: counted for their way; late (told longer after the message than SLUICE_CONVERSION_WAIT); begun-before (the message is older than this process's hold of the partition); unmatched (no such message of the account); ambiguous (an id of several messages); crowded-out (too many were waiting)",
  });
  return (as) => settled.with({ as }).add();
}
