-- One row per record of sms.dead-letter: which record could not be processed, and why; never its key, value or text. The record
-- itself stands at log_partition and log_offset of sms.dead-letter, with its bytes.
CREATE TABLE IF NOT EXISTS dead_letters
(
    at            DateTime64(3, 'UTC') COMMENT 'When it was put aside' CODEC(Delta, ZSTD),
    reason        LowCardinality(String) COMMENT 'Stable code: undecodable, invalid, id-reused, refused, expired, ...',
    detail        String COMMENT 'What was wrong, naming the field, and what to change' CODEC(ZSTD),
    service       LowCardinality(String) COMMENT 'Who put it aside',
    topic         LowCardinality(String) COMMENT 'Where the record stood',
    partition     UInt32,
    offset        UInt64,
    message_id    String COMMENT 'The message, when known; else empty' CODEC(ZSTD),
    log_partition UInt16 COMMENT 'Where the dead letter stands in sms.dead-letter',
    log_offset    UInt64 COMMENT 'Where the dead letter stands in sms.dead-letter' CODEC(Delta, ZSTD)
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(at)
ORDER BY (toStartOfHour(at), topic, partition, offset)
TTL toDateTime(at) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;
