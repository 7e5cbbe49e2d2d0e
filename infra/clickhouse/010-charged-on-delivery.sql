-- What a provider takes only for what it delivers. Its submissions cost 0; what its receipts make a submission owe is on the events
-- `receipt` and `final`, and only grows: so the greatest amount of a submission counts, however often and in whatever order they are told.
ALTER TABLE events
    ADD COLUMN IF NOT EXISTS charged LowCardinality(String)
        COMMENT 'delivery: the price is owed for what is delivered, and cost is what is owed so far; empty: for what is submitted' AFTER rules;

-- One row for each submission that was charged on delivery, and delivered at least in part. minute is the submission's.
CREATE TABLE IF NOT EXISTS delivery_charges
(
    message_id  UUID,
    destination String COMMENT 'E.164 digits without the plus' CODEC(ZSTD),
    accepted_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    attempt     UInt16,
    repeated    Bool COMMENT 'A repeat of what was in doubt: another submission of the attempt',
    minute      DateTime('UTC') COMMENT 'Minute in which it was submitted' CODEC(Delta, ZSTD),
    provider    LowCardinality(String),
    account     LowCardinality(String),
    lane        LowCardinality(String),
    country     LowCardinality(String),
    network     LowCardinality(String),
    currency    LowCardinality(String),
    cost        SimpleAggregateFunction(max, Decimal(18, 6)) COMMENT 'Owed for what has been delivered of it',
    INDEX by_minute minute TYPE minmax GRANULARITY 1
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(minute)
ORDER BY (message_id, destination, accepted_at, attempt, repeated, minute, provider, account, lane, country, network, currency)
TTL minute + INTERVAL 25 MONTH
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS delivery_charges_from_events TO delivery_charges AS
SELECT
    e.message_id AS message_id,
    e.destination AS destination,
    e.accepted_at AS accepted_at,
    e.attempt AS attempt,
    e.resubmitted != '' AS repeated,
    toStartOfMinute(ifNull(e.submitted_at, e.at)) AS minute,
    e.provider AS provider,
    e.account AS account,
    e.lane AS lane,
    e.country AS country,
    e.network AS network,
    e.currency AS currency,
    e.cost AS cost
FROM events AS e
WHERE e.charged = 'delivery' AND e.type IN ('receipt', 'final') AND e.cost > 0 AND e.currency != '';

-- As in 005-deliveries.sql, with what was charged on delivery in costs.
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
    tupleElement(max(d.latest), 'state') AS state,
    toUInt8(length(groupUniqArrayArray(d.finals)) > 0) AS final,
    length(groupUniqArrayArray(d.finals)) AS finals,
    tupleElement(max(d.chosen), 'provider') AS provider,
    tupleElement(max(d.chosen), 'route') AS route,
    max(d.attempts) AS attempts,
    length(groupUniqArrayArray(d.submissions)) AS submissions,
    max(d.resubmitted) AS resubmitted,
    arrayReduce('sumMap', arrayConcat(
        arrayMap(
            s -> map(s.currency, toDecimal128(s.cost, 6)),
            arrayFilter(s -> s.currency != '', groupUniqArrayArray(d.submissions))),
        groupArrayIf(map(d.charged_currency, d.charged_cost), NOT d.of_message))) AS costs,
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
FROM
(
    SELECT
        message_id, destination, accepted_at, account, lane, country, network, sender, encoding, segments, reference, metadata,
        expires_at, updated_at, latest, chosen, attempts, submissions, finals, resubmitted, first_submitted_at, submitted_at,
        finished_at, done_at, receipt_at,
        true AS of_message, '' AS charged_currency, toDecimal128(0, 6) AS charged_cost
    FROM deliveries
    UNION ALL
    SELECT
        message_id, destination, accepted_at, '', '', '', '', '', '', 0, '', map(),
        toDateTime64(0, 3, 'UTC'), toDateTime64(0, 3, 'UTC'),
        defaultValueOfTypeName('Tuple(progress UInt32, state String, error_class String, error_code String, reason String)'),
        defaultValueOfTypeName('Tuple(progress UInt32, provider String, route String)'), 0, [], [], '', NULL, NULL, NULL, NULL, NULL,
        false, toString(currency), toDecimal128(max(cost), 6)
    FROM delivery_charges
    GROUP BY message_id, destination, accepted_at, attempt, repeated, provider, currency
) AS d
GROUP BY message_id, destination, accepted_at;

-- The counts by minute, with what was charged on delivery in the minutes of its submissions. amounts: by currency.
CREATE OR REPLACE VIEW minutes_with_charges AS
SELECT
    minute, provider, account, lane, country, network, routed, submitted, resubmitted, returned, throttled, in_doubt, receipts,
    delivered, undelivered, failed, expired, rejected, unknown, segments, submit_ms, receipt_ms,
    -- What an older row has in no currency's name is in that of its provider.
    cost - arraySum(mapValues(costs)) AS unnamed,
    if(unnamed = 0, costs, mapAdd(costs, map(toString(currency), unnamed))) AS amounts
FROM minutes
UNION ALL
SELECT
    minute, provider, account, lane, country, network, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, arrayReduce('quantilesTDigestState(0.5, 0.95, 0.99)', emptyArrayUInt32()),
    arrayReduce('quantilesTDigestState(0.5, 0.95, 0.99)', emptyArrayUInt32()),
    toDecimal128(0, 6),
    map(toString(currency), toDecimal128(max(cost), 6))
FROM delivery_charges
GROUP BY message_id, destination, accepted_at, attempt, repeated, minute, provider, account, lane, country, network, currency;

-- Provider by minute; costs, cost and currency as in messages_latest. finals: messages that ended in this minute; delivery_rate: the share of them that was delivered.
CREATE OR REPLACE VIEW provider_minutes AS
SELECT
    m.minute AS minute,
    m.provider AS provider,
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
    delivered + undelivered + failed + expired + rejected + unknown AS finals,
    if(finals = 0, NULL, delivered / finals) AS delivery_rate,
    sum(m.segments) AS segments,
    sumMap(m.amounts) AS costs,
    multiIf(empty(costs), toDecimal128(0, 6), length(costs) = 1, mapValues(costs)[1], NULL) AS cost,
    if(length(costs) = 1, mapKeys(costs)[1], '') AS currency,
    if(delivered = 0, NULL, toFloat64(cost) / delivered) AS cost_per_delivered,
    quantilesTDigestMerge(0.5, 0.95, 0.99)(m.submit_ms) AS submit_quantiles,
    quantilesTDigestMerge(0.5, 0.95, 0.99)(m.receipt_ms) AS receipt_quantiles,
    submit_quantiles[1] AS submit_p50_ms,
    submit_quantiles[2] AS submit_p95_ms,
    submit_quantiles[3] AS submit_p99_ms,
    receipt_quantiles[1] AS receipt_p50_ms,
    receipt_quantiles[2] AS receipt_p95_ms,
    receipt_quantiles[3] AS receipt_p99_ms
FROM minutes_with_charges AS m
GROUP BY minute, provider;

-- The counts of every combination, to be summed over whatever is of interest: by country, network, account, lane.
CREATE OR REPLACE VIEW traffic_minutes AS
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
    delivered + undelivered + failed + expired + rejected + unknown AS finals,
    sum(m.segments) AS segments,
    sumMap(m.amounts) AS costs,
    multiIf(empty(costs), toDecimal128(0, 6), length(costs) = 1, mapValues(costs)[1], NULL) AS cost,
    if(length(costs) = 1, mapKeys(costs)[1], '') AS currency
FROM minutes_with_charges AS m
GROUP BY minute, provider, account, lane, country, network;
