import type { RegistryConfig } from "../../platform/codec/registry-settings.ts";
import { SchemaRegistryClient } from "../../platform/codec/schema-registry.ts";
import { keepBrokersTime } from "../../platform/kafka/broker-clock-probe.ts";
import type { KafkaConnection } from "../../platform/kafka/connection.ts";
import { type KafkaConfig, kafkaConnection } from "../../platform/kafka/connection-settings.ts";
import { observeLeaders } from "../../platform/kafka/observe.ts";
import { RecordProducer } from "../../platform/kafka/producer.ts";
import { TopicReader, type TopicReaderOptions } from "../../platform/kafka/topic-reader.ts";
import type { Scope } from "../../platform/lifecycle/run-service.ts";
import { DEAD_LETTER_TOPIC, HEALTH_TOPIC } from "../../schemas/topics.ts";
import { connectCodecs, type SluiceCodecs } from "../records/codecs.ts";
import { loadEarlierSchemas } from "../records/earlier-schemas.ts";
import { MessageTraces } from "../traces/message-traces.ts";

export interface PipelineConfig extends KafkaConfig, RegistryConfig {
  readonly instance: string;
  readonly traceFailures: number;
}

/** What every service stands on while it runs: the brokers, the records' codecs, a producer whose clock is the brokers'. */
export interface Pipeline {
  readonly connection: KafkaConnection;
  readonly codecs: SluiceCodecs;
  readonly producer: RecordProducer;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
  /** Undefined where traces are exported to nobody. */
  readonly traces: MessageTraces | undefined;
}

/** How a service asks the brokers; nothing is asked yet. */
export function connectionOf(
  scope: Pick<Scope, "log">,
  service: string,
  config: KafkaConfig & Pick<PipelineConfig, "instance">,
): KafkaConnection {
  return kafkaConnection(config, `sluice-${service}-${config.instance}`, scope.log);
}

/**
 * Waits for the registry and the brokers, for as long as they are away, and stops the producer when the service stops.
 * `lingerMs`: how long the producer gathers records for one request.
 */
export async function startPipeline(
  scope: Scope,
  service: string,
  config: PipelineConfig,
  { lingerMs }: { readonly lingerMs?: number } = {},
): Promise<Pipeline> {
  const { instance, traceFailures } = config;
  const connection = connectionOf(scope, service, config);
  observeLeaders(scope);
  const codecs = await scope.waitFor("schema registry", () => connectCodecs(config));
  const registry = new SchemaRegistryClient(config);
  await scope.waitFor("earlier schemas", () => loadEarlierSchemas(registry, codecs, scope.log));
  const producer = new RecordProducer({
    connection,
    ...(lingerMs === undefined ? {} : { lingerMs }),
    largeTopics: { [DEAD_LETTER_TOPIC]: 2_000_000 },
  });
  await scope.waitFor("kafka", () => producer.connect());
  await scope.add("producer", { start: () => producer, stop: () => producer.close() });
  await keepBrokersTime(scope, { producer, topic: HEALTH_TOPIC, instance });
  const { tracing, metrics, log } = scope;
  const traces = tracing.enabled
    ? new MessageTraces({ tracing, failuresPerSecond: traceFailures, metrics, log })
    : undefined;
  return { connection, codecs, producer, now: () => producer.clock.now(), traces };
}

/** A reader of these topics beside the consumer groups, until the service stops. `fetchBytes`, `maxWaitMs`: see TopicReaderOptions. */
export async function startReader(
  scope: Scope,
  { connection }: Pick<Pipeline, "connection">,
  topics: readonly string[],
  {
    name = "topic reader",
    ...reading
  }: { readonly name?: string } & Pick<TopicReaderOptions, "fetchBytes" | "maxWaitMs"> = {},
): Promise<TopicReader> {
  const reader = new TopicReader({ connection, topics, ...reading });
  await scope.add(name, { start: () => reader, stop: () => reader.stop() });
  await scope.waitFor(`kafka (${name})`, () => reader.start());
  return reader;
}
