import { begins, type Suspicion } from "../../../domain/abnormal/suspicion.ts";
import { SuspicionBoard } from "../../../pipeline/follow/suspicion-board.ts";
import { suspicionRecord } from "../../../pipeline/records/suspicion-record.ts";
import type { ClickhouseConfig } from "../../../platform/clickhouse/settings.ts";
import { observeKafka } from "../../../platform/kafka/observe.ts";
import type { Task } from "../../../platform/kafka/task.ts";
import { TaskGroup } from "../../../platform/kafka/task-group.ts";
import type { LifecycleScope } from "../../../platform/lifecycle/lifecycle.ts";
import type { Log } from "../../../platform/log/log.ts";
import type { MetricRegistry } from "../../../platform/telemetry/metric-registry.ts";
import { ABNORMAL_GROUP, CONVERSION_SINK_GROUP, EVENT_SINK_GROUP } from "../../../schemas/groups.ts";
import { ABNORMAL_TOPIC, CONVERSIONS_TOPIC, EVENTS_TOPIC } from "../../../schemas/topics.ts";
import { type SinkParts, stoppedWithAll } from "../start-sink.ts";
import { AbnormalMetrics } from "./abnormal-metrics.ts";
import { StoredMark } from "./stored-mark.ts";
import { StoredTraffic } from "./stored-traffic.ts";
import { TrafficWatch, UntoldError } from "./traffic-watch.ts";

/** Between two looks at whether the next minute is stored, ms. */
const LOOK_EVERY_MS = 2_000;
/** Records of sms.abnormal that whoever takes over reads back: the open ones are said every ten minutes. */
const READ_BACK = 20_000;

interface Scope extends LifecycleScope {
  readonly metrics: MetricRegistry;
  readonly log: Log;
}

export interface AbnormalWatchConfig extends ClickhouseConfig {
  readonly kafkaSessionTimeout: number;
  readonly conversionWait: number;
  readonly abnormalHistory: number;
}

interface WatchParts extends SinkParts {
  readonly traffic: StoredTraffic;
  readonly metrics: AbnormalMetrics;
  readonly log: Log;
}

/**
 * Stored traffic -> what is abnormal in it, in sms.abnormal. One instance watches: whoever owns the topic's partition. The last minute that was told
 * of stands beside its committed offset; what is usual is learned anew from ClickHouse by whoever takes over.
 */
export async function startAbnormalWatch(scope: Scope, config: AbnormalWatchConfig, parts: SinkParts): Promise<void> {
  const traffic = new StoredTraffic(config, config.conversionWait);
  await scope.add("clickhouse (abnormal traffic)", { start: () => traffic, stop: () => traffic.close() });
  const metrics = new AbnormalMetrics(scope.metrics, parts.now);
  const group = new TaskGroup({
    connection: parts.connection,
    groupId: ABNORMAL_GROUP,
    topics: [ABNORMAL_TOPIC],
    partitions: 1,
    sessionTimeoutMs: config.kafkaSessionTimeout,
    run: (task) => runWatch(task, config, { ...parts, traffic, metrics, log: scope.log }),
    minBytes: 1,
    maxWaitMs: 1_000,
  });
  observeKafka(scope, { group, name: "abnormal", now: parts.now });
  await scope.add("abnormal traffic", { start: () => group, stop: stoppedWithAll(scope, group) });
  await scope.waitFor("kafka (abnormal traffic)", () => group.start());
}

async function runWatch(task: Task, config: AbnormalWatchConfig, parts: WatchParts): Promise<void> {
  const { traffic, metrics, log, now } = parts;
  const told = Number(task.restored.state || Number.NaN);
  const watch = new TrafficWatch({
    read: (from, until, coarse) => traffic.read(from, until, coarse),
    earliest: () => traffic.earliest(),
    toldBefore: () => readBack(task, parts),
    tell: (suspicions, upTo) => tell(task, suspicions, upTo, parts),
    startedAt: now(),
    historyMs: config.abnormalHistory,
    toldUpTo: Number.isSafeInteger(told) ? told : undefined,
  });
  const stored = [new StoredMark(), new StoredMark()] as const;
  task.begin();
  metrics.begin(watch);
  try {
    while (task.taking) {
      // Who reads them are others; here only the newest end of the log is of use, for the commit.
      while (task.take(task.inputs[0]!) !== undefined);
      try {
        await Promise.all([
          sample(stored[0], EVENTS_TOPIC, EVENT_SINK_GROUP, parts),
          sample(stored[1], CONVERSIONS_TOPIC, CONVERSION_SINK_GROUP, parts),
        ]);
        if (await watch.step(Math.min(stored[0].until, stored[1].until))) continue;
      } catch (err) {
        if (err instanceof UntoldError) {
          if (!task.alive) return;
          throw err;
        }
        log
          .every("traffic-unread", 30_000)
          .warn({ err }, "the traffic cannot be read now; it is watched when it can be");
      }
      await task.wait(LOOK_EVERY_MS);
    }
  } finally {
    metrics.end(watch);
  }
}

async function sample(mark: StoredMark, topic: string, group: string, { reader, now }: WatchParts): Promise<void> {
  const at = now();
  const marks = await reader.watermarks(topic);
  mark.sample(at, marks, await reader.committed(group, topic));
}

async function tell(
  task: Task,
  suspicions: readonly Suspicion[],
  upTo: number,
  { codecs, producer, metrics, log }: WatchParts,
): Promise<void> {
  await producer.send(
    suspicions.map((suspicion) => suspicionRecord(codecs.suspicion, suspicion)),
    task,
  );
  for (const suspicion of suspicions) {
    const isNew = begins(suspicion, upTo);
    if (isNew) metrics.begun(suspicion.kind);
    // Numbers, ranges of them and senders, which may be numbers, stand in the record only.
    const { id: _, subject, measure, hourly, ...figures } = suspicion;
    const { account, country, provider } = subject;
    const said = { ...figures, account, country, provider, measure, hourly };
    if (isNew) log.warn(said, "abnormal traffic");
    else log.info(said, suspicion.over ? "abnormal traffic is over" : "abnormal traffic goes on");
  }
  if (!(await task.commit([task.inputs[0]!.expected - task.inputs[0]!.length], String(upTo))))
    throw new Error("the watch has gone to another instance");
}

/** The suspicions that are not over, as they were told last. */
async function readBack(task: Task, { codecs, reader, log }: WatchParts): Promise<readonly Suspicion[]> {
  const board = new SuspicionBoard(codecs.suspicion);
  const { high } = (await reader.watermarks(ABNORMAL_TOPIC))[task.partition] ?? { high: 0 };
  await reader.readRange(ABNORMAL_TOPIC, task.partition, Math.max(0, high - READ_BACK), high, (record) => {
    if (!board.accept(record))
      log
        .every("unreadable-abnormal", 5_000)
        .warn({ offset: record.offset }, `a record of ${ABNORMAL_TOPIC} is passed over`);
  });
  return board.open;
}
