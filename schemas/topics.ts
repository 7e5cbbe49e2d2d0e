import type { Lane } from "./generated/types.ts";

/**
 * Which topic carries which record. Every message topic has the same number of partitions and is keyed by the
 * destination's E.164 digits, so that all records of one recipient meet in partitions of one number.
 */

/** The lanes, most urgent first. */
export const LANES = ["otp", "transactional", "marketing"] as const satisfies readonly Lane[];

/** The retry tiers, soonest first; `0s` is "route again now". */
export const RETRY_DELAYS = ["0s", "5s", "1m", "10m", "1h"] as const;
export type RetryDelay = (typeof RETRY_DELAYS)[number];

/** How long each retry tier holds a record back, milliseconds. */
export const RETRY_DELAY_MS: Readonly<Record<RetryDelay, number>> = {
  "0s": 0,
  "5s": 5_000,
  "1m": 60_000,
  "10m": 600_000,
  "1h": 3_600_000,
};

export const EVENTS_TOPIC = "sms.events";
export const RECEIPTS_TOPIC = "sms.receipts";
/** Receipts whose destination is not known (Receipt, keyed by provider and id): dlr-collector finds it in the index. */
export const UNPLACED_RECEIPTS_TOPIC = "sms.receipts.unplaced";
/** Which destination a provider's ids belong to (SubmissionIndex, keyed by provider and id). */
export const SUBMISSION_INDEX_TOPIC = "sms.submission-index";
/** Copies of messages in doubt (Retry): the correlator releases those that are still needed to sms.retry.0s. */
export const DOUBT_TOPIC = "sms.doubt";
export const INBOUND_TOPIC = "sms.inbound";
/** Messages from handsets to accounts, whole (Received, keyed by the handset). */
export const RECEIVED_TOPIC = "sms.received";
/** Messages that wait for their time, for up to 35 days (Retry, keyed by id, destination and attempt; header `due`, epoch ms). */
export const SCHEDULED_TOPIC = "sms.scheduled";
/** Those of them whose time has come (Retry). */
export const DUE_TOPIC = "sms.due";
/** What is to be cancelled (Cancel): first in a partition by the message's id, then in that of its destination. */
export const CANCELS_TOPIC = "sms.cancels";
/** What came of it (Cancel, keyed by the message's id). */
export const CANCEL_ANSWERS_TOPIC = "sms.cancel-answers";
/** What customers' addresses have not been told yet (Callback, keyed by message id, destination and the offset of its event). */
export const CALLBACKS_TOPIC = "sms.callbacks";
/** Begins the names of the topics in which accounts find what becomes of their messages. */
export const STATUS_TOPICS = "sms.status.";
export const DEAD_LETTER_TOPIC = "sms.dead-letter";
export const CONSENT_TOPIC = "sms.consent";
export const CORRELATION_TOPIC = "sms.correlation";
export const CONTROL_TOPIC = "sms.control";
export const HEALTH_TOPIC = "sms.health";
export const QUALITY_TOPIC = "sms.quality";
/** Networks of numbers as receipts say, where the prefix is wrong (NumberNetwork, keyed by destination). */
export const NETWORKS_TOPIC = "sms.networks";
/** What routers have counted for the catalog's caps (Usage). */
export const USAGE_TOPIC = "sms.usage";
/** What has gone to recipients under frequency caps (Frequency, keyed by account, cap and destination). */
export const FREQUENCY_TOPIC = "sms.frequency";
/** What routers have spent of the accounts' budgets (BudgetWord): their order is what bounds the budgets. */
export const BUDGETS_TOPIC = "sms.budgets";
/** What applications know of their messages (Conversion, keyed by the message id): the only message topic not keyed by destination. */
export const CONVERSIONS_TOPIC = "sms.conversions";
/** What of the traffic is abnormal (Suspicion, keyed by its id). */
export const ABNORMAL_TOPIC = "sms.abnormal";
/** What follows from conversions for the providers (ConversionCounts). */
export const CONVERSION_COUNTS_TOPIC = "sms.conversion-counts";
/** Receipts and messages from handsets that wait for a bind of their account (SmppReceipt, in the account's partition). */
export const SMPP_RECEIPTS_TOPIC = "sms.smpp-receipts";
/** Parts of long messages that came over SMPP (SmppPart). */
export const SMPP_PARTS_TOPIC = "sms.smpp-parts";
/** Idempotency keys of the last day (RequestKeys): every instance of ingest has a copy. */
export const REQUEST_KEYS_TOPIC = "sms.request-keys";
/** Which instances of ingest have binds that may receive (SmppBinds, keyed by the instance). */
export const SMPP_BINDS_TOPIC = "sms.smpp-binds";

/** How far uploads have come (UploadBlock, keyed by account and key of the upload). */
export const UPLOADS_TOPIC = "sms.uploads";

