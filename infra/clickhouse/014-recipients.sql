-- One row per message and destination, in place of `deliveries`, whose rows say the same and cost twice as much to fold: what the furthest event
-- says is one text and not a tuple, each of whose parts was compared for itself, and columns are packed as those of events. Like that one it is built
-- from events in whatever order they arrive, and however often: every column is a maximum, a minimum, or a set of what has its own place in the log.
-- So a row that is filled in twice says the same. Query messages_latest, never this table.
--
-- furthest and chosen begin with progress (002-messages.sql) in four bytes, the highest first, so that the greatest text is that of the furthest event.
CREATE TABLE IF NOT EXISTS recipients
(
    message_id         UUID,
    destination        String COMMENT 'E.164 digits without the plus' CODEC(LZ4),
    accepted_at        DateTime64(3, 'UTC') CODEC(Delta, LZ4),
    account            SimpleAggregateFunction(any, LowCardinality(String)),
    lane               SimpleAggregateFunction(any, LowCardinality(String)),
    country            SimpleAggregateFunction(any, LowCardinality(String)),
    network            SimpleAggregateFunction(any, LowCardinality(String)),
    sender             SimpleAggregateFunction(any, LowCardinality(String)),
    encoding           SimpleAggregateFunction(any, LowCardinality(String)),
    segments           SimpleAggregateFunction(max, UInt16),
    reference          SimpleAggregateFunction(any, String) CODEC(LZ4),
    metadata           SimpleAggregateFunction(any, Map(String, String)) CODEC(LZ4),
    expires_at         SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(Delta, LZ4),
    updated_at         SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(Delta, LZ4),
    furthest           SimpleAggregateFunction(max, String) COMMENT 'progress, state, error_class, error_code and reason of the furthest event, with zero bytes between' CODEC(LZ4),
    chosen             SimpleAggregateFunction(max, String) COMMENT 'progress, provider and route of the furthest event that names one' CODEC(LZ4),
    attempts           SimpleAggregateFunction(max, UInt16),
    submissions        SimpleAggregateFunction(groupUniqArrayArray, Array(String)) COMMENT 'Each submission: log_offset, cost and currency, with blanks between' CODEC(LZ4),
    finals             SimpleAggregateFunction(groupUniqArrayArray, Array(UInt64)) COMMENT 'Offsets of the final events' CODEC(LZ4),
    resubmitted        SimpleAggregateFunction(max, LowCardinality(String)),
    first_submitted_at SimpleAggregateFunction(min, Nullable(DateTime64(3, 'UTC'))) CODEC(LZ4),
    submitted_at       SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) CODEC(LZ4),
    finished_at        SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) CODEC(LZ4),
    done_at            SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) CODEC(LZ4),
    receipt_at         SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) CODEC(LZ4)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMMDD(accepted_at)
ORDER BY (message_id, destination, accepted_at)
TTL toDateTime(accepted_at) + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS recipients_from_events TO recipients AS
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
    if(e.type = 'final', e.receipt_at, NULL) AS receipt_at
FROM events AS e;

-- An insert that began before the view stood may end after what was there has been taken over: it is waited for, and if it takes longer this file is
-- applied once more.
SELECT sleepEachRow(1) FROM numbers(3) WHERE (SELECT count() FROM deliveries) > 0;

SELECT throwIf(count() > 0, 'an insert from before this migration is still under way: repeat it')
FROM system.processes WHERE query ILIKE 'INSERT INTO events%' AND current_database = currentDatabase() AND toUInt32(now() - elapsed) <=
    (SELECT toUInt32(max(metadata_modification_time)) + 1 FROM system.tables WHERE database = currentDatabase() AND name = 'recipients_from_events');

INSERT INTO recipients
SELECT
    d.message_id,
    d.destination,
    d.accepted_at,
    d.account,
    d.lane,
    d.country,
    d.network,
    d.sender,
    d.encoding,
    d.segments,
    d.reference,
    d.metadata,
    d.expires_at,
    d.updated_at,
    concatWithSeparator('\0', reverse(reinterpretAsFixedString(d.latest.progress)), d.latest.state, d.latest.error_class, d.latest.error_code, d.latest.reason),
    concatWithSeparator('\0', reverse(reinterpretAsFixedString(d.chosen.progress)), d.chosen.provider, d.chosen.route),
    d.attempts,
    arrayMap(s -> concatWithSeparator(' ', toString(s.log_offset), toString(s.cost), s.currency), d.submissions),
    d.finals,
    d.resubmitted,
    d.first_submitted_at,
    d.submitted_at,
    d.finished_at,
    d.done_at,
    d.receipt_at
