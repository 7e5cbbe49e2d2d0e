-- Per-minute roll-ups: one table over all dimensions, from which any of them is summed up. The minute is the one in which
-- the event happened, so submissions and their outcomes of one message may stand in different minutes; over more than a
-- few minutes the rates agree, and messages_latest answers by the minute of acceptance.
--
-- Latencies are t-digest states, which merge over any stretch and dimension. Money is summed as it is: a provider has one
-- currency, given beside the sum.
CREATE TABLE IF NOT EXISTS minutes
(
    minute      DateTime('UTC') COMMENT 'Minute in which the events happened' CODEC(Delta, ZSTD),
    provider    LowCardinality(String) COMMENT 'Empty: no provider had been chosen',
    account     LowCardinality(String),
    lane        LowCardinality(String),
    country     LowCardinality(String),
    network     LowCardinality(String),
    currency    SimpleAggregateFunction(max, LowCardinality(String)),
    routed      SimpleAggregateFunction(sum, UInt64) COMMENT 'Routing decisions',
    submitted   SimpleAggregateFunction(sum, UInt64) COMMENT 'Messages accepted by the provider',
    resubmitted SimpleAggregateFunction(sum, UInt64) COMMENT 'Of these, repeats of what was in doubt',
    returned    SimpleAggregateFunction(sum, UInt64) COMMENT 'Handed back for another decision',
    throttled   SimpleAggregateFunction(sum, UInt64) COMMENT 'Of these, refused by the provider as too fast',
    in_doubt    SimpleAggregateFunction(sum, UInt64),
    receipts    SimpleAggregateFunction(sum, UInt64) COMMENT 'Receipts that did not end a message',
    delivered   SimpleAggregateFunction(sum, UInt64) COMMENT 'Messages that ended so; likewise the next five',
    undelivered SimpleAggregateFunction(sum, UInt64),
    failed      SimpleAggregateFunction(sum, UInt64),
    expired     SimpleAggregateFunction(sum, UInt64),
    rejected    SimpleAggregateFunction(sum, UInt64),
    unknown     SimpleAggregateFunction(sum, UInt64),
    segments    SimpleAggregateFunction(sum, UInt64) COMMENT 'Submitted segments',
    cost        SimpleAggregateFunction(sum, Decimal(38, 6)) COMMENT 'Of the submissions',
    submit_ms   AggregateFunction(quantilesTDigest(0.5, 0.95, 0.99), UInt32) COMMENT 'Accepted to submitted',
    receipt_ms  AggregateFunction(quantilesTDigest(0.5, 0.95, 0.99), UInt32) COMMENT 'Submitted to deciding receipt'
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(minute)
ORDER BY (minute, provider, account, lane, country, network)
TTL minute + INTERVAL 25 MONTH
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS minutes_from_events TO minutes AS
SELECT
    toStartOfMinute(e.at) AS minute,
    e.provider AS provider,
    e.account AS account,
    e.lane AS lane,
    e.country AS country,
    e.network AS network,
    max(e.currency) AS currency,
    countIf(e.type = 'routed') AS routed,
    countIf(e.type = 'submitted') AS submitted,
    countIf(e.type = 'submitted' AND e.resubmitted != '') AS resubmitted,
    countIf(e.type = 'returned') AS returned,
    countIf(e.type = 'returned' AND e.error_class = 'throttled') AS throttled,
    countIf(e.type = 'in_doubt') AS in_doubt,
    countIf(e.type = 'receipt') AS receipts,
    countIf(e.type = 'final' AND e.state = 'delivered') AS delivered,
    countIf(e.type = 'final' AND e.state = 'undelivered') AS undelivered,
    countIf(e.type = 'final' AND e.state = 'failed') AS failed,
    countIf(e.type = 'final' AND e.state = 'expired') AS expired,
    countIf(e.type = 'final' AND e.state = 'rejected') AS rejected,
    countIf(e.type = 'final' AND e.state = 'unknown') AS unknown,
    sumIf(e.segments, e.type = 'submitted') AS segments,
    sumIf(e.cost, e.type = 'submitted') AS cost,
    quantilesTDigestStateIf(0.5, 0.95, 0.99)(
        toUInt32(least(greatest(dateDiff('millisecond', e.accepted_at, ifNull(e.submitted_at, e.at)), 0), 4294967295)),
        e.type = 'submitted') AS submit_ms,
    quantilesTDigestStateIf(0.5, 0.95, 0.99)(
        toUInt32(least(greatest(dateDiff('millisecond', ifNull(e.submitted_at, e.at), ifNull(e.receipt_at, e.at)), 0), 4294967295)),
        e.type = 'final' AND isNotNull(e.submitted_at) AND isNotNull(e.receipt_at)) AS receipt_ms
FROM events AS e
GROUP BY minute, provider, account, lane, country, network;
