/** router: sms.requests.* and sms.retry.* -> sms.dispatch.<provider>.*, sms.events. */

import { BudgetBoard } from "../../domain/budget/budget-board.ts";
import { revealFor } from "../../domain/catalog/secret-references.ts";
import { PrefixGuard } from "../../domain/guard/prefix-guard.ts";
import type { ConversionSummary } from "../../domain/quality/conversion-estimates.ts";
import { withConversions } from "../../domain/routing/delivery-view.ts";
import { checkConnections } from "../../pipeline/boot/check-connections.ts";
import { openCatalog } from "../../pipeline/boot/open-catalog.ts";
import { openConsent } from "../../pipeline/boot/open-consent.ts";
import { openFrequency } from "../../pipeline/boot/open-frequency.ts";
import { openStore } from "../../pipeline/boot/open-store.ts";
import { readCatalog } from "../../pipeline/boot/read-catalog.ts";
import { revealSecret } from "../../pipeline/boot/reveal-secret.ts";
import { connectionOf, startPipeline, startReader } from "../../pipeline/boot/start-pipeline.ts";
import { catalogCaughtUp } from "../../pipeline/follow/catalog-caught-up.ts";
import { CONSENT_TABLES } from "../../pipeline/follow/consent-copy.ts";
import { ConsentGuard } from "../../pipeline/follow/consent-guard.ts";
import { ConversionBoard } from "../../pipeline/follow/conversion-board.ts";
import { DeliveryBoard } from "../../pipeline/follow/delivery-board.ts";
import { followBudgets } from "../../pipeline/follow/follow-budgets.ts";
import { followConversions } from "../../pipeline/follow/follow-conversions.ts";
import { followHealth } from "../../pipeline/follow/follow-health.ts";
import { followNetworks } from "../../pipeline/follow/follow-networks.ts";
import { followQuality } from "../../pipeline/follow/follow-quality.ts";
import { followTopic } from "../../pipeline/follow/follow-topic.ts";
import { followUsage } from "../../pipeline/follow/follow-usage.ts";
import { FREQUENCY_TABLE } from "../../pipeline/follow/frequency-copy.ts";
import { ProviderHealth } from "../../pipeline/follow/provider-health.ts";
import { ReadMark } from "../../pipeline/follow/read-mark.ts";
import { SchemaGate } from "../../pipeline/follow/schema-gate.ts";
import { SuspicionBoard } from "../../pipeline/follow/suspicion-board.ts";
import { loadConfig } from "../../platform/config/load-config.ts";
import { LogEnds } from "../../platform/kafka/log-ends.ts";
import { observeKafka } from "../../platform/kafka/observe.ts";
import { Predecessor } from "../../platform/kafka/predecessor.ts";
import { TaskGroup } from "../../platform/kafka/task-group.ts";
import { runTransform } from "../../platform/kafka/transform.ts";
import { runService } from "../../platform/lifecycle/run-service.ts";
import { KNOWN_VARIABLES } from "../../schemas/generated/variables.ts";
import { ROUTER_GROUP } from "../../schemas/groups.ts";
import {
  ABNORMAL_TOPIC,
  BUDGETS_TOPIC,
  CONTROL_TOPIC,
  CONVERSION_COUNTS_TOPIC,
  EVENTS_TOPIC,
  HEALTH_TOPIC,
  NETWORKS_TOPIC,
  QUALITY_TOPIC,
  ROUTER_INPUTS,
  USAGE_TOPIC,
} from "../../schemas/topics.ts";
import { BatchShares } from "./batch-shares.ts";
import { CapBoard } from "./cap-board.ts";
import { LedHealth } from "./led-health.ts";
import { HttpLookup } from "./lookups/http-lookup.ts";
import { lookupMetrics } from "./lookups/lookup-metrics.ts";
import { NumberNetworks } from "./lookups/number-networks.ts";
import { Router } from "./router.ts";
import { observeBudgets, observeConversions, observeDelivery, routerMetrics } from "./router-metrics.ts";
import { routerSettings } from "./router-settings.ts";
import { BudgetRule } from "./rules/budget-rule.ts";
import { ConsentRule } from "./rules/consent-rule.ts";
import { FrequencyRule } from "./rules/frequency-rule.ts";
import { GuardRule } from "./rules/guard-rule.ts";
import { QuietHoursRule } from "./rules/quiet-hours-rule.ts";
import { openScheduled } from "./scheduled/open-scheduled.ts";
import { SCHEDULED_TABLES } from "./scheduled/scheduled-messages.ts";

