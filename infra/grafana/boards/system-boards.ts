import { REPLAY_REASONS } from "../../../pipeline/dead-letters/replay-mark.ts";
import { type Board, curves, quantiles, table } from "../panel.ts";

/** Marks of replays stand among dead letters, and are none. */
const MARKS = Object.values(REPLAY_REASONS);
const RATE = "[$__rate_interval]";
const each = (text: string, legend = "{{service}} {{instance}}") => [{ text, legend }];

export const PIPELINE: Board = {
  uid: "sluice-pipeline",
  title: "Sluice: pipeline",
  rows: [
    {
      title: "Stages, 95 of 100 messages, by lane",
      panels: (["accepted_routed", "routed_submitted", "submitted_receipt"] as const).map((stage) =>
        curves(stage.replace("_", " → "), "s", [
          {
            text: `histogram_quantile(0.95, sum by (le, lane) (rate(message_stage_seconds_bucket{stage="${stage}"}${RATE})))`,
            legend: "{{lane}}",
          },
        ]),
      ),
    },
    {
      title: "Behind",
      panels: [
        curves(
          "Records not taken",
          "short",
          [
            {
              text: "sum by (service, topic) (consumer_lag_records) > 0",
              legend: "{{service}} {{topic}}",
              empty: "while nobody is behind",
            },
          ],
          "What waits in a retry topic does so on purpose",
        ),
        curves("Age of the oldest record not taken", "s", [
          {
            text: "max by (service, topic) (consumer_lag_seconds) > 0",
            legend: "{{service}} {{topic}}",
            empty: "while nobody is behind",
          },
        ]),
        curves("Dead letters a minute", "short", [
          { text: "sum(rate(sink_dead_letters_stored_total[5m])) * 60", legend: "all" },
          {
            text: `sum by (origin, reason) (rate(sink_dead_letters_total{reason!~"${MARKS.join("|")}"}[5m])) * 60`,
            legend: "{{origin}} {{reason}}",
            empty: "while there has been no dead letter",
          },
        ]),
      ],
    },
    {
      title: "Receipts",
      panels: [
        curves(
          "Receipts a second, by what became of them",
          "cps",
          each(`sum by (outcome) (rate(correlator_receipts_total${RATE}))`, "{{outcome}}"),
        ),
        curves("Messages without an end", "short", each("sum(correlator_open_messages)", "open")),
        curves("Sent on to another provider", "cps", [
          {
            text: `sum by (cause) (rate(correlator_rerouted_total${RATE}))`,
            legend: "{{cause}}",
            empty: "while no failed receipt has led to another provider",
          },
        ]),
      ],
    },
    {
      title: "Processes",
      panels: [
        curves(
          "Processor time",
          "percentunit",
          each(`sum by (service, instance) (rate(process_cpu_seconds_total${RATE}))`),
        ),
        curves(
          "Event-loop delay, p99",
          "s",
          each('max by (service, instance) (nodejs_eventloop_lag_seconds{statistic="p99"})'),
        ),
        curves("Resident memory", "bytes", each("max by (service, instance) (process_resident_memory_bytes)")),
        curves("Catalog version", "short", each("max by (service, instance) (catalog_version)")),
      ],
    },
  ],
};

