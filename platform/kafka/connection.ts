import "./kafkajs-commit-retention.ts";
import "./kafkajs-grouping.ts";
import "./kafkajs-headers.ts";
import "./kafkajs-idle-timer.ts";
import "./kafkajs-join.ts";
import "./kafkajs-leaderless.ts";
import "./kafkajs-steady-time.ts";
import { Kafka, type KafkaConfig, logLevel, type SASLOptions } from "kafkajs";
import { connectionHint } from "../tls/connection-hint.ts";
import type { KafkaLog } from "./record.ts";

process.env.KAFKAJS_NO_PARTITIONER_WARNING = "1";

/** Where the brokers are and who we say we are. */
export interface KafkaConnection {
  /** Seed brokers, host:port. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly log: KafkaLog;
  readonly ssl?: KafkaConfig["ssl"];
  readonly sasl?: SASLOptions;
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
    // KafkaJS writes into it (authenticationProvider): each client has its own.
    ...(connection.sasl === undefined ? {} : { sasl: { ...connection.sasl } }),
    logLevel: logLevel.WARN,
    // KafkaJS reports each passing network error at error level; ours are decided by the caller, so they are details here.
    logCreator: () => (entry) => {
      const { message, ...fields } = entry.log;
      const { timestamp: _timestamp, logger: _logger, stack: _stack, ...rest } = fields;
      connection.log.debug({ kafkajs: rest, namespace: entry.namespace }, message);
      tellOfRefusal(connection, `${message} ${String(rest.error ?? "")}`);
    },
  });
}

const SETTINGS = {
  address: "SLUICE_KAFKA_BROKERS",
  tls: "SLUICE_KAFKA_TLS",
  login: "SLUICE_KAFKA_SASL_MECHANISM, _USER and _PASSWORD",
};
const TELL_EVERY_MS = 5_000;
let toldAt = Number.NEGATIVE_INFINITY;

/** What to look at when brokers do not let in, in words; undefined where the fault does not tell. */
export function kafkaHint(error: unknown): string | undefined {
  return connectionHint(error, SETTINGS);
}

/** A broker that is there and does not let in is no passing fault: somebody has to look at a setting. */
function tellOfRefusal({ log, brokers }: KafkaConnection, said: string): void {
  const hint = kafkaHint(said);
  const now = performance.now();
  if (hint === undefined || now - toldAt < TELL_EVERY_MS) return;
  toldAt = now;
  log.warn({ brokers, said }, `a broker does not let in: ${hint}`);
}
