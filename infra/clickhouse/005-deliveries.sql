-- One row per message and destination, in place of `messages`, whose rows mixed two destinations under one id, and summed
-- amounts of different currencies. Built from events in whatever order they arrive, and however often: every column is a
-- maximum, a minimum, or a set of what has its own place in the log. So a row that is filled in twice says the same, and
-- this file may be applied while events arrive, cut off, and applied again. Query messages_latest, never this table.
--
-- progress is as in 002-messages.sql. All events of a message to one destination stand in one partition of sms.events:
-- their offsets tell them apart.
CREATE TABLE IF NOT EXISTS deliveries
(
    message_id         UUID,
    destination        String COMMENT 'E.164 digits without the plus' CODEC(ZSTD),
    accepted_at        DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    account            SimpleAggregateFunction(any, LowCardinality(String)),
    lane               SimpleAggregateFunction(any, LowCardinality(String)),
    country            SimpleAggregateFunction(any, LowCardinality(String)),
    network            SimpleAggregateFunction(any, LowCardinality(String)),
    sender             SimpleAggregateFunction(any, LowCardinality(String)),
    encoding           SimpleAggregateFunction(any, LowCardinality(String)),
    segments           SimpleAggregateFunction(max, UInt16),
    reference          SimpleAggregateFunction(any, String) CODEC(ZSTD),
    metadata           SimpleAggregateFunction(any, Map(String, String)) CODEC(ZSTD),
    expires_at         SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(Delta, ZSTD),
    updated_at         SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(Delta, ZSTD),
    latest             SimpleAggregateFunction(max, Tuple(progress UInt32, state String, error_class String, error_code String, reason String))
                       COMMENT 'What the furthest event says' CODEC(ZSTD),
    chosen             SimpleAggregateFunction(max, Tuple(progress UInt32, provider String, route String))
                       COMMENT 'The provider that the furthest event naming one names' CODEC(ZSTD),
    attempts           SimpleAggregateFunction(max, UInt16),
    submissions        SimpleAggregateFunction(groupUniqArrayArray, Array(Tuple(log_offset UInt64, currency String, cost Decimal(18, 6))))
                       COMMENT 'Each submission, with what it costs' CODEC(ZSTD),
    finals             SimpleAggregateFunction(groupUniqArrayArray, Array(UInt64)) COMMENT 'Offsets of the final events' CODEC(ZSTD),
    resubmitted        SimpleAggregateFunction(max, LowCardinality(String)),
    first_submitted_at SimpleAggregateFunction(min, Nullable(DateTime64(3, 'UTC'))) CODEC(ZSTD),
    submitted_at       SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) CODEC(ZSTD),
    finished_at        SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) CODEC(ZSTD),
    done_at            SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) CODEC(ZSTD),
    receipt_at         SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) CODEC(ZSTD)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMMDD(accepted_at)
ORDER BY (message_id, destination, accepted_at)
TTL toDateTime(accepted_at) + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS deliveries_from_events TO deliveries AS
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
    (progress, if(e.type = 'final', e.state, e.type), e.error_class, e.error_code, e.reason) AS latest,
    (if(e.provider = '', 0, progress), e.provider, e.route) AS chosen,
    e.attempt AS attempts,
    if(e.type = 'submitted', [(e.log_offset, toString(e.currency), e.cost)], []) AS submissions,
    if(e.type = 'final', [e.log_offset], []) AS finals,
    e.resubmitted AS resubmitted,
    e.submitted_at AS first_submitted_at,
    e.submitted_at AS submitted_at,
    if(e.type = 'final', e.at, NULL) AS finished_at,
    if(e.type = 'final', e.done_at, NULL) AS done_at,
    if(e.type = 'final', e.receipt_at, NULL) AS receipt_at
FROM events AS e;

-- What happened before this view stood. A message whose events are all still there is built from them, and so gets its
-- destinations and currencies apart; `messages` has the older ones, accepted before the first day that events still have.
INSERT INTO deliveries
WITH
    toUInt32(if(e.type = 'final',
        1000000000 + transform(e.state, ['unknown', 'rejected', 'expired', 'failed', 'undelivered', 'delivered'], [1, 2, 3, 4, 5, 6], 0),
        e.attempt * 8 + transform(e.type, ['routed', 'returned', 'in_doubt', 'submitted', 'receipt', 'closed'], [1, 2, 3, 4, 5, 6], 0))) AS progress