/** Where ingest and upstream systems put the requests of a lane (SendRequest). */
export function requestTopic(lane: Lane): string {
  return `sms.requests.${lane}`;
}

/** One of a provider's queues. `overflow`: what accounts hand in above their share while the lane is behind. */
export interface DispatchQueue {
  readonly lane: Lane;
  readonly overflow: boolean;
}

/**
 * The queues of every provider as its sender reads them; their positions are kept by this order, so new ones go to the end.
 * Which is the more urgent, says DISPATCH_URGENCY.
 */
export const DISPATCH_QUEUES: readonly DispatchQueue[] = [false, true].flatMap((overflow) =>
  LANES.map((lane) => ({ lane, overflow })),
);

/** Indices of DISPATCH_QUEUES, most urgent first: each lane, then what overflowed of it. */
export const DISPATCH_URGENCY: readonly number[] = LANES.flatMap((_, i) => [i, LANES.length + i]);

/** Where the router puts what a provider's sender is to submit (Dispatch). */
export function dispatchTopic(provider: string, lane: Lane, overflow = false): string {
  return `sms.dispatch.${provider}.${lane}${overflow ? ".overflow" : ""}`;
}

/** Where an account finds what becomes of its messages (CloudEvents in JSON, keyed by destination). */
export function statusTopic(account: string): string {
  return `${STATUS_TOPICS}${account}`;
}

/** Where messages wait to be routed again (Retry). */
export function retryTopic(delay: RetryDelay): string {
  return `sms.retry.${delay}`;
}

/**
 * What the router reads, most urgent first. Readers of its outputs remember source positions by this order (header
 * `src`), so it never changes within an installation: new inputs go to the end.
 */
export const ROUTER_INPUTS: readonly string[] = [
  requestTopic("otp"),
  retryTopic("0s"),
  requestTopic("transactional"),
  ...RETRY_DELAYS.slice(1).map(retryTopic),
  requestTopic("marketing"),
  DUE_TOPIC,
  CANCELS_TOPIC,
];

/** A topic as it should be; the shape that the migration creates topics from. */
export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly config: Readonly<Record<string, string>>;
}

export interface TopicPlan {
  /** Partitions of every message topic; changing it moves keys. */
  readonly partitions: number;
  /** A provider's dispatch topics have their own number, which divides `partitions`. */
  readonly providers: readonly { readonly id: string; readonly partitions: number }[];
  /** Accounts that have a topic of their own for what becomes of their messages. Default: none. */
  readonly statusAccounts?: readonly string[];
  /** How long message records are kept, milliseconds; longer than the longest validity plus the longest outage planned for. */
  readonly retentionMs?: number;
}

const MIB = 1024 * 1024;
const DAY_MS = 24 * 3_600_000;
const WEEK_MS = 7 * DAY_MS;
/** So long brokers keep the record that a key has gone; who copies a compacted topic must come round in half of it, milliseconds. */
export const DELETE_RETENTION_MS = 24 * 3_600_000;
/** Answers are waited for by who has asked, some seconds. */
const ANSWERS_MS = 3_600_000;

/** Kafka topic names: letters, digits, dot, underscore, hyphen, up to 249 characters; the provider's part is kept shorter. */
const PROVIDER_ID = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/**
 * Largest batch of records, bytes. Stated for every topic, since a dead letter must have room for any refused record
 * and its own fields whatever the brokers' default is.
 */
const BATCH_BYTES = MIB;
const DEAD_LETTER_BATCH_BYTES = 2 * MIB;

/**
 * KafkaJS reads gzip only, and stops at the first batch in another codec; upstream systems and operators' tools compress as
 * they like. So the broker stores what it gets uncompressed, whatever the topic. Our own records come uncompressed.
 */
const ANY_COMPRESSION = { "compression.type": "uncompressed" };

const COMPACTED: Readonly<Record<string, string>> = {
  ...ANY_COMPRESSION,
  "cleanup.policy": "compact",
  "max.message.bytes": String(BATCH_BYTES),
  // Only closed segments are compacted: small ones, closed at least hourly, keep what is read at a start short.
  "segment.bytes": String(16 * MIB),
  "segment.ms": "3600000",
  "min.cleanable.dirty.ratio": "0.2",
  "delete.retention.ms": String(DELETE_RETENTION_MS),
};

/** What is learned counts for a year at the most. */
const LEARNED: Readonly<Record<string, string>> = {
  ...COMPACTED,
  "cleanup.policy": "compact,delete",
  "retention.ms": String(365 * 24 * 3_600_000),
};

/** What has gone out counts for a window of 31 days at the most. */
const WINDOWED: Readonly<Record<string, string>> = {
  ...LEARNED,
  "retention.ms": String(40 * 24 * 3_600_000),
};