/** Of ROUTER_INPUTS: the otp requests. */
const URGENT_INPUTS = 1;
/** Of one partition in one answer: KafkaJS decodes an answer of all partitions in one go, and an otp waits for that. */
const FETCHED_OCTETS = 64 << 10;
/** Blocks of the store's files in memory, octets. */
const STORE_CACHE_OCTETS = 32 << 20;

const config = loadConfig("router", routerSettings, {
  purpose: "Chooses a provider for every message, and routes again what comes back.",
  knownKeys: KNOWN_VARIABLES,
  check: (given) => {
    checkConnections(given);
    return readCatalog(given, revealFor(["lookups"], revealSecret)).warnings;
  },
});

await runService({
  name: "router",
  config,
  start: async (scope) => {
    const tables = [...CONSENT_TABLES, FREQUENCY_TABLE, ...SCHEDULED_TABLES];
    const store = await openStore(scope, { service: "router", config, tables, cacheOctets: STORE_CACHE_OCTETS });
    // Whoever had the store before is dead: the other routers need not wait for this one's start to take its partitions. First of all, then.
    const connection = connectionOf(scope, "router", config);
    const predecessor = new Predecessor({ file: `${store.folder}.member`, groupId: ROUTER_GROUP, connection });
    void predecessor.leave();
    const pipeline = await startPipeline(scope, "router", config);
    const { codecs, producer, now } = pipeline;
    const consent = await openConsent(scope, pipeline, { service: "router", config, store });
    const frequency = await openFrequency(scope, pipeline, { store, partitions: config.partitions });
    const boards = [
      HEALTH_TOPIC,
      QUALITY_TOPIC,
      CONVERSION_COUNTS_TOPIC,
      NETWORKS_TOPIC,
      USAGE_TOPIC,
      BUDGETS_TOPIC,
      ABNORMAL_TOPIC,
    ];
    const followedTopics = [...boards, CONTROL_TOPIC];
    const reader = await startReader(scope, pipeline, [EVENTS_TOPIC, ...followedTopics]);
    const catalog = await openCatalog(scope, pipeline, { service: "router", config, reader, secrets: ["lookups"] });
    const metrics = routerMetrics(scope.metrics);
    const scheduled = await openScheduled(scope, pipeline, store, () => metrics.unreadableScheduled.add());
    const providerOf = (id: string) => catalog.current.known.get(id);
    const health = new ProviderHealth((id) => providerOf(id)?.rate);
    const followed = {
      reader,
      schemas: codecs,
      codec: codecs.health,
      health,
      partitionsOf: (id: string) => providerOf(id)?.partitions,
      log: scope.log,
      onUnreadable: () => metrics.unreadableHealth.add(),
    };
    await scope.waitFor("provider health", (signal) => followHealth({ ...followed, signal }), { attemptMs: 60_000 });
    let owned = 0;
    const delivery = await scope.add("delivery estimates", {
      start: () =>
        new DeliveryBoard({
          share: () => owned / config.partitions,
          routes: () => catalog.current.catalog.routes.map(({ id }) => id),
          now,
          log: scope.log,
        }),
      stop: (board) => board.stop(),
    });
    await scope.waitFor(
      "delivery estimates",
      (signal) =>
        followQuality({
          reader,
          signal,
          schemas: codecs,
          codec: codecs.quality,
          fold: (summary) => delivery.fold(summary),
          partitions: config.partitions,
          log: scope.log,
          onUnreadable: () => metrics.unreadableQuality.add(),
        }),
      { attemptMs: 60_000 },
    );
    const capBoard = new CapBoard();
    const usageMark = new ReadMark();
    await scope.waitFor(
      "counts of caps",
      (signal) =>
        followUsage({
          reader,
          signal,
          schemas: codecs,
          codec: codecs.usage,
          fold: (usage) => capBoard.fold(usage),
          forget: (key, partition) => capBoard.forget(key, partition),
          partitions: config.partitions,
          mark: usageMark,
          log: scope.log,
          onUnreadable: () => metrics.unreadableUsage.add(),
        }),
      { attemptMs: 60_000 },
    );
    const budgetBoard = new BudgetBoard();
    const budgetsMark = new ReadMark();
    await scope.waitFor(
      "budgets",
      (signal) =>
        followBudgets({
          reader,
          signal,
          schemas: codecs,
          codec: codecs.budgetWord,
          fold: (word) => budgetBoard.fold(word),
          forget: (account, partition) => budgetBoard.forget(account, partition),
          missed: () => budgetBoard.missed(),
          misheard: (account, partition) => budgetBoard.misheard(account, partition),
          partitions: config.partitions,
          mark: budgetsMark,
          log: scope.log,
          onUnreadable: () => metrics.unreadableBudgets.add(),
        }),
      { attemptMs: 60_000 },
    );
    observeBudgets(scope.metrics, budgetBoard, () => catalog.current.catalog.accounts, now);
    const suspicions = new SuspicionBoard(codecs.suspicion);
    await scope.waitFor(
      "suspicions",
      (signal) =>
        followTopic(ABNORMAL_TOPIC, { reader, schemas: codecs, log: scope.log, signal }, (record) =>
          suspicions.accept(record),
        ),
      { attemptMs: 60_000 },
    );
    const guards = {
      prefixes: new PrefixGuard(),
      suspicions,
      share: () => Math.max(owned, 1) / config.partitions,
      metric: metrics.guarded,
    };
    delivery.start();
    observeDelivery(scope.metrics, delivery);
    const networks = await scope.add("look-ups of networks", {
      start: () =>
        new NumberNetworks({
          catalog,
          client: (lookup) => new HttpLookup(lookup),
          metrics: lookupMetrics(scope.metrics),
          log: scope.log,
          now,
          monotonic: () => performance.now(),
        }),
      stop: (lookups) => lookups.close(),
    });
    const conversions = await scope.add("conversion estimates", {
      start: () => new ConversionBoard({ delivery, now, log: scope.log }),
      stop: (board) => board.stop(),
    });
    const counts = {
      reader,
      schemas: codecs,
      codec: codecs.conversionCounts,
      fold: (summary: ConversionSummary) => conversions.fold(summary),
      partitions: config.partitions,
      log: scope.log,
    };
    await scope.waitFor("conversion estimates", (signal) => followConversions({ ...counts, signal }), {
      attemptMs: 60_000,
    });
    conversions.start();
    observeConversions(scope.metrics, conversions);
    const learn = (number: string, mccMnc: string, at: number) => networks.learn(number, mccMnc, at);
    await scope.waitFor(
      "learned networks",
      (signal) =>
        followNetworks({ reader, schemas: codecs, codec: codecs.numberNetwork, learn, log: scope.log, signal }),
      { attemptMs: 60_000 },
    );
    const ends = new LogEnds(reader, EVENTS_TOPIC, scope.log);
    // Topics that were created a moment ago may have no leader yet.
    await scope.waitFor("event log", () => ends.start());
    await scope.add("log ends", { start: () => ends, stop: () => ends.stop() });

    const rulesOf = { reader, codecs, producer, partitions: config.partitions, now, random: Math.random };
    const guard = new ConsentGuard({ copy: consent, catalog });
    const options = {
      codecs,
      partitions: config.partitions,
      catalog,
      delivery: withConversions(delivery, conversions.estimates),
      reader,
      producer,
      ends,
      metrics,
      networks,
      capBoard,
      usageMark,
      rules: () => [
        new ConsentRule({ copy: consent, guard, monotonic: () => performance.now() }),
        new QuietHoursRule(),
        new FrequencyRule({ copy: frequency, codecs }),
        new GuardRule(guards),
        new BudgetRule({ ...rulesOf, board: budgetBoard, mark: budgetsMark }),
      ],
      scheduled,
      log: scope.log,
      schemas: new SchemaGate({ codecs, log: scope.log, monotonic: () => performance.now() }),
      now,
      monotonic: () => performance.now(),
      random: Math.random,
      traces: pipeline.traces,
    };
    const shares = new BatchShares({
      shareBehind: (seconds, now) => health.shareBehind(seconds, now),
      monotonic: () => performance.now(),
    });
    const group = new TaskGroup({
      connection,
      groupId: ROUTER_GROUP,
      topics: ROUTER_INPUTS,
      partitions: config.partitions,
      sessionTimeoutMs: config.kafkaSessionTimeout,
      predecessor,
      maxBytesPerPartition: FETCHED_OCTETS,
      run: async (task) => {
        owned++;
        try {
          await catalogCaughtUp(catalog, reader, scope.log);
          const { partition } = task;
          const spreadOf = (id: string) => providerOf(id)?.partitions;
          const led = new LedHealth(health, producer, { partition, spreadOf });
          await runTransform(task, new Router({ ...options, health: led }), {
            producer,
            maxBatchPerInput: shares.most,
            urgentInputs: URGENT_INPUTS,
          });
        } finally {
          capBoard.release(task.partition, now());
          budgetBoard.release(task.partition);
          owned--;
        }
      },
    });
    observeKafka(scope, { producer, group });
    await scope.add("router tasks", { start: () => group, stop: () => group.stop() });
    await scope.waitFor("kafka (router tasks)", () => group.start());
  },
});
