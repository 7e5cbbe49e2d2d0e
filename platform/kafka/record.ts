import type { KafkaMessage } from "kafkajs";

/** A record as it was read. `value` is null for a tombstone. */
export interface InRecord {
  readonly topic: string;
  readonly partition: number;
  /** Offsets are safe integers here: 2^53 records in one partition are out of reach. */
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>;
  /** Append time at the broker, epoch milliseconds (our topics use LogAppendTime). */
  readonly timestamp: number;
}

/** A record to be written. The partition is chosen by the caller (see `partitionFor`). */
export interface OutRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: Buffer | string | null;
  readonly value: Buffer | null;
  readonly headers?: Record<string, string | Buffer>;
}

/** Tells whether the writer may still act. A record whose fence has fallen is not sent any more. */
export interface Fence {
  readonly alive: boolean;
}

/** The minimal logger this folder needs; pino fits. */
export interface KafkaLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** As platform/log has it; where it is missing every line is written. */
  every?(key: string, milliseconds: number): Pick<KafkaLog, "debug" | "info" | "warn" | "error">;
}

/** What repeats for as long as Kafka is away is logged so often, ms. */
const REPEATED_MS = 5_000;

/** A logger for lines that may repeat: one every few seconds for each key, which has few values. */
export function seldom(log: KafkaLog, key: string): Pick<KafkaLog, "debug" | "info" | "warn" | "error"> {
  return log.every?.(key, REPEATED_MS) ?? log;
}

/** First value of a header as text; undefined when it is absent. */
export function headerText(record: Pick<InRecord, "headers">, name: string): string | undefined {
  const raw = record.headers[name];
  const value = Array.isArray(raw) ? raw[0] : raw;
  if (value === undefined) return undefined;
  return typeof value === "string" ? value : value.toString("utf8");
}

/** A message as KafkaJS gives it, as a record. */
export function toRecord(topic: string, partition: number, offset: number, message: KafkaMessage): InRecord {
  return {
    topic,
    partition,
    offset,
    key: message.key,
    value: message.value,
    headers: message.headers ?? {},
    timestamp: Number(message.timestamp),
  };
}
