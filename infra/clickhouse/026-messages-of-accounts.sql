-- An account's messages, newest first, a page at a time: one more row of message_keys for each. Rows of one key stand in the order of acceptance, so that a
-- page is read where it begins and no further; the index of times leaves out what lies before it. Those that wait for their time, or did, have another row.
ALTER TABLE message_keys ADD INDEX IF NOT EXISTS by_time accepted_at TYPE minmax GRANULARITY 1;

-- Where an earlier run was cut off in between.
RENAME TABLE IF EXISTS message_keys_from_events_named TO message_keys_from_events;

ALTER TABLE message_keys_from_events MODIFY QUERY
SELECT
    arrayJoin(if(e.type = 'submitted',
        arrayMap(id -> sipHash64('provider id', id), e.provider_id_keys),
        arrayConcat(
            [sipHash64('message id', toString(e.message_id)), sipHash64('destination', e.destination), sipHash64('account', e.account)],
            if(e.reference = '', [], [sipHash64('reference', e.reference)]),
            if(e.type = 'postponed' AND e.error_class = '', [sipHash64('waiting', e.account)], [])))) AS key,
    e.message_id AS message_id,
    e.accepted_at AS accepted_at,
    toDateTime(e.at) AS at
FROM events AS e
WHERE e.type IN ('routed', 'postponed', 'closed', 'submitted') OR (e.type = 'final' AND e.attempt = 0);

-- The view gets the name that lasts, and events is given nothing meanwhile (025-names-of-blocks.sql). If this file ends with an error, inserts wait until it has been applied.
ALTER TABLE events MODIFY SETTING parts_to_delay_insert = 0, parts_to_throw_insert = 1, max_avg_part_size_for_too_many_parts = 1000000000000000;

SELECT throwIf(count() > 0, 'an insert from before this migration is still under way: repeat it')
FROM system.processes WHERE query ILIKE 'INSERT INTO events%' AND current_database = currentDatabase();

RENAME TABLE message_keys_from_events TO message_keys_from_events_named, message_keys_from_events_named TO message_keys_from_events;

ALTER TABLE events RESET SETTING parts_to_delay_insert, parts_to_throw_insert, max_avg_part_size_for_too_many_parts;

-- What stood before the view did this; no insert from then was under way above.
INSERT INTO message_keys
SELECT sipHash64('account', r.account), r.message_id, r.accepted_at, toDateTime(r.accepted_at)
FROM recipients AS r
SETTINGS insert_deduplicate = 0, max_partitions_per_insert_block = 0, max_insert_threads = 1, max_threads = 2,
    min_insert_block_size_rows = 1048576, min_insert_block_size_bytes = 67108864;

INSERT INTO message_keys
SELECT sipHash64('waiting', e.account), e.message_id, e.accepted_at, toDateTime(e.at)
FROM events AS e
WHERE e.type = 'postponed' AND e.error_class = ''
SETTINGS insert_deduplicate = 0, max_partitions_per_insert_block = 0, max_insert_threads = 1, max_threads = 2,
    min_insert_block_size_rows = 1048576, min_insert_block_size_bytes = 67108864;