/** A receipt that nobody has taken is kept so long, ms. */
export const SMPP_RECEIPT_KEPT_MS = WEEK_MS;
const UNTAKEN: Readonly<Record<string, string>> = { ...LEARNED, "retention.ms": String(SMPP_RECEIPT_KEPT_MS) };
/** What an instance says is renewed every few seconds. */
const RENEWED: Readonly<Record<string, string>> = { ...LEARNED, "retention.ms": String(DAY_MS) };

/** So long an idempotency key stands for its message, ms. */
export const REQUEST_KEYS_MS = DAY_MS;
/** An hour more than that, since only closed segments go. */
const KEYS: Readonly<Record<string, string>> = {
  ...ANY_COMPRESSION,
  "cleanup.policy": "delete",
  "max.message.bytes": String(BATCH_BYTES),
  "retention.ms": String(REQUEST_KEYS_MS + 3_600_000),
  "segment.bytes": String(64 * MIB),
  "segment.ms": "3600000",
};

/** Past suspicions are for who looks back. */
const SUSPECTED: Readonly<Record<string, string>> = {
  ...LEARNED,
  "retention.ms": String(90 * 24 * 3_600_000),
};

/**
 * Every topic of an installation.
 * @throws RangeError naming the provider whose id cannot be part of a topic name or whose partitions do not divide the plan's.
 */
export function topicSpecs(plan: TopicPlan): TopicSpec[] {
  const { partitions, providers, statusAccounts = [], retentionMs = WEEK_MS } = plan;
  for (const provider of providers) checkProvider(provider, partitions);
  const kept = {
    ...ANY_COMPRESSION,
    "cleanup.policy": "delete",
    "max.message.bytes": String(BATCH_BYTES),
    "retention.ms": String(retentionMs),
    "segment.bytes": String(128 * MIB),
  };
  const keyed = (name: string, config: TopicSpec["config"] = kept): TopicSpec => ({ name, partitions, config });
  return [
    ...LANES.map((lane) => keyed(requestTopic(lane))),
    ...providers.flatMap(({ id, partitions: own }) =>
      DISPATCH_QUEUES.map(({ lane, overflow }) => ({
        name: dispatchTopic(id, lane, overflow),
        partitions: own,
        config: kept,
      })),
    ),
    ...statusAccounts.map((account) => keyed(statusTopic(account))),
    ...RETRY_DELAYS.map((delay) => keyed(retryTopic(delay))),
    ...[RECEIPTS_TOPIC, UNPLACED_RECEIPTS_TOPIC, SUBMISSION_INDEX_TOPIC, DOUBT_TOPIC].map((name) => keyed(name)),
    ...[INBOUND_TOPIC, RECEIVED_TOPIC, EVENTS_TOPIC, CONVERSIONS_TOPIC].map((name) => keyed(name)),
    keyed(DEAD_LETTER_TOPIC, { ...kept, "max.message.bytes": String(DEAD_LETTER_BATCH_BYTES) }),
    ...[CONSENT_TOPIC, CORRELATION_TOPIC, SCHEDULED_TOPIC, CALLBACKS_TOPIC].map((name) => keyed(name, COMPACTED)),
    ...[DUE_TOPIC, CANCELS_TOPIC, SMPP_PARTS_TOPIC, UPLOADS_TOPIC].map((name) => keyed(name)),
    {
      name: CANCEL_ANSWERS_TOPIC,
      partitions: 1,
      config: { ...kept, "retention.ms": String(ANSWERS_MS), "segment.bytes": String(16 * MIB) },
    },
    keyed(NETWORKS_TOPIC, LEARNED),
    keyed(FREQUENCY_TOPIC, WINDOWED),
    keyed(SMPP_RECEIPTS_TOPIC, UNTAKEN),
    keyed(REQUEST_KEYS_TOPIC, KEYS),
    { name: SMPP_BINDS_TOPIC, partitions: 1, config: RENEWED },
    { name: ABNORMAL_TOPIC, partitions: 1, config: SUSPECTED },
    ...[CONTROL_TOPIC, HEALTH_TOPIC, QUALITY_TOPIC, CONVERSION_COUNTS_TOPIC, USAGE_TOPIC, BUDGETS_TOPIC].map(
      (name) => ({
        name,
        partitions: 1,
        config: COMPACTED,
      }),
    ),
  ];
}

function checkProvider({ id, partitions }: TopicPlan["providers"][number], all: number): void {
  if (!PROVIDER_ID.test(id))
    throw new RangeError(
      `provider ${JSON.stringify(id)}: an id is 1 to 63 of a-z, 0-9, _ and -, since topics are named by it`,
    );
  if (!Number.isInteger(partitions) || partitions < 1 || all % partitions !== 0)
    throw new RangeError(`provider ${id}: ${partitions} dispatch partitions; choose a divisor of ${all}`);
}
