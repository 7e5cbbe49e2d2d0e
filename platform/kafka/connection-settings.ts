import type { SASLOptions } from "kafkajs";
import type { Secret } from "../config/secret.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import { readTls, type TlsPaths } from "../tls/tls-files.ts";
import type { KafkaConnection } from "./connection.ts";
import type { KafkaLog } from "./record.ts";

/** Of the parsed `kafkaSettings`, those by which brokers are spoken to. */
export interface KafkaConfig {
  readonly kafkaBrokers: readonly string[];
  readonly kafkaTls?: boolean | undefined;
  readonly kafkaTlsCa?: string | undefined;
  readonly kafkaTlsCert?: string | undefined;
  readonly kafkaTlsKey?: string | undefined;
  readonly kafkaSaslMechanism?: "plain" | "scram-sha-256" | "scram-sha-512" | undefined;
  readonly kafkaSaslUser?: string | undefined;
  readonly kafkaSaslPassword?: Secret | undefined;
}

/**
 * How the brokers are spoken to, by the settings. Files are read once: a new certificate needs a restart.
 * @throws SluiceError `CONFIG_INVALID`, `TLS_INVALID` (permanent) naming the setting
 */
export function kafkaConnection(config: KafkaConfig, clientId: string, log: KafkaLog): KafkaConnection {
  const { kafkaBrokers: brokers, kafkaTls, kafkaTlsCa: ca, kafkaTlsCert: cert, kafkaTlsKey: key } = config;
  const ssl = tlsOf(kafkaTls === true, { ca, cert, key });
  const sasl = saslOf(config);
  if (sasl?.mechanism === "plain" && ssl === undefined)
    throw invalid(
      "SLUICE_KAFKA_SASL_MECHANISM is plain, which shows the password to the network: set SLUICE_KAFKA_TLS=true",
    );
  return {
    ...{ brokers, clientId, log },
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
  };
}

function tlsOf(asked: boolean, paths: TlsPaths) {
  if (asked) return { ...readTls(paths, "SLUICE_KAFKA_TLS"), minVersion: "TLSv1.2" as const };
  if (Object.values(paths).some((path) => path !== undefined))
    throw invalid("SLUICE_KAFKA_TLS_CA, _CERT or _KEY is given, and SLUICE_KAFKA_TLS is not true");
  return undefined;
}

function saslOf(config: KafkaConfig): SASLOptions | undefined {
  const { kafkaSaslMechanism: mechanism, kafkaSaslUser: username, kafkaSaslPassword: password } = config;
  if (mechanism === undefined && username === undefined && password === undefined) return undefined;
  if (mechanism === undefined || username === undefined || password === undefined)
    throw invalid(
      "SLUICE_KAFKA_SASL_MECHANISM, SLUICE_KAFKA_SASL_USER and SLUICE_KAFKA_SASL_PASSWORD belong together: give all, or none",
    );
  return { mechanism, username, password: password.reveal() };
}

function invalid(message: string): SluiceError {
  return new SluiceError(message, { code: "CONFIG_INVALID" });
}
