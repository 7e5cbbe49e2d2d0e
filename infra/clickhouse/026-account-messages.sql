-- Where an account's messages stand by the time of their acceptance, so that a list of them reads a page of it and no more
-- (pipeline/read-model/list-messages.ts). Without this table the messages of an account and a stretch of time are found by reading all messages of those days.
--
-- Rows that are filled in twice are one.
CREATE TABLE IF NOT EXISTS account_messages
(
    account     LowCardinality(String),
    waited      UInt8 COMMENT '1: a second row, of a message that waits for its time, or did',
    accepted_at DateTime64(3, 'UTC') CODEC(Delta, LZ4),
    message_id  UUID CODEC(LZ4)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(accepted_at)
ORDER BY (account, waited, accepted_at, message_id)
TTL toDateTime(accepted_at) + INTERVAL 400 DAY
SETTINGS index_granularity = 512, non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

-- A message's first event is one of routed, postponed and closed. One that waits for its time is postponed without an error.
CREATE MATERIALIZED VIEW IF NOT EXISTS account_messages_from_events TO account_messages AS
SELECT
    e.account AS account,
    arrayJoin(if(e.type = 'postponed' AND e.error_class = '', [0, 1], [0])) AS waited,
    e.accepted_at AS accepted_at,
    e.message_id AS message_id
FROM events AS e
WHERE e.type IN ('routed', 'postponed', 'closed') OR (e.type = 'final' AND e.attempt = 0);

-- An insert that began before the view stood may end after what was there has been taken over: it is waited for, and if it takes longer this file is
-- applied once more.
SELECT sleepEachRow(1) FROM numbers(3) WHERE (SELECT count() FROM events) > 0;

SELECT throwIf(count() > 0, 'an insert from before this migration is still under way: repeat it')
FROM system.processes WHERE query ILIKE 'INSERT INTO events%' AND current_database = currentDatabase() AND toUInt32(now() - elapsed) <=
    (SELECT toUInt32(max(metadata_modification_time)) + 1 FROM system.tables WHERE database = currentDatabase() AND name = 'account_messages_from_events');

-- What happened before the view stood.
INSERT INTO account_messages
SELECT r.account, 0, r.accepted_at, r.message_id
FROM recipients AS r
SETTINGS insert_deduplicate = 0, max_partitions_per_insert_block = 0, max_insert_threads = 1, max_threads = 2,
    min_insert_block_size_rows = 1048576, min_insert_block_size_bytes = 67108864;

INSERT INTO account_messages
SELECT e.account, 1, e.accepted_at, e.message_id
FROM events AS e
WHERE e.type = 'postponed' AND e.error_class = ''
SETTINGS insert_deduplicate = 0, max_partitions_per_insert_block = 0, max_insert_threads = 1, max_threads = 2,
    min_insert_block_size_rows = 1048576, min_insert_block_size_bytes = 67108864;
