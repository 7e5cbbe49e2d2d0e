import type { AlertRule } from "../expression.ts";
import { divided, HOUR, increase, less, MINUTE, reading, times, when } from "./terms.ts";

const INSTANCE = ["service", "instance"];
/** What waits there does so on purpose, or because a provider's rate allows no more. */
const OURS = {
  topic: {
    of: [
      "sms.requests.otp",
      "sms.requests.transactional",
      "sms.requests.marketing",
      "sms.retry.0s",
      "sms.receipts",
      "sms.events",
    ],
  },
};
/** In the second one each service is asked by its name, so that it is there when none of its instances is. */
const JOBS = ["sluice", "sluice-services"];
const OF_TOPIC = ["service", "topic"];

const freeClickhouse = (ago?: number) => reading("min", "clickhouse_disk_free_bytes", ["disk"], {}, ago);
const OF_BROKER = ["broker", "dir"];
const freeKafka = (ago?: number) => reading("min", "kafka_disk_free_bytes", OF_BROKER, {}, ago);
const freeHere = (ago?: number) => reading("min", "filesystem_free_bytes", [...INSTANCE, "purpose"], {}, ago);

/** What goes wrong in Sluice itself, and in what it stands on. */
export const SYSTEM_RULES: readonly AlertRule[] = [
  {
    name: "InstanceDown",
    severity: "page",
    when: [when(reading("max", "up", INSTANCE, { job: { of: JOBS } }), "<", 1)],
    forSeconds: MINUTE,
    summary: "{service} ({instance}) does not show its metrics",
  },
  {
    name: "LagGrowing",
    severity: "page",
    when: [
      when(reading("max", "consumer_lag_seconds", OF_TOPIC, OURS), ">", 60),
      when(
        reading("sum", "consumer_lag_records", OF_TOPIC, OURS),
        ">",
        reading("sum", "consumer_lag_records", OF_TOPIC, OURS, 5 * MINUTE),
      ),
    ],
    forSeconds: 5 * MINUTE,
    summary: "{service} is {value} s behind in {topic}, and falls back further",
  },
  {
    name: "TaskFails",
    severity: "page",
    when: [
      // Four, and not more than three: increase() makes a little more than three of three.
      when(increase("consumer_task_failures_total", INSTANCE, 10 * MINUTE), ">=", 4),
      // The tasks of many partitions that fail once, at one moment, go on: that is over before this rule's time is.
      when(increase("consumer_task_failures_total", INSTANCE, 3 * MINUTE), ">", 0),
    ],
    forSeconds: 4 * MINUTE,
    summary: "tasks of {service} ({instance}) have failed {value} times in ten minutes: a partition may stand still",
  },
  {
    name: "DeadLettersGrowing",
    severity: "ticket",
    when: [when(increase("sink_dead_letters_stored_total", [], 15 * MINUTE), ">", 10)],
    forSeconds: 5 * MINUTE,
    summary: "{value} dead letters in a quarter of an hour: the table dead_letters says which, by reason",
  },
  {
    name: "ClickHouseRefusesInserts",
    severity: "page",
    when: [when(increase("sink_insert_failures_total", [], 5 * MINUTE), ">", 3)],
    forSeconds: 2 * MINUTE,
    summary: "{value} inserts into ClickHouse were not confirmed in five minutes",
  },
  {
    name: "AnalyticsBehind",
    severity: "ticket",
    when: [when(reading("max", "sink_lag_seconds", []), ">", 120)],
    forSeconds: 5 * MINUTE,
    summary: "what is in ClickHouse is {value} s old: status, search and bills are behind",
  },
  {
    name: "KafkaDoesNotConfirm",
    severity: "page",
    when: [when(reading("max", "producer_unconfirmed_seconds", INSTANCE), ">", 15)],
    forSeconds: MINUTE,
    summary: "Kafka has confirmed no write of {service} ({instance}) for {value} s",
  },
  {
    name: "PartitionWithoutLeader",
    severity: "page",
    when: [when(reading("max", "kafka_leaderless_partitions", ["topic"]), ">", 0)],
    forSeconds: MINUTE,
    summary: "{value} partitions of {topic} have no leader: what stands in them and what is for them waits",
  },
  {
    name: "KafkaHeartbeatsLapse",
    severity: "ticket",
    when: [when(increase("consumer_lapses_total", INSTANCE, 15 * MINUTE), ">", 2)],
    forSeconds: 0,
    summary: "heartbeats of {service} ({instance}) went unanswered {value} times in a quarter of an hour",
  },
  {
    name: "KafkaDiskFilling",
    severity: "page",
    when: [when(divided(freeKafka(), reading("max", "kafka_disk_size_bytes", OF_BROKER)), "<", 0.1)],
    forSeconds: 5 * MINUTE,
    summary: "only {value} of the disk of broker {broker} ({dir}) is free",
  },
  {
    name: "KafkaDiskFullSoon",
    severity: "ticket",
    when: [when(times(less(freeKafka(HOUR), freeKafka()), 12), ">", freeKafka())],
    forSeconds: 30 * MINUTE,
    summary: "the disk of broker {broker} ({dir}) will be full within twelve hours at the pace of the last one",
  },
  {
    name: "ConsentCopyOld",
    severity: "page",
    when: [when(reading("max", "consent_copy_age_seconds", INSTANCE), ">", 30)],
    forSeconds: MINUTE,
    summary:
      "what {service} ({instance}) knows of who has said stop is {value} s old, of some or of all: a sender submits nothing to these",
  },
  {
    name: "ConsentWebhookFailing",
    severity: "ticket",
    when: [
      // One account that is behind in one partition makes two requests in this time, at its longest pause.
      when(increase("consent_webhook_failures_total", ["service"], 15 * MINUTE), ">", 1),
      // Those that are behind for a moment only, since a change is under way, are not for all of this time.
      when(reading("sum", "consent_webhook_behind", ["service"]), ">", 0),
    ],
    forSeconds: 10 * MINUTE,
    summary:
      "{value} requests to accounts' consentWebhook were not taken in a quarter of an hour: their CRMs do not hear who has said stop",
  },
  {
    name: "ConsentWebhookLost",
    severity: "page",
    when: [when(increase("consent_webhook_lost_total", ["service"], HOUR), ">", 0)],
    forSeconds: 0,
    summary: "{value} changes of suppressions were given up in an hour: a CRM has not taken them for three days",
  },
  {
    name: "ClickHouseDiskFilling",
    severity: "page",
    when: [when(divided(freeClickhouse(), reading("max", "clickhouse_disk_size_bytes", ["disk"])), "<", 0.1)],
    forSeconds: 5 * MINUTE,
    summary: "only {value} of ClickHouse's disk {disk} is free",
  },
  {
    name: "ClickHouseDiskFullSoon",
    severity: "ticket",
    // At the pace of the last hour nothing is left in twelve.
    when: [when(times(less(freeClickhouse(HOUR), freeClickhouse()), 12), ">", freeClickhouse())],
    forSeconds: 30 * MINUTE,
    summary: "ClickHouse's disk {disk} will be full within twelve hours at the pace of the last one",
  },
  {
    name: "DiskFilling",
    severity: "page",
    when: [when(divided(freeHere(), reading("max", "filesystem_size_bytes", [...INSTANCE, "purpose"])), "<", 0.1)],
    forSeconds: 5 * MINUTE,
    summary: "only {value} of the disk for the {purpose} of {service} ({instance}) is free",
  },
  {
    name: "ClockSkew",
    severity: "ticket",
    when: [when({ kind: "absolute", of: reading("max", "kafka_clock_offset_seconds", INSTANCE) }, ">", 2)],
    forSeconds: 5 * MINUTE,
    summary: "the clock of {service} ({instance}) and the brokers' differ by {value} s",
  },
  {
    name: "CatalogNotTakenOver",
    severity: "page",
    when: [when(reading("max", "catalog_not_taken_over", INSTANCE), ">=", 1)],
    forSeconds: MINUTE,
    summary: "{service} ({instance}) cannot take the newest catalog over and works with an older one",
  },
  {
    name: "CatalogBehind",
    severity: "ticket",
    when: [when(reading("min", "catalog_version", INSTANCE), "<", reading("max", "catalog_version", []))],
    forSeconds: 5 * MINUTE,
    summary: "{service} ({instance}) works with version {value} of the catalog, and others with a newer one",
  },
  {
    name: "EventLoopBlocked",
    severity: "ticket",
    when: [when(reading("max", "nodejs_eventloop_lag_seconds", INSTANCE, { statistic: "p99" }), ">", 0.5)],
    forSeconds: 5 * MINUTE,
    summary: "the event loop of {service} ({instance}) is {value} s late: it has too little processor time",
  },
];
