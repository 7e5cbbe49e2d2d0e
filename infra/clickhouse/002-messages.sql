-- One row per message, built from its events in whatever order they arrive: every column is a maximum, a minimum or a
-- sum, so the rows of a message fold into the same one in any order. Query messages_latest, which folds what merges have
-- not folded yet, never this table: at any time it may hold several rows of a message.
--
-- progress orders what a message goes through: attempt * 8 + step (routed 1, returned 2, in_doubt 3, submitted 4,
-- receipt 5, closed 6); a terminal event stands above them all (1,000,000,000 and up). accepted_at is the same in all
-- events of a message, so all of them meet in one partition.
CREATE TABLE IF NOT EXISTS messages
(
    message_id         UUID,
    accepted_at        DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    account            SimpleAggregateFunction(any, LowCardinality(String)),
    lane               SimpleAggregateFunction(any, LowCardinality(String)),
    country            SimpleAggregateFunction(any, LowCardinality(String)),
    network            SimpleAggregateFunction(any, LowCardinality(String)),
    destination        SimpleAggregateFunction(any, String) CODEC(ZSTD),
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
    submissions        SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD),
    finals             SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD),
    resubmitted        SimpleAggregateFunction(max, LowCardinality(String)),
    cost               SimpleAggregateFunction(sum, Decimal(38, 6)) CODEC(ZSTD),
    currency           SimpleAggregateFunction(max, LowCardinality(String)),
    first_submitted_at SimpleAggregateFunction(min, Nullable(DateTime64(3, 'UTC'))) CODEC(ZSTD),
    submitted_at       SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) CODEC(ZSTD),
    finished_at        SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) CODEC(ZSTD),
    done_at            SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) CODEC(ZSTD),
    receipt_at         SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) CODEC(ZSTD)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMMDD(accepted_at)
ORDER BY (message_id, accepted_at)
TTL toDateTime(accepted_at) + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS messages_from_events TO messages AS
WITH
    toUInt32(if(e.type = 'final',
        1000000000 + transform(e.state, ['unknown', 'rejected', 'expired', 'failed', 'undelivered', 'delivered'], [1, 2, 3, 4, 5, 6], 0),
        e.attempt * 8 + transform(e.type, ['routed', 'returned', 'in_doubt', 'submitted', 'receipt', 'closed'], [1, 2, 3, 4, 5, 6], 0))) AS progress
SELECT
    e.message_id AS message_id,
    e.accepted_at AS accepted_at,
    e.account AS account,
    e.lane AS lane,
    e.country AS country,
    e.network AS network,
    e.destination AS destination,
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
    toUInt64(e.type = 'submitted') AS submissions,
    toUInt64(e.type = 'final') AS finals,
    e.resubmitted AS resubmitted,
    if(e.type = 'submitted', e.cost, 0) AS cost,
    e.currency AS currency,
    e.submitted_at AS first_submitted_at,
    e.submitted_at AS submitted_at,
    if(e.type = 'final', e.at, NULL) AS finished_at,
    if(e.type = 'final', e.done_at, NULL) AS done_at,
    if(e.type = 'final', e.receipt_at, NULL) AS receipt_at
FROM events AS e;
