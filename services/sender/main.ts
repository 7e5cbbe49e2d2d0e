/** sender: sms.dispatch.<provider>.* -> the provider -> sms.events, sms.receipts, sms.retry.0s, sms.doubt. */

import type { Provider } from "../../domain/catalog/provider.ts";
import { rivalsOf } from "../../domain/catalog/rivals.ts";
import { type Snapshot, snapshotOf } from "../../domain/catalog/snapshot.ts";
import { openCatalog, readCatalog } from "../../pipeline/boot/read-catalog.ts";
import { startPipeline, startReader } from "../../pipeline/boot/start-pipeline.ts";
import { followHealth } from "../../pipeline/follow/follow-health.ts";
import { ProviderHealth } from "../../pipeline/follow/provider-health.ts";
import { loadConfig } from "../../platform/config/load-config.ts";
import { SluiceError } from "../../platform/errors/sluice-error.ts";
import { LogEnds } from "../../platform/kafka/log-ends.ts";
import { observeKafka } from "../../platform/kafka/observe.ts";
import { runService } from "../../platform/lifecycle/run-service.ts";
import { KNOWN_VARIABLES } from "../../schemas/generated/variables.ts";
import { EVENTS_TOPIC, HEALTH_TOPIC } from "../../schemas/topics.ts";
import { OutcomeLog } from "./outcome-log.ts";
import { ProviderRuntime } from "./provider-runtime.ts";
import { startProviders } from "./provider-starts.ts";
import { observeSenders } from "./sender-metrics.ts";
import { senderSettings } from "./sender-settings.ts";
import { traceSubmission } from "./trace-submission.ts";

const config = loadConfig("sender", senderSettings, {
  purpose: "Submits messages to providers at exactly their rates, and takes their receipts.",
  knownKeys: KNOWN_VARIABLES,
  check: (given) => {
    const catalog = readCatalog(given);
    chosen(snapshotOf(catalog), given.providers);
    return catalog.warnings;
  },
});

await runService({
  name: "sender",
  config,
  start: async (scope) => {
    const snapshot = openCatalog(config, scope.log);
    const providers = chosen(snapshot, config.providers);
    const pipeline = await startPipeline(scope, "sender", config, { lingerMs: 3 });
    const { connection, codecs, producer } = pipeline;
    observeKafka(scope, { producer });

    const reader = await startReader(scope, pipeline, [EVENTS_TOPIC, HEALTH_TOPIC]);
    const ends = new LogEnds(reader, EVENTS_TOPIC, scope.log);
    // Topics that were created a moment ago may have no leader yet.
    await scope.waitFor("event log", () => ends.start());
    await scope.add("log ends", { start: () => ends, stop: () => ends.stop() });

    const providerOf = (id: string) => snapshot.providers.get(id);
    const health = new ProviderHealth((id) => providerOf(id)?.rate);
    const followed = {
      reader,
      codec: codecs.health,
      health,
      partitionsOf: (id: string) => providerOf(id)?.partitions,
      log: scope.log,
    };
    // Not waited for: one that has not been heard of counts as usable.
    followHealth(followed).catch((error: unknown) =>
      scope.log.warn({ err: error }, "The other providers' health cannot be read; whatever a dark one has goes back"),
    );
    const others = new Map(providers.map((provider) => [provider, rivalsOf(provider, snapshot.catalog)]));
    const goesElsewhere = (provider: Provider) => health.anyUsable(others.get(provider)!, performance.now());

    const { metrics } = scope;
    const { instance, partitions, kafkaSessionTimeout: sessionTimeoutMs, senderJournalDir: journalDir } = config;
    if (journalDir === undefined)
      scope.log.info("SLUICE_SENDER_JOURNAL_DIR is not set: after a sudden end all that was under way is in doubt");
    const outcomeLog = new OutcomeLog(reader);
    const kafka = { connection, producer, codecs, outcomeLog, ends, sessionTimeoutMs };
    const onTraced = traceSubmission(scope.tracing);
    const shared = { ...kafka, metrics, onTraced, partitions, instance, journalDir, goesElsewhere };
    const runtimes = providers.map((provider) => new ProviderRuntime(provider, shared));
    observeSenders(metrics, () => runtimes.map(({ gauges }) => gauges));
    // A provider that is down is what Sluice is for: it is told of, and keeps the others from nothing.
    for (const { provider, sender } of runtimes) scope.readiness.note(`link ${provider.id}`, () => sender.trouble);
    await scope.add("providers", {
      start: () => runtimes,
      stop: async () => void (await Promise.allSettled(runtimes.map((runtime) => runtime.stop()))),
    });
    await startProviders(scope, runtimes, (id) => {
      const { group } = runtimes.find(({ provider }) => provider.id === id)!;
      observeKafka(scope, { group, name: id });
    });
  },
});

function chosen({ providers }: Snapshot, ids: readonly string[] | undefined): readonly Provider[] {
  if (ids === undefined) return [...providers.values()];
  return ids.map((id) => {
    const provider = providers.get(id);
    if (provider !== undefined) return provider;
    const known = [...providers.keys()].join(", ");
    throw new SluiceError(`SLUICE_PROVIDERS names ${id}, which is not in the catalog; it has: ${known}`, {
      code: "PROVIDER_UNKNOWN",
    });
  });
}
