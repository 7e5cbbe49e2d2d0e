/** sender: sms.dispatch.<provider>.* -> the provider -> sms.events, sms.receipts, sms.retry.0s. */
import { join } from "node:path";
import { loadCatalog } from "../../domain/catalog/load-catalog.ts";
import type { Provider } from "../../domain/catalog/provider.ts";
import { loadConfig } from "../../platform/config/load-config.ts";
import { loadYamlFile } from "../../platform/config/yaml-file.ts";
import { SluiceError } from "../../platform/errors/sluice-error.ts";
import { keepBrokersTime } from "../../platform/kafka/broker-clock-probe.ts";
import type { KafkaConnection } from "../../platform/kafka/connection.ts";
import { LogEnds } from "../../platform/kafka/log-ends.ts";
import { observeKafka } from "../../platform/kafka/observe.ts";
import { RecordProducer } from "../../platform/kafka/producer.ts";
import { TopicReader } from "../../platform/kafka/topic-reader.ts";
import { runService } from "../../platform/lifecycle/run-service.ts";
import { connectCodecs } from "../../schemas/codecs.ts";
import { KNOWN_VARIABLES } from "../../schemas/generated/variables.ts";
import { DEAD_LETTER_TOPIC, EVENTS_TOPIC, HEALTH_TOPIC } from "../../schemas/topics.ts";
import { OutcomeLog } from "./outcome-log.ts";
import { ProviderRuntime } from "./provider-runtime.ts";
import { observeSenders } from "./sender-metrics.ts";
import { senderSettings } from "./sender-settings.ts";

const config = loadConfig("sender", senderSettings, {
  purpose: "Submits messages to providers at exactly their rates, and takes their receipts.",
  knownKeys: KNOWN_VARIABLES,
});

await runService({
  name: "sender",
  config,
  start: async (scope) => {
    const catalog = loadCatalog(
      (file) => loadYamlFile(join(config.catalogDir, file), (value) => value),
      config.partitions,
    );
    const providers = chosen(catalog.providers, config.providers);
    const connection: KafkaConnection = {
      brokers: config.kafkaBrokers,
      clientId: `sluice-sender-${config.instance}`,
      log: scope.log,
    };
    const codecs = await scope.waitFor("schema registry", () => connectCodecs(config.registryUrl));
    const producer = new RecordProducer({ connection, lingerMs: 3, largeTopics: { [DEAD_LETTER_TOPIC]: 2_000_000 } });
    await scope.waitFor("kafka", () => producer.connect());
    await scope.add("producer", { start: () => producer, stop: () => producer.close() });
    await keepBrokersTime(scope, { producer, topic: HEALTH_TOPIC, instance: config.instance });
    observeKafka(scope, { producer });

    const reader = new TopicReader({ connection, topics: [EVENTS_TOPIC] });
    await scope.add("topic reader", { start: () => reader.start(), stop: () => reader.stop() });
    // Right after the topics were created their leaders may not answer yet.
    await scope.waitFor("event log", () => reader.watermarks(EVENTS_TOPIC));
    const ends = new LogEnds(reader, EVENTS_TOPIC, scope.log);
    await scope.add("log ends", { start: () => ends.start(), stop: () => ends.stop() });

    const { metrics } = scope;
    const { instance, partitions, kafkaSessionTimeout: sessionTimeoutMs } = config;
    const outcomeLog = new OutcomeLog(reader);
    const shared = { connection, producer, codecs, outcomeLog, ends, metrics, partitions, instance, sessionTimeoutMs };
    const runtimes = providers.map((provider) => new ProviderRuntime(provider, shared));
    observeSenders(metrics, () => runtimes.map(({ gauges }) => gauges));
    for (const { provider, sender, group } of runtimes) {
      observeKafka(scope, { group, name: provider.id });
      scope.readiness.register(`link ${provider.id}`, () =>
        sender.ready ? { ok: true } : { ok: false, why: "owns partitions, and has no link to the provider" },
      );
    }
    await scope.add("providers", {
      start: () => Promise.all(runtimes.map((runtime) => runtime.start())),
      stop: async () => void (await Promise.all(runtimes.map((runtime) => runtime.stop()))),
    });
  },
});

function chosen(providers: readonly Provider[], ids: readonly string[] | undefined): readonly Provider[] {
  if (ids === undefined) return providers;
  return ids.map((id) => {
    const provider = providers.find((candidate) => candidate.id === id);
    if (provider !== undefined) return provider;
    const known = providers.map((candidate) => candidate.id).join(", ");
    throw new SluiceError(`SLUICE_PROVIDERS names ${id}, which is not in the catalog; it has: ${known}`, {
      code: "PROVIDER_UNKNOWN",
    });
  });
}
