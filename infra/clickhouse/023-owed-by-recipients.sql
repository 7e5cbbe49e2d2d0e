-- What is charged on delivery stands in the row of its message: messages_latest reads one table and no longer folds each message of it together with what
-- may be owed. A part that holds a day as a whole is read as it stands (FINAL has nothing to fold there), in a tenth of the time and memory.
--
-- owed has each submission for itself, so that of what its receipts say the greatest amount counts, however often and in whatever order they come.
ALTER TABLE recipients ADD COLUMN IF NOT EXISTS owed SimpleAggregateFunction(maxMap, Map(String, Decimal(18, 6)))
    COMMENT 'Charged on delivery: currency, attempt, 1 for a repeat, minute of the submission (Unix seconds) and provider, with blanks between, to what is owed' CODEC(LZ4);

-- A day to which nothing has come for six hours becomes one part.
ALTER TABLE recipients MODIFY SETTING min_age_to_force_merge_seconds = 21600, min_age_to_force_merge_on_partition_only = 1;

ALTER TABLE recipients_from_events MODIFY QUERY
WITH
    toUInt32(if(e.type = 'final',
        1000000000 + transform(e.state, ['unknown', 'rejected', 'expired', 'failed', 'undelivered', 'delivered'], [1, 2, 3, 4, 5, 6], 0),
        e.attempt * 8 + transform(e.type, ['routed', 'returned', 'in_doubt', 'submitted', 'receipt', 'closed'], [1, 2, 3, 4, 5, 6], 0))) AS progress
SELECT
    e.message_id AS message_id,
    e.destination AS destination,
    e.accepted_at AS accepted_at,
    e.account AS account,
    e.lane AS lane,
    e.country AS country,
    e.network AS network,
    e.sender AS sender,
    e.encoding AS encoding,
    e.segments AS segments,
    e.reference AS reference,
    e.metadata AS metadata,
    e.expires_at AS expires_at,
    e.at AS updated_at,
    concatWithSeparator('\0', reverse(reinterpretAsFixedString(progress)), if(e.type = 'final', e.state, e.type), e.error_class, e.error_code, e.reason)
        AS furthest,
    concatWithSeparator('\0', reverse(reinterpretAsFixedString(if(e.provider = '', toUInt32(0), progress))), e.provider, e.route) AS chosen,
    e.attempt AS attempts,
    if(e.type = 'submitted', [concatWithSeparator(' ', toString(e.log_offset), toString(e.cost), e.currency)], []) AS submissions,
    if(e.type = 'final', [e.log_offset], []) AS finals,
    e.resubmitted AS resubmitted,
    e.submitted_at AS first_submitted_at,
    e.submitted_at AS submitted_at,
    if(e.type = 'final', e.at, NULL) AS finished_at,
    if(e.type = 'final', e.done_at, NULL) AS done_at,
    if(e.type = 'final', e.receipt_at, NULL) AS receipt_at,
    if(e.charged = 'delivery' AND e.type IN ('receipt', 'final') AND e.cost > 0 AND e.currency != '',
        map(concatWithSeparator(' ', e.currency, toString(e.attempt), toString(e.resubmitted != ''),
            toString(toUnixTimestamp(toStartOfMinute(ifNull(e.submitted_at, e.at)))), e.provider), e.cost), map()) AS owed
FROM events AS e;

-- An insert that began before the view did this may end after what was there has been taken over: it is waited for, and if it takes longer this file is
-- applied once more.
SELECT sleepEachRow(1) FROM numbers(3) WHERE (SELECT count() FROM delivery_charges) > 0;

SELECT throwIf(count() > 0, 'an insert from before this migration is still under way: repeat it')
FROM system.processes WHERE query ILIKE 'INSERT INTO events%' AND current_database = currentDatabase() AND toUInt32(now() - elapsed) <=
    (SELECT toUInt32(max(metadata_modification_time)) + 1 FROM system.tables WHERE database = currentDatabase() AND name = 'recipients_from_events');