SELECT
    e.message_id,
    e.destination,
    e.accepted_at,
    e.account,
    e.lane,
    e.country,
    e.network,
    e.sender,
    e.encoding,
    e.segments,
    e.reference,
    e.metadata,
    e.expires_at,
    e.at,
    (progress, if(e.type = 'final', e.state, e.type), e.error_class, e.error_code, e.reason),
    (if(e.provider = '', 0, progress), e.provider, e.route),
    e.attempt,
    if(e.type = 'submitted', [(e.log_offset, toString(e.currency), e.cost)], []),
    if(e.type = 'final', [e.log_offset], []),
    e.resubmitted,
    e.submitted_at,
    e.submitted_at,
    if(e.type = 'final', e.at, NULL),
    if(e.type = 'final', e.done_at, NULL),
    if(e.type = 'final', e.receipt_at, NULL)
FROM events AS e
WHERE e.accepted_at >= (SELECT toStartOfDay(min(at)) FROM events)
SETTINGS insert_deduplicate = 0, max_partitions_per_insert_block = 0, max_insert_threads = 1, max_threads = 2,
    min_insert_block_size_rows = 262144, min_insert_block_size_bytes = 67108864;

-- Of these only the sums are known: their first submission is given all of the cost, and offsets that no log reaches.
INSERT INTO deliveries
WITH 18446744073709551615 AS last_offset
SELECT
    m.message_id,
    m.destination,
    m.accepted_at,
    m.account,
    m.lane,
    m.country,
    m.network,
    m.sender,
    m.encoding,
    m.segments,
    m.reference,
    m.metadata,
    m.expires_at,
    m.updated_at,
    m.latest,
    m.chosen,
    m.attempts,
    arrayMap(i -> (last_offset - i, toString(m.currency), toDecimal64(if(i = 0, m.cost, 0), 6)), range(m.submissions)),
    arrayMap(i -> last_offset - i, range(m.finals)),
    m.resubmitted,
    m.first_submitted_at,
    m.submitted_at,
    m.finished_at,
    m.done_at,
    m.receipt_at
FROM messages AS m FINAL
WHERE m.accepted_at < (SELECT if(count() = 0, toDateTime('2106-01-01 00:00:00', 'UTC'), toStartOfDay(min(at))) FROM events)
SETTINGS do_not_merge_across_partitions_select_final = 1, insert_deduplicate = 0, max_partitions_per_insert_block = 0, max_insert_threads = 1, max_threads = 2,
    min_insert_block_size_rows = 262144, min_insert_block_size_bytes = 67108864;

-- One row per message and destination, as of now. state is the terminal state once final = 1, and until then the furthest
-- event: routed, postponed, submitted, receipt (accepted, intermediate receipt), returned (waiting for another attempt),
-- in_doubt, closed. costs is what all its submissions cost together, by currency: two currencies are two amounts. cost and
-- currency are there when it is one; of several, cost is NULL and currency empty. finals must never be above 1.
CREATE OR REPLACE VIEW messages_latest AS
SELECT
    d.message_id AS message_id,
    d.accepted_at AS accepted_at,
    any(d.account) AS account,
    any(d.lane) AS lane,
    any(d.country) AS country,
    any(d.network) AS network,
    d.destination AS destination,
    any(d.sender) AS sender,
    any(d.encoding) AS encoding,
    max(d.segments) AS segments,
    any(d.reference) AS reference,
    any(d.metadata) AS metadata,
    max(d.expires_at) AS expires_at,
    max(d.updated_at) AS updated_at,
    tupleElement(max(d.latest), 'state') AS state,
    toUInt8(length(groupUniqArrayArray(d.finals)) > 0) AS final,
    length(groupUniqArrayArray(d.finals)) AS finals,
    tupleElement(max(d.chosen), 'provider') AS provider,
    tupleElement(max(d.chosen), 'route') AS route,
    max(d.attempts) AS attempts,
    length(groupUniqArrayArray(d.submissions)) AS submissions,
    max(d.resubmitted) AS resubmitted,
    arrayReduce('sumMap', arrayMap(
        s -> map(s.currency, toDecimal128(s.cost, 6)),
        arrayFilter(s -> s.currency != '', groupUniqArrayArray(d.submissions)))) AS costs,
    multiIf(empty(costs), toDecimal128(0, 6), length(costs) = 1, mapValues(costs)[1], NULL) AS cost,
    if(length(costs) = 1, mapKeys(costs)[1], '') AS currency,
    min(d.first_submitted_at) AS first_submitted_at,
    max(d.submitted_at) AS submitted_at,
    max(d.finished_at) AS finished_at,
    max(d.done_at) AS done_at,
    max(d.receipt_at) AS receipt_at,
    tupleElement(max(d.latest), 'error_class') AS error_class,
    tupleElement(max(d.latest), 'error_code') AS error_code,
    tupleElement(max(d.latest), 'reason') AS reason
FROM deliveries AS d
GROUP BY message_id, destination, accepted_at;

-- Nobody reads `messages` any more; the next file removes it.
DROP VIEW IF EXISTS messages_from_events;
