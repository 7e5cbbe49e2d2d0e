import { duration, integer, list, url } from "../config/settings.ts";

/** The settings of every program that reads or writes Kafka: `z.object({ ...kafkaSettings, … })`. */
export const kafkaSettings = {
  kafkaBrokers: list({
    item: /^(\[[0-9a-fA-F:]+\]|[^\s:,]+):\d{1,5}$/,
    allowed: "one or more different host:port, separated by commas",
  })
    .default(["127.0.0.1:19092"])
    .describe("Kafka brokers to begin with, host:port"),
  partitions: integer({ min: 1, max: 1_000 })
    .default(6)
    .describe(
      "Partitions of every keyed topic; the same for all services of an installation, since changing it moves keys",
    ),
  registryUrl: url()
    .default("http://127.0.0.1:18081/apis/ccompat/v7")
    .describe("Schema registry: the root of its Confluent-compatible API"),
};

/** Beside them, the settings of programs that create topics. */
export const topicSettings = {
  topicReplication: integer({ min: 0, max: 10 })
    .default(0)
    .describe("Copies of each new topic; 0: three, or as many as there are brokers"),
  topicRetention: duration({ min: 60_000 })
    .default(7 * 24 * 3_600_000)
    .describe(
      "How long new topics keep messages: longer than the longest validity plus the longest outage planned for",
    ),
};

/** Beside them, the settings of programs whose instances share partitions. */
export const consumerSettings = {
  kafkaSessionTimeout: duration({ min: 2_000, max: 300_000 })
    .default(10_000)
    .describe(
      "How long the partitions of an instance that died wait for another; one that is frozen or cut off from Kafka for half of it acts no more",
    ),
};

/** Of the sink, and of whoever works out which records it has left out as repeats. */
export const repeatSettings = {
  sinkRepeatSpan: integer({ min: 1_000, max: 1_000_000 })
    .default(50_000)
    .describe("How many records back in its partition a repeated event is recognised"),
};