-- What was charged before, with what any row of its message has to say alike.
INSERT INTO recipients (message_id, destination, accepted_at, account, lane, country, network, sender, encoding, reference, metadata, owed)
SELECT
    r.message_id,
    r.destination,
    r.accepted_at,
    r.account,
    r.lane,
    r.country,
    r.network,
    r.sender,
    r.encoding,
    r.reference,
    r.metadata,
    c.owed
FROM recipients AS r
INNER JOIN
(
    SELECT
        message_id,
        destination,
        accepted_at,
        maxMap(map(concatWithSeparator(' ', d.currency, toString(d.attempt), toString(toUInt8(d.repeated)), toString(toUnixTimestamp(d.minute)), d.provider),
            d.cost)) AS owed
    FROM delivery_charges AS d
    GROUP BY message_id, destination, accepted_at
) AS c
    ON c.message_id = r.message_id AND c.destination = r.destination AND c.accepted_at = r.accepted_at
SETTINGS insert_deduplicate = 0, max_partitions_per_insert_block = 0, max_insert_threads = 1, max_threads = 2, join_algorithm = 'grace_hash',
    max_bytes_in_join = 536870912, max_bytes_before_external_group_by = 536870912, min_insert_block_size_rows = 262144, min_insert_block_size_bytes = 67108864;

-- One row per message and destination, as of now. state is the terminal state once final = 1, and until then the furthest event: routed, postponed,
-- submitted, receipt (accepted, intermediate receipt), returned (waiting for another attempt), in_doubt, closed. costs is what all its submissions cost
-- together, by currency, what is charged on delivery with what receipts have said so far. cost and currency are there when it is one; of several, cost is
-- NULL and currency empty. finals must never be above 1.
CREATE OR REPLACE VIEW messages_latest AS
SELECT
    r.message_id AS message_id,
    r.accepted_at AS accepted_at,
    r.account AS account,
    r.lane AS lane,
    r.country AS country,
    r.network AS network,
    r.destination AS destination,
    r.sender AS sender,
    r.encoding AS encoding,
    r.segments AS segments,
    r.reference AS reference,
    r.metadata AS metadata,
    r.expires_at AS expires_at,
    r.updated_at AS updated_at,
    splitByChar('\0', substring(r.furthest, 6))[1] AS state,
    toUInt8(notEmpty(r.finals)) AS final,
    length(r.finals) AS finals,
    splitByChar('\0', substring(r.chosen, 6))[1] AS provider,
    splitByChar('\0', substring(r.chosen, 6))[2] AS route,
    r.attempts AS attempts,
    length(r.submissions) AS submissions,
    r.resubmitted AS resubmitted,
    multiIf(
        empty(r.submissions) AND empty(r.owed), CAST(map(), 'Map(String, Decimal(38, 6))'),
        -- Nearly all have one submission: its own map, without adding maps up.
        length(r.submissions) = 1 AND empty(r.owed) AND NOT endsWith(r.submissions[1], ' '),
        map(splitByChar(' ', r.submissions[1])[3], toDecimal128(splitByChar(' ', r.submissions[1])[2], 6)),
        arrayReduce('sumMap', arrayConcat(
            arrayMap(s -> map(s[3], toDecimal128(s[2], 6)), arrayFilter(s -> s[3] != '', arrayMap(s -> splitByChar(' ', s), r.submissions))),
            arrayMap((way, amount) -> map(splitByChar(' ', way)[1], toDecimal128(amount, 6)), mapKeys(r.owed), mapValues(r.owed))))) AS costs,
    multiIf(empty(costs), toDecimal128(0, 6), length(costs) = 1, mapValues(costs)[1], NULL) AS cost,
    if(length(costs) = 1, mapKeys(costs)[1], '') AS currency,
    r.first_submitted_at AS first_submitted_at,
    r.submitted_at AS submitted_at,
    r.finished_at AS finished_at,
    r.done_at AS done_at,
    r.receipt_at AS receipt_at,
    splitByChar('\0', substring(r.furthest, 6))[2] AS error_class,
    splitByChar('\0', substring(r.furthest, 6))[3] AS error_code,
    splitByChar('\0', substring(r.furthest, 6))[4] AS reason
FROM recipients AS r FINAL;

-- Receipts fill recipients and minutes; the next file makes of this table a view.
DROP VIEW IF EXISTS delivery_charges_from_events;
