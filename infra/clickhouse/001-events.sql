-- One row per event of sms.events, as it was written: what happened, when, to which message, at which provider.
--
-- Partitioned by the day of the event, so that a day can be dropped, moved or backed up as one. Sorted by hour and message:
-- a stretch of time is read hour by hour, and within an hour all events of a message stand together; the bloom filter
-- finds a message without knowing its hour. With the time known (messages_latest.accepted_at), add it: it prunes days.
--
-- The deduplication window makes a repeated insert token harmless. It counts parts, and must cover what all sinks
-- together can insert between a failed insert and its repeat; the same holds for the targets of both views.
CREATE TABLE IF NOT EXISTS events
(
    at                   DateTime64(3, 'UTC') COMMENT 'When it happened, by the writer''s clock' CODEC(Delta, ZSTD),
    type                 LowCardinality(String) COMMENT 'routed, submitted, returned, in_doubt, closed, receipt, final',
    message_id           UUID,
    attempt              UInt16 COMMENT 'Routing decision, from 1; 0 when rejected before any',
    account              LowCardinality(String),
    lane                 LowCardinality(String) COMMENT 'otp, transactional, marketing',
    country              LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2; ZZ when unknown',
    network              LowCardinality(String) COMMENT 'mcc-mnc; empty when unknown',
    destination          String COMMENT 'E.164 digits without the plus' CODEC(ZSTD),
    sender               LowCardinality(String) COMMENT 'Sender id; empty: the provider''s default',
    encoding             LowCardinality(String) COMMENT 'gsm7 or ucs2',
    segments             UInt16,
    reference            String COMMENT 'The customer''s own reference' CODEC(ZSTD),
    metadata             Map(String, String) COMMENT 'The customer''s own labels' CODEC(ZSTD),
    accepted_at          DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    expires_at           DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    provider             LowCardinality(String) COMMENT 'Empty when none was chosen',
    route                LowCardinality(String),
    reason               LowCardinality(String) COMMENT 'routed: why this provider; closed, final: why it ended so',
    price                Decimal(18, 6) COMMENT 'Of one segment',
    cost                 Decimal(18, 6) COMMENT 'submitted: of this submission',
    currency             LowCardinality(String) COMMENT 'ISO 4217 of price and cost',
    submitted_at         Nullable(DateTime64(3, 'UTC')) COMMENT 'When the provider accepted the last part' CODEC(ZSTD),
    provider_message_ids Array(String) COMMENT 'The provider''s id of each part' CODEC(ZSTD),
    resubmitted          LowCardinality(String) COMMENT 'submitted: the stated reason of a repeat; empty for none',
    error_class          LowCardinality(String),
    error_code           LowCardinality(String),
    part                 UInt16 COMMENT 'receipt: number of the part, from 1; 0 for none',
    state                LowCardinality(String) COMMENT 'receipt, closed, final: the state reported; empty for none',
    done_at              Nullable(DateTime64(3, 'UTC')) COMMENT 'When the provider says it happened' CODEC(ZSTD),
    receipt_at           Nullable(DateTime64(3, 'UTC')) COMMENT 'When the deciding receipt reached Sluice' CODEC(ZSTD),
    log_partition        UInt16 COMMENT 'Where the event stands in sms.events',
    log_offset           UInt64 COMMENT 'Where the event stands in sms.events' CODEC(Delta, ZSTD),
    INDEX by_message message_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(at)
ORDER BY (toStartOfHour(at), message_id, at)
TTL toDateTime(at) + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;
