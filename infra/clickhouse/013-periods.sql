-- Sums by hour and by day, and what is charged on delivery among the sums by minute: a month's invoice reads days instead of all minutes and all charges.
--
-- owed has each submission that is charged on delivery for itself, so that of what its receipts say the greatest amount counts, however often
-- and in whatever order they come; it stands in the minute of the submission, not in that of the receipt.
ALTER TABLE minutes ADD COLUMN IF NOT EXISTS owed SimpleAggregateFunction(maxMap, Map(String, Decimal(18, 6)))
    COMMENT 'Charged on delivery: currency and submission to what is owed for it' AFTER costs;

-- Tells the rows that periods has been given as they came in from those that it has to be given below; the two are never folded into one.
ALTER TABLE minutes ADD COLUMN IF NOT EXISTS summed UInt8 COMMENT '1: in periods since it came in',
    MODIFY ORDER BY (minute, provider, account, lane, country, network, summed);

CREATE TABLE IF NOT EXISTS periods
(
    span      Enum8('hour' = 1, 'day' = 2),
    start     DateTime('UTC') CODEC(Delta, LZ4),
    provider  LowCardinality(String) COMMENT 'Empty: no provider had been chosen',
    account   LowCardinality(String),
    lane      LowCardinality(String),
    country   LowCardinality(String),
    network   LowCardinality(String),
    submitted SimpleAggregateFunction(sum, UInt64) COMMENT 'Messages accepted by the provider',
    segments  SimpleAggregateFunction(sum, UInt64) COMMENT 'Submitted segments',
    delivered SimpleAggregateFunction(sum, UInt64) COMMENT 'Messages that ended so',
    costs     SimpleAggregateFunction(sumMap, Map(String, Decimal(38, 6))) COMMENT 'Of the submissions, by currency',
    owed      SimpleAggregateFunction(maxMap, Map(String, Decimal(18, 6))) COMMENT 'As in minutes'
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(start)
ORDER BY (span, start, provider, account, lane, country, network)
TTL start + INTERVAL 25 MONTH
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS periods_from_minutes TO periods AS
SELECT
    arrayJoin(['hour', 'day']) AS span,
    if(span = 'hour', toStartOfHour(m.minute), toStartOfDay(m.minute)) AS start,
    m.provider AS provider,
    m.account AS account,
    m.lane AS lane,
    m.country AS country,
    m.network AS network,
    m.submitted AS submitted,
    m.segments AS segments,
    m.delivered AS delivered,
    m.costs AS costs,
    m.owed AS owed
FROM minutes AS m
WHERE m.summed = 1;

-- By the currency as well, so that each amount is added and not each row's map. What a row says is owed is a row of its own, of the type charged.
ALTER TABLE minutes_from_events MODIFY QUERY
SELECT
    toStartOfMinute(e.at_minute) AS minute,
    e.provider AS provider,
    e.account AS account,
    e.lane AS lane,
    e.country AS country,
    e.network AS network,
    1 AS summed,
    countIf(e.kind = 'routed') AS routed,
    countIf(e.kind = 'submitted') AS submitted,
    countIf(e.kind = 'submitted' AND e.resubmitted != '') AS resubmitted,
    countIf(e.kind = 'returned') AS returned,
    countIf(e.kind = 'returned' AND e.error_class = 'throttled') AS throttled,
    countIf(e.kind = 'in_doubt') AS in_doubt,
    countIf(e.kind = 'receipt') AS receipts,
    countIf(e.kind = 'final' AND e.state = 'delivered') AS delivered,
    countIf(e.kind = 'final' AND e.state = 'undelivered') AS undelivered,
    countIf(e.kind = 'final' AND e.state = 'failed') AS failed,
    countIf(e.kind = 'final' AND e.state = 'expired') AS expired,
    countIf(e.kind = 'final' AND e.state = 'rejected') AS rejected,
    countIf(e.kind = 'final' AND e.state = 'unknown') AS unknown,
    sumIf(e.segments, e.kind = 'submitted') AS segments,
    sumIf(e.cost, e.kind = 'submitted') AS cost,
    if(e.currency = '' OR submitted = 0, map(), map(toString(e.currency), cost)) AS costs,
    maxMapIf(
        map(concat(toString(e.currency), ' ', toString(sipHash64(e.message_id, e.destination, e.accepted_at, e.attempt, e.resubmitted != ''))), e.cost),
        e.kind = 'charged') AS owed,
    quantilesTDigestStateIf(0.5, 0.95, 0.99)(
        toUInt32(least(greatest(dateDiff('millisecond', e.accepted_at, ifNull(e.submitted_at, e.at)), 0), 4294967295)),
        e.kind = 'submitted') AS submit_ms,
    quantilesTDigestStateIf(0.5, 0.95, 0.99)(
        toUInt32(least(greatest(dateDiff('millisecond', ifNull(e.submitted_at, e.at), ifNull(e.receipt_at, e.at)), 0), 4294967295)),
        e.kind = 'final' AND isNotNull(e.submitted_at) AND isNotNull(e.receipt_at)) AS receipt_ms
FROM
(
    SELECT
        toLowCardinality(arrayJoin(arrayResize([toString(type), 'charged'],
            if(charged = 'delivery' AND type IN ('receipt', 'final') AND cost > 0 AND currency != '', 2, 1)))) AS kind,
        if(kind = 'charged', ifNull(submitted_at, at), at) AS at_minute,
        at,
        message_id, destination, accepted_at, attempt, provider, account, lane, country, network, currency, resubmitted, error_class, state,
        segments, cost, submitted_at, receipt_at
    FROM events
) AS e
GROUP BY minute, provider, account, lane, country, network, e.currency;

-- An insert that began before these views may end after what was there has been taken over: it is waited for, and if it takes longer this file is
-- applied once more.
SELECT sleepEachRow(1) FROM numbers(3) WHERE (SELECT count() FROM minutes WHERE summed = 0) > 0;

SELECT throwIf(count() > 0, 'an insert from before this migration is still under way: repeat it')
FROM system.processes WHERE query ILIKE 'INSERT INTO events%' AND current_database = currentDatabase() AND toUInt32(now() - elapsed) <=
    (SELECT toUInt32(max(metadata_modification_time)) + 1 FROM system.tables WHERE database = currentDatabase() AND name = 'minutes_from_events');

-- What was summed up before, made as a whole however often this file is applied.
CREATE OR REPLACE TABLE older_periods
(
    span      Enum8('hour' = 1, 'day' = 2),
    start     DateTime('UTC') CODEC(Delta, LZ4),
    provider  LowCardinality(String),
    account   LowCardinality(String),
    lane      LowCardinality(String),
    country   LowCardinality(String),
    network   LowCardinality(String),
    submitted SimpleAggregateFunction(sum, UInt64),
    segments  SimpleAggregateFunction(sum, UInt64),
    delivered SimpleAggregateFunction(sum, UInt64),
    costs     SimpleAggregateFunction(sumMap, Map(String, Decimal(38, 6)))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(start)
ORDER BY (span, start, provider, account, lane, country, network)
TTL start + INTERVAL 25 MONTH
AS SELECT
    arrayJoin(['hour', 'day']) AS span,
    if(span = 'hour', toStartOfHour(m.minute), toStartOfDay(m.minute)) AS start,
    m.provider AS provider,
    m.account AS account,
    m.lane AS lane,
    m.country AS country,
    m.network AS network,
    m.submitted AS submitted,
    m.segments AS segments,
    m.delivered AS delivered,
    -- What an older row has in no currency's name is in that of its provider.
    if(m.cost = arraySum(mapValues(m.costs)), m.costs, mapAdd(m.costs, map(toString(m.currency), m.cost - arraySum(mapValues(m.costs))))) AS costs
FROM minutes AS m
WHERE m.summed = 0
SETTINGS max_partitions_per_insert_block = 0, max_insert_threads = 1, max_threads = 2, min_insert_block_size_rows = 262144,
    min_insert_block_size_bytes = 67108864;

INSERT INTO minutes (minute, provider, account, lane, country, network, summed, owed)
SELECT
    d.minute,
    d.provider,
    d.account,
    d.lane,
    d.country,
    d.network,
    1,
    map(concat(toString(d.currency), ' ', toString(sipHash64(d.message_id, d.destination, d.accepted_at, d.attempt, d.repeated))), d.cost)
FROM delivery_charges AS d
SETTINGS insert_deduplicate = 0, max_partitions_per_insert_block = 0, max_insert_threads = 1, max_threads = 2,
    min_insert_block_size_rows = 65536, min_insert_block_size_bytes = 67108864;

-- The counts by minute, with what was charged on delivery in the minutes of its submissions. amounts: by currency.
CREATE OR REPLACE VIEW minutes_with_charges AS
SELECT
    m.minute AS minute,
    m.provider AS provider,
    m.account AS account,
    m.lane AS lane,
    m.country AS country,
    m.network AS network,
    sum(m.routed) AS routed,
    sum(m.submitted) AS submitted,
    sum(m.resubmitted) AS resubmitted,
    sum(m.returned) AS returned,
    sum(m.throttled) AS throttled,
    sum(m.in_doubt) AS in_doubt,
    sum(m.receipts) AS receipts,
    sum(m.delivered) AS delivered,
    sum(m.undelivered) AS undelivered,
    sum(m.failed) AS failed,
    sum(m.expired) AS expired,
    sum(m.rejected) AS rejected,
    sum(m.unknown) AS unknown,
    sum(m.segments) AS segments,
    quantilesTDigestMergeState(0.5, 0.95, 0.99)(m.submit_ms) AS submit_ms,
    quantilesTDigestMergeState(0.5, 0.95, 0.99)(m.receipt_ms) AS receipt_ms,
    arrayReduce('sumMap', arrayConcat(
        -- What an older row has in no currency's name is in that of its provider.
        [sumMap(m.costs), mapFilter((of, amount) -> amount != 0, map(max(toString(m.currency)), sum(m.cost) - arraySum(mapValues(sumMap(m.costs)))))],
        arrayMap((way, amount) -> map(splitByChar(' ', way)[1], toDecimal128(amount, 6)), mapKeys(maxMap(m.owed)), mapValues(maxMap(m.owed)))
    )) AS amounts
FROM minutes AS m
GROUP BY minute, provider, account, lane, country, network;

-- The same by hour and by day. costs: by currency, what was charged on delivery among them.
CREATE OR REPLACE VIEW traffic_periods AS
SELECT
    p.span AS span,
    p.start AS start,
    p.provider AS provider,
    p.account AS account,
    p.lane AS lane,
    p.country AS country,
    p.network AS network,
    sum(p.submitted) AS submitted,
    sum(p.segments) AS segments,
    sum(p.delivered) AS delivered,
    arrayReduce('sumMap', arrayConcat(
        [sumMap(p.costs)],
        arrayMap((way, amount) -> map(splitByChar(' ', way)[1], toDecimal128(amount, 6)), mapKeys(maxMap(p.owed)), mapValues(maxMap(p.owed)))
    )) AS costs
FROM
(
    SELECT span, start, provider, account, lane, country, network, submitted, segments, delivered, costs, owed FROM periods
    UNION ALL
    SELECT span, start, provider, account, lane, country, network, submitted, segments, delivered, costs, map() FROM older_periods
) AS p
GROUP BY span, start, provider, account, lane, country, network;

-- The sums from one time to another, of whole days, and hours and minutes at both ends: traffic_between(from = …, to = …). A minute belongs to it that
-- begins at from or later, and before to.
CREATE OR REPLACE VIEW traffic_between AS
SELECT
    t.provider AS provider,
    t.account AS account,
    t.lane AS lane,
    t.country AS country,
    t.network AS network,
    sum(t.submitted) AS submitted,
    sum(t.segments) AS segments,
    sum(t.delivered) AS delivered,
    sumMap(t.costs) AS costs
FROM
(
    SELECT provider, account, lane, country, network, submitted, segments, delivered, costs
    FROM traffic_periods
    WHERE span = 'day' AND start >= toStartOfDay({from:DateTime('UTC')} + INTERVAL 86399 SECOND) AND start < toStartOfDay({to:DateTime('UTC')})
    UNION ALL
    SELECT provider, account, lane, country, network, submitted, segments, delivered, costs
    FROM traffic_periods
    WHERE span = 'hour' AND start >= toStartOfHour({from:DateTime('UTC')} + INTERVAL 3599 SECOND) AND start < toStartOfHour({to:DateTime('UTC')})
        AND NOT (start >= toStartOfDay({from:DateTime('UTC')} + INTERVAL 86399 SECOND) AND start < toStartOfDay({to:DateTime('UTC')}))
    UNION ALL
    SELECT provider, account, lane, country, network, submitted, segments, delivered, amounts
    FROM minutes_with_charges
    WHERE minute >= {from:DateTime('UTC')} AND minute < {to:DateTime('UTC')}
        AND NOT (minute >= toStartOfHour({from:DateTime('UTC')} + INTERVAL 3599 SECOND) AND minute < toStartOfHour({to:DateTime('UTC')}))
) AS t
GROUP BY provider, account, lane, country, network;

-- What is charged on delivery is found by its minute in the sums.
ALTER TABLE delivery_charges DROP INDEX IF EXISTS by_minute;