export const KAFKA: Board = {
  uid: "sluice-kafka",
  title: "Sluice: Kafka",
  rows: [
    {
      title: "Writing",
      panels: [
        curves(
          "Acknowledged a second",
          "cps",
          each(`sum by (service) (rate(producer_acknowledged_total${RATE}))`, "{{service}}"),
        ),
        curves("Records a request", "short", quantiles("producer_request_records", "")),
        curves("Written again", "cps", each(`sum by (service, instance) (rate(producer_repeated_total${RATE}))`)),
        curves("Unconfirmed for", "s", each("max by (service, instance) (producer_unconfirmed_seconds)")),
        curves("Partitions without a leader", "short", [
          {
            text: "max by (topic) (kafka_leaderless_partitions)",
            legend: "{{topic}}",
            empty: "while every partition has a leader",
          },
        ]),
        curves("Waiting to be written", "bytes", each("sum by (service) (producer_queued_bytes)", "{{service}}")),
      ],
    },
    {
      title: "Reading",
      panels: [
        curves(
          "Read a second",
          "cps",
          each(`sum by (service, group) (rate(consumer_records_total${RATE}))`, "{{service}} {{group}}"),
        ),
        curves(
          "Partitions owned",
          "short",
          each("sum by (service, instance, group) (consumer_partitions)", "{{instance}} {{group}}"),
        ),
        curves("Joins, lapses and failures in five minutes", "short", [
          { text: "sum by (service) (increase(consumer_joins_total[5m]))", legend: "{{service}} joins" },
          { text: "sum by (service) (increase(consumer_lapses_total[5m]))", legend: "{{service}} lapses" },
          { text: "sum by (service) (increase(consumer_task_failures_total[5m]))", legend: "{{service}} failures" },
        ]),
        curves("Brokers' clock less the host's", "s", each("max by (service, instance) (kafka_clock_offset_seconds)")),
      ],
    },
    {
      title: "Disks, and what is copied from it",
      panels: [
        curves(
          "Free on the brokers' disks",
          "percentunit",
          each(
            "min by (broker, dir) (kafka_disk_free_bytes) / max by (broker, dir) (kafka_disk_size_bytes)",
            "{{broker}} {{dir}}",
          ),
        ),
        curves(
          "Age of what is known of who has said stop",
          "s",
          each("max by (service, instance) (consent_copy_age_seconds)"),
          "Of the partition that is behind most; senders submit nothing to recipients whose partition is older than SLUICE_CONSENT_STALE",
        ),
        curves(
          "CRMs that are told of suppressions, in five minutes",
          "short",
          [
            { text: "sum(increase(consent_webhook_events_total[5m]))", legend: "changes taken" },
            { text: "sum(increase(consent_webhook_failures_total[5m]))", legend: "requests not taken" },
            { text: "sum(increase(consent_webhook_lost_total[5m]))", legend: "changes given up" },
            { text: "sum(consent_webhook_behind)", legend: "accounts behind, by partition" },
          ],
          "What is not taken is tried again for three days",
        ),
      ],
    },
  ],
};

export const CLICKHOUSE: Board = {
  uid: "sluice-clickhouse",
  title: "Sluice: ClickHouse",
  rows: [
    {
      title: "Inserts",
      panels: [
        curves("Rows a second", "cps", each(`sum(rate(sink_rows_total${RATE}))`, "rows")),
        curves("Rows a block", "short", quantiles("sink_block_rows", "")),
        curves("An insert takes", "s", quantiles("sink_insert_seconds", "")),
        curves("Age of the oldest record not stored", "s", each("max(sink_lag_seconds)", "lag")),
        curves("Not confirmed, and repeated", "cps", each(`sum(rate(sink_insert_failures_total${RATE}))`, "inserts")),
        curves(
          "Free on its disks",
          "percentunit",
          each("min by (disk) (clickhouse_disk_free_bytes) / max by (disk) (clickhouse_disk_size_bytes)", "{{disk}}"),
        ),
      ],
    },
    {
      title: "What is in it",
      panels: [
        table(
          "Events in the time shown",
          "SELECT type, count() AS events, min(at) AS first, max(at) AS last\nFROM events\nWHERE $__timeFilter(at)\nGROUP BY type\nORDER BY events DESC",
        ),
        table(
          "Dead letters in the time shown",
          `SELECT service, reason, count() AS letters, max(at) AS last, argMax(detail, at) AS detail\nFROM dead_letters\nWHERE $__timeFilter(at) AND reason NOT IN ('${MARKS.join("', '")}')\nGROUP BY service, reason\nORDER BY letters DESC\nLIMIT 100`,
        ),
      ],
    },
  ],
};
