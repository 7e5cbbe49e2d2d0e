import "./kafkajs-commit-retention.ts";
import "./kafkajs-grouping.ts";
import "./kafkajs-headers.ts";
import "./kafkajs-idle-timer.ts";
import "./kafkajs-join.ts";
import "./kafkajs-leaderless.ts";
import "./kafkajs-steady-time.ts";
import { Kafka, type KafkaConfig, logLevel } from "kafkajs";
import type { KafkaLog } from "./record.ts";

process.env.KAFKAJS_NO_PARTITIONER_WARNING = "1";

/** Where the brokers are and who we say we are. */
export interface KafkaConnection {
  /** Seed brokers, host:port. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly log: KafkaLog;
  readonly ssl?: KafkaConfig["ssl"];
  readonly sasl?: KafkaConfig["sasl"];
}

/** Longest wait for one request; above the broker's own produce time-out (10 s), so that the broker answers first. */
export const REQUEST_TIMEOUT_MS = 12_000;

/**
 * A KafkaJS client. `rotate` moves another seed broker to the front: a frozen broker accepts TCP and
 * then hangs, so each new client must begin elsewhere.
 */
export function kafkaClient(connection: KafkaConnection, retries: number, rotate = 0): Kafka {
  const seeds = [...connection.brokers];
  const turn = seeds.length === 0 ? 0 : rotate % seeds.length;
  return new Kafka({
    clientId: connection.clientId,
    brokers: [...seeds.slice(turn), ...seeds.slice(0, turn)],
    connectionTimeout: 2_000,
    requestTimeout: REQUEST_TIMEOUT_MS,
    enforceRequestTimeout: true,
    retry: { retries, initialRetryTime: 100, maxRetryTime: 2_000 },
    ...(connection.ssl === undefined ? {} : { ssl: connection.ssl }),
    ...(connection.sasl === undefined ? {} : { sasl: connection.sasl }),
    logLevel: logLevel.WARN,
    // KafkaJS reports each passing network error at error level; ours are decided by the caller, so they are details here.
    logCreator: () => (entry) => {
      const { message, ...fields } = entry.log;
      const { timestamp: _timestamp, logger: _logger, stack: _stack, ...rest } = fields;
      connection.log.debug({ kafkajs: rest, namespace: entry.namespace }, message);
    },
  });
}