FROM deliveries AS d
SETTINGS insert_deduplicate = 0, max_partitions_per_insert_block = 0, max_insert_threads = 1, max_threads = 2,
    min_insert_block_size_rows = 262144, min_insert_block_size_bytes = 67108864;

-- One row per message and destination, as of now: as in 010-charged-on-delivery.sql, of recipients.
CREATE OR REPLACE VIEW messages_latest AS
SELECT
    d.message_id AS message_id,
    d.accepted_at AS accepted_at,
    anyIf(d.account, d.of_message) AS account,
    anyIf(d.lane, d.of_message) AS lane,
    anyIf(d.country, d.of_message) AS country,
    anyIf(d.network, d.of_message) AS network,
    d.destination AS destination,
    anyIf(d.sender, d.of_message) AS sender,
    anyIf(d.encoding, d.of_message) AS encoding,
    max(d.segments) AS segments,
    anyIf(d.reference, d.of_message) AS reference,
    anyIf(d.metadata, d.of_message) AS metadata,
    max(d.expires_at) AS expires_at,
    max(d.updated_at) AS updated_at,
    splitByChar('\0', substring(max(d.furthest), 6))[1] AS state,
    toUInt8(length(groupUniqArrayArray(d.finals)) > 0) AS final,
    length(groupUniqArrayArray(d.finals)) AS finals,
    splitByChar('\0', substring(max(d.chosen), 6))[1] AS provider,
    splitByChar('\0', substring(max(d.chosen), 6))[2] AS route,
    max(d.attempts) AS attempts,
    length(groupUniqArrayArray(d.submissions)) AS submissions,
    max(d.resubmitted) AS resubmitted,
    arrayReduce('sumMap', arrayConcat(
        arrayMap(
            s -> map(s[3], toDecimal128(s[2], 6)),
            arrayFilter(s -> s[3] != '', arrayMap(s -> splitByChar(' ', s), groupUniqArrayArray(d.submissions)))),
        groupArrayIf(map(d.charged_currency, d.charged_cost), NOT d.of_message))) AS costs,
    multiIf(empty(costs), toDecimal128(0, 6), length(costs) = 1, mapValues(costs)[1], NULL) AS cost,
    if(length(costs) = 1, mapKeys(costs)[1], '') AS currency,
    min(d.first_submitted_at) AS first_submitted_at,
    max(d.submitted_at) AS submitted_at,
    max(d.finished_at) AS finished_at,
    max(d.done_at) AS done_at,
    max(d.receipt_at) AS receipt_at,
    splitByChar('\0', substring(max(d.furthest), 6))[2] AS error_class,
    splitByChar('\0', substring(max(d.furthest), 6))[3] AS error_code,
    splitByChar('\0', substring(max(d.furthest), 6))[4] AS reason
FROM
(
    SELECT
        message_id, destination, accepted_at, account, lane, country, network, sender, encoding, segments, reference, metadata,
        expires_at, updated_at, furthest, chosen, attempts, submissions, finals, resubmitted, first_submitted_at, submitted_at,
        finished_at, done_at, receipt_at,
        true AS of_message, '' AS charged_currency, toDecimal128(0, 6) AS charged_cost
    FROM recipients
    UNION ALL
    SELECT
        message_id, destination, accepted_at, '', '', '', '', '', '', 0, '', map(),
        toDateTime64(0, 3, 'UTC'), toDateTime64(0, 3, 'UTC'), '', '', 0, [], [], '', NULL, NULL, NULL, NULL, NULL,
        false, toString(currency), toDecimal128(max(cost), 6)
    FROM delivery_charges
    GROUP BY message_id, destination, accepted_at, attempt, repeated, provider, currency
) AS d
GROUP BY message_id, destination, accepted_at;

-- Nobody reads deliveries any more; the next file removes it.
DROP VIEW IF EXISTS deliveries_from_events;
