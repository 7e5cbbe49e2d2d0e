-- Messages from handsets to accounts (sms.received), whole. The only table that holds what messages say: for a week, as sms.inbound does, and no archive has it. A row may be there twice
-- until parts are merged: GET /v1/inbound gives each once.
CREATE TABLE IF NOT EXISTS inbound
(
    message_id  UUID,
    account     LowCardinality(String) COMMENT 'Whose number it was sent to',
    received_at DateTime64(3, 'UTC') COMMENT 'When the first part of it reached Sluice' CODEC(Delta, ZSTD),
    handset     String COMMENT 'Who sent it: E.164 digits, or what the provider gave' CODEC(ZSTD),
    number      LowCardinality(String) COMMENT 'The number or short code it was sent to, digits',
    provider    LowCardinality(String),
    text        String COMMENT 'What it says; empty for a binary message' CODEC(ZSTD),
    binary      String COMMENT 'Content of a binary message, hexadecimal; empty: it is a text' CODEC(ZSTD),
    segments    UInt16 COMMENT 'Parts that it was sent in',
    missing     UInt16 COMMENT 'Parts that had not come in time',
    media       Array(String) COMMENT 'Addresses of what was attached' CODEC(ZSTD),
    opt_out     LowCardinality(String) COMMENT 'What it says of consent: STOP, START, or a word of the provider; else empty'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMMDD(received_at)
ORDER BY (account, received_at, message_id)
TTL toDateTime(received_at) + INTERVAL 7 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;
