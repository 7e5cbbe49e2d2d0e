import { registrySettings } from "../codec/registry-settings.ts";
import { bool, duration, integer, list, oneOf, secret, text } from "../config/settings.ts";

/** Mechanisms of SASL: RFC 4616; RFC 5802 and 7677. */
const SASL_MECHANISMS = ["plain", "scram-sha-256", "scram-sha-512"] as const;

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
  kafkaTls: bool().default(false).describe("Whether the brokers are spoken to over TLS (docs/security.md)"),
  kafkaTlsCa: text()
    .optional()
    .describe(
      "File with the certificates of the authorities that brokers' certificates may be of, PEM; those that Node.js knows when not set",
    ),
  kafkaTlsCert: text()
    .optional()
    .describe("File with our own certificate and its chain, PEM, for brokers that ask for one"),
  kafkaTlsKey: text().optional().describe("File with the key of that certificate, PEM without a passphrase"),
  kafkaSaslMechanism: oneOf(SASL_MECHANISMS)
    .optional()
    .describe("How brokers are told who we are; plain only together with TLS. Not at all when not set"),
  kafkaSaslUser: text().optional().describe("User of SASL"),
  kafkaSaslPassword: secret().optional().describe("Password of SASL"),
  ...registrySettings,
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
