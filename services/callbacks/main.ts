/** callbacks: sms.events -> customers' addresses, and accounts' own topics. */
import { randomUUID } from "node:crypto";
import { performance } from "node:perf_hooks";
import { checkConnections } from "../../pipeline/boot/check-connections.ts";
import { openCatalog } from "../../pipeline/boot/open-catalog.ts";
import { readCatalog } from "../../pipeline/boot/read-catalog.ts";
import { startPipeline, startReader } from "../../pipeline/boot/start-pipeline.ts";
import { loadConfig } from "../../platform/config/load-config.ts";
import { AddressGuard } from "../../platform/http/address-guard.ts";
import { WebhookClient } from "../../platform/http/webhook-client.ts";
import { observeKafka } from "../../platform/kafka/observe.ts";
import { TaskGroup } from "../../platform/kafka/task-group.ts";
import { runService } from "../../platform/lifecycle/run-service.ts";
import { KNOWN_VARIABLES } from "../../schemas/generated/variables.ts";
import { CALLBACKS_GROUP } from "../../schemas/groups.ts";
import { CONTROL_TOPIC, EVENTS_TOPIC } from "../../schemas/topics.ts";
import { callbackMetrics } from "./callback-metrics.ts";
import { callbacksSettings } from "./callbacks-settings.ts";
import { CONNECTIONS, EndpointBoard } from "./endpoint-board.ts";
import { openWaiting } from "./open-waiting.ts";
import { PartitionCallbacks, type PartitionCallbacksOptions } from "./partition-callbacks.ts";
import { startStatusTopics } from "./start-status-topics.ts";

const config = loadConfig("callbacks", callbacksSettings, {
  purpose: "Tells customers' addresses what becomes of their messages.",
  knownKeys: KNOWN_VARIABLES,
  check: (given) => {
    checkConnections(given);
    return readCatalog(given).warnings;
  },
});

await runService({
  name: "callbacks",
  config,
  redact: ["secrets", "secret", "url", "callbackUrl"],
  start: async (scope) => {
    const pipeline = await startPipeline(scope, "callbacks", config);
    const { connection, codecs, producer, now } = pipeline;
    const metrics = callbackMetrics(scope.metrics);
    const waiting = await openWaiting(scope, pipeline, config, () => metrics.unreadable.add());
    const reader = await startReader(scope, pipeline, [CONTROL_TOPIC, EVENTS_TOPIC]);
    const catalog = await openCatalog(scope, pipeline, { service: "callbacks", config, reader, secrets: ["accounts"] });
    const guard = new AddressGuard(config.callbackAllow);
    const client = await scope.add("callback client", {
      start: () => new WebhookClient({ now, guard, connections: CONNECTIONS }),
      stop: (it) => it.close(),
    });
    catalog.onChange(({ accounts }) => client.keep(new Set(accounts.keys())));
    const clock = () => performance.now();
    const board = new EndpointBoard(clock);
    const live = new Set<PartitionCallbacks>();
    const options: Omit<PartitionCallbacksOptions, "writer"> = {
      ...{ codecs, catalog, reader, producer, waiting, board, client, metrics, now, clock },
      log: scope.log,
      giveUpMs: config.callbackGiveUp,
      share: () => Math.max(1, group.status.assigned.length) / config.partitions,
      random: Math.random,
    };
    const group: TaskGroup = new TaskGroup({
      connection,
      groupId: CALLBACKS_GROUP,
      topics: [EVENTS_TOPIC],
      partitions: config.partitions,
      sessionTimeoutMs: config.kafkaSessionTimeout,
      run: async (task) => {
        const one = new PartitionCallbacks(task, { ...options, writer: randomUUID() });
        live.add(one);
        try {
          await one.run();
        } finally {
          live.delete(one);
        }
      },
    });
    scope.metrics.observe("callbacks_waiting", "gauge", "Callbacks that are still to be taken", () =>
      [...live].reduce((sum, { waitingCount }) => sum + waitingCount, 0),
    );
    scope.metrics.observe(
      "callbacks_oldest_seconds",
      "gauge",
      "For how long the callback has been waiting that has waited for longest, in seconds",
      () => {
        const oldest = [...live].reduce(
          (least, one) => Math.min(least, one.oldest ?? Number.POSITIVE_INFINITY),
          Number.POSITIVE_INFINITY,
        );
        return oldest === Number.POSITIVE_INFINITY ? 0 : Math.max(0, now() - oldest) / 1_000;
      },
    );
    scope.metrics.observe(
      "callbacks_endpoints",
      "gauge",
      "Customers' addresses that this process has told something lately, by account and origin: told (closed), on trial (half_open) or left alone (open)",
      () => Object.entries(board.states).map(([state, value]) => ({ value, labels: { state } })),
    );
    await scope.add("callback tasks", { start: () => group, stop: () => group.stop() });
    observeKafka(scope, { producer });
    // Where no account is to be told anything, events are not read.
    let starting: Promise<void> | undefined;
    const start = async () => {
      await scope.waitFor("kafka (callback tasks)", () => group.start());
      observeKafka(scope, { group });
    };
    const beginIfNeeded = async () => {
      if ([...catalog.current.accounts.values()].every(({ callbacks }) => callbacks === undefined)) return;
      starting ??= start();
      await starting;
    };
    catalog.onChange(() => {
      beginIfNeeded().catch((error: Error) => {
        // A start that a stop has cut off is no fault.
        if (!scope.signal.aborted) scope.fail(error);
      });
    });
    const { partitions, kafkaSessionTimeout } = config;
    const onUnreadable = () => metrics.unreadable.add();
    await Promise.all([
      beginIfNeeded(),
      startStatusTopics(scope, { ...pipeline, catalog, reader, partitions, kafkaSessionTimeout, onUnreadable }),
    ]);
  },
});
