-- Where a message stands that is sought by an id of it or by its number: one row for each, 1,024 of which are read to find it. Without this table a
-- reference or a number is found by reading all rows of deliveries, and a message's id by a part of every day.
--
-- A key is a hash, so whoever asks compares the text itself with what is found. Rows that are filled in twice are one.
CREATE TABLE IF NOT EXISTS message_keys
(
    key         UInt64 COMMENT 'sipHash64 of message id, destination, reference or provider id, in a word, and of what it is',
    message_id  UUID,
    accepted_at DateTime64(3, 'UTC') CODEC(LZ4),
    at          DateTime('UTC') COMMENT 'When the event happened that says it: routed, postponed, closed; submitted for a provider id' CODEC(LZ4)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(accepted_at)
PRIMARY KEY key
ORDER BY (key, accepted_at, message_id)
TTL toDateTime(accepted_at) + INTERVAL 400 DAY
SETTINGS index_granularity = 512, non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

-- A message's first event is one of routed, postponed and closed.
CREATE MATERIALIZED VIEW IF NOT EXISTS message_keys_from_events TO message_keys AS
SELECT
    arrayJoin(if(e.type = 'submitted',
        arrayMap(id -> sipHash64('provider id', id), e.provider_id_keys),
        arrayConcat(
            [sipHash64('message id', toString(e.message_id)), sipHash64('destination', e.destination)],
            if(e.reference = '', [], [sipHash64('reference', e.reference)])))) AS key,
    e.message_id AS message_id,
    e.accepted_at AS accepted_at,
    toDateTime(e.at) AS at
FROM events AS e
WHERE e.type IN ('routed', 'postponed', 'closed', 'submitted') OR (e.type = 'final' AND e.attempt = 0);

-- An insert that began before the view stood may end after what was there has been taken over: it is waited for, and if it takes longer this file is
-- applied once more.
SELECT sleepEachRow(1) FROM numbers(3) WHERE (SELECT count() FROM events) > 0;

SELECT throwIf(count() > 0, 'an insert from before this migration is still under way: repeat it')
FROM system.processes WHERE query ILIKE 'INSERT INTO events%' AND current_database = currentDatabase() AND toUInt32(now() - elapsed) <=
    (SELECT toUInt32(max(metadata_modification_time)) + 1 FROM system.tables WHERE database = currentDatabase() AND name = 'message_keys_from_events');

-- What happened before the view stood. Of messages whose events are gone only deliveries has something, and no provider's ids.
INSERT INTO message_keys
SELECT
    arrayJoin(if(e.type = 'submitted',
        arrayMap(id -> sipHash64('provider id', id), e.provider_id_keys),
        arrayConcat(
            [sipHash64('message id', toString(e.message_id)), sipHash64('destination', e.destination)],
            if(e.reference = '', [], [sipHash64('reference', e.reference)])))),
    e.message_id,
    e.accepted_at,
    toDateTime(e.at)
FROM events AS e
WHERE e.type IN ('routed', 'postponed', 'closed', 'submitted') OR (e.type = 'final' AND e.attempt = 0)
SETTINGS insert_deduplicate = 0, max_partitions_per_insert_block = 0, max_insert_threads = 1, max_threads = 2,
    min_insert_block_size_rows = 1048576, min_insert_block_size_bytes = 67108864;

INSERT INTO message_keys
SELECT
    arrayJoin(arrayConcat(
        [sipHash64('message id', toString(d.message_id)), sipHash64('destination', d.destination)],
        if(d.reference = '', [], [sipHash64('reference', d.reference)]))),
    d.message_id,
    d.accepted_at,
    toDateTime(d.accepted_at)
FROM deliveries AS d
WHERE d.accepted_at < (SELECT if(count() = 0, toDateTime('2106-01-01 00:00:00', 'UTC'), toStartOfDay(min(at))) FROM events)
SETTINGS insert_deduplicate = 0, max_partitions_per_insert_block = 0, max_insert_threads = 1, max_threads = 2,
    min_insert_block_size_rows = 1048576, min_insert_block_size_bytes = 67108864;

-- Its place is taken by message_keys.
ALTER TABLE events DROP INDEX IF EXISTS by_provider_id;
