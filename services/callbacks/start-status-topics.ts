import type { Account } from "../../domain/catalog/account.ts";
import type { Pipeline } from "../../pipeline/boot/start-pipeline.ts";
import type { LiveCatalog } from "../../pipeline/follow/live-catalog.ts";
import { errorMessage } from "../../platform/errors/sluice-error.ts";
import { observeKafka } from "../../platform/kafka/observe.ts";
import { RecordProducer } from "../../platform/kafka/producer.ts";
import { TaskGroup } from "../../platform/kafka/task-group.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import { runTransform } from "../../platform/kafka/transform.ts";
import type { Scope } from "../../platform/lifecycle/run-service.ts";
import { STATUS_TOPICS_GROUP } from "../../schemas/groups.ts";
import { STATUS_TOPICS, statusTopic } from "../../schemas/topics.ts";
import { STATUS_INPUTS, StatusTopics } from "./status-topics.ts";

interface Parts extends Pick<Pipeline, "connection" | "codecs" | "now"> {
  readonly reader: TopicReader;
  readonly catalog: Pick<LiveCatalog, "current" | "onChange">;
  readonly partitions: number;
  readonly kafkaSessionTimeout: number;
  readonly onUnreadable: () => void;
}

/** Topics that are not there are looked for so often, ms. */
const LOOK_MS = 30_000;

/** Writes accounts' status topics until the service stops. Events are read for it from the first account on that has one. */
export async function startStatusTopics(scope: Scope, parts: Parts): Promise<void> {
  const { catalog, reader } = parts;
  const asked = () => [...catalog.current.accounts.values()].filter(hasStatusTopic).map(({ id }) => id);
  let own: ReadonlySet<string> = new Set();
  let missing = 0;
  // A topic that has never been there is not written to: who writes to one waits for it, and all that comes behind does.
  const look = async () => {
    const present = new Set((await reader.topics()).filter((name) => name.startsWith(STATUS_TOPICS)));
    const accounts = asked();
    const without = accounts.filter((account) => !own.has(account) && !present.has(statusTopic(account)));
    own = new Set(accounts.filter((account) => !without.includes(account)));
    missing = without.length;
    if (missing > 0)
      scope.log
        .every("status-topics", LOOK_MS / 2)
        .warn(
          { accounts: without.slice(0, 10) },
          "accounts have no status topic yet: `sluice apply` or the migration creates it",
        );
  };
  const group = openGroup(scope, parts, (account) => own.has(account));
  scope.metrics.observe(
    "callbacks_status_topics_missing",
    "gauge",
    "Accounts with statusTopic whose topic is not there: what becomes of their messages is not written to it",
    () => missing,
  );
  let starting: Promise<void> | undefined;
  const start = async () => {
    await scope.waitFor("kafka (status topics)", look);
    await group.start();
  };
  const beginIfNeeded = async () => {
    if (asked().length > 0) starting ??= start();
    await starting;
  };
  const again = async () => {
    try {
      await beginIfNeeded();
    } catch (error) {
      // A start that a stop has cut off is no fault.
      if (!scope.signal.aborted) scope.fail(error);
      return;
    }
    if (starting === undefined) return;
    await look().catch((error: Error) => {
      const log = scope.log.every("status-topics-look", 5_000);
      log.warn({ cause: errorMessage(error) }, "which status topics there are is not known");
    });
  };
  catalog.onChange(() => void again());
  await scope.add("status topics", {
    start: () => setInterval(() => void again(), LOOK_MS).unref(),
    stop: (timer) => clearInterval(timer),
  });
  await beginIfNeeded();
}

function hasStatusTopic({ statusTopic }: Pick<Account, "statusTopic">): boolean {
  return statusTopic === true;
}

/** Has a producer of its own: a topic that cannot be written to holds up no callback. */
function openGroup(scope: Scope, parts: Parts, hasTopic: (account: string) => boolean): { start(): Promise<void> } {
  const { connection, codecs, now, reader, partitions, kafkaSessionTimeout, onUnreadable } = parts;
  const records = scope.metrics.counter("callbacks_status_records_total", {
    help: "Records for accounts' status topics, by what they tell; those that were given out again after a crash count again",
  });
  const { log } = scope;
  const onTold = (type: string) => records.with({ type }).add();
  const options = { codecs, reader, partitions, hasTopic, onTold, onUnreadable, log, now };
  const producer = new RecordProducer({ connection });
  const group = new TaskGroup({
    connection,
    groupId: STATUS_TOPICS_GROUP,
    topics: STATUS_INPUTS,
    partitions,
    sessionTimeoutMs: kafkaSessionTimeout,
    run: (task) => runTransform(task, new StatusTopics(task, options), { producer }),
  });
  return {
    start: async () => {
      await scope.waitFor("kafka (status topics)", () => producer.connect());
      await scope.add("status producer", { start: () => producer, stop: () => producer.close() });
      await scope.add("status tasks", { start: () => group, stop: () => group.stop() });
      await scope.waitFor("kafka (status topics)", () => group.start());
      observeKafka(scope, { group, name: "status topics", now });
    },
  };
}
