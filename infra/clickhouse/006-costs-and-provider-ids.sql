-- Amounts by currency in the sums by minute: a provider's currency may change, and the catalog with it. What was summed up
-- before is in the one currency beside it, which no newer row sets.
ALTER TABLE minutes ADD COLUMN IF NOT EXISTS costs SimpleAggregateFunction(sumMap, Map(String, Decimal(38, 6)))
    COMMENT 'Of the submissions, by currency' AFTER cost;

ALTER TABLE minutes_from_events MODIFY QUERY
SELECT
    toStartOfMinute(e.at) AS minute,
    e.provider AS provider,
    e.account AS account,
    e.lane AS lane,
    e.country AS country,
    e.network AS network,
    '' AS currency,
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
    sumMapIf(map(toString(e.currency), toDecimal128(e.cost, 6)), e.type = 'submitted' AND e.currency != '') AS costs,
    quantilesTDigestStateIf(0.5, 0.95, 0.99)(
        toUInt32(least(greatest(dateDiff('millisecond', e.accepted_at, ifNull(e.submitted_at, e.at)), 0), 4294967295)),
        e.type = 'submitted') AS submit_ms,
    quantilesTDigestStateIf(0.5, 0.95, 0.99)(
        toUInt32(least(greatest(dateDiff('millisecond', ifNull(e.submitted_at, e.at), ifNull(e.receipt_at, e.at)), 0), 4294967295)),
        e.type = 'final' AND isNotNull(e.submitted_at) AND isNotNull(e.receipt_at)) AS receipt_ms
FROM events AS e
GROUP BY minute, provider, account, lane, country, network;

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
FROM
(
    -- What an older row has in no currency's name is in that of its provider.
    SELECT *, cost - arraySum(mapValues(costs)) AS unnamed,
        if(unnamed = 0, costs, mapAdd(costs, map(toString(currency), unnamed))) AS amounts
    FROM minutes
) AS m
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
FROM
(
    -- What an older row has in no currency's name is in that of its provider.
    SELECT *, cost - arraySum(mapValues(costs)) AS unnamed,
        if(unnamed = 0, costs, mapAdd(costs, map(toString(currency), unnamed))) AS amounts
    FROM minutes
) AS m
GROUP BY minute, provider, account, lane, country, network;

-- The provider's ids as they are looked for: a hexadecimal number in small letters and without zeros in front, whatever its
-- notation; other ids in small letters. queries/find-by-provider-id.sql asks by it. Old rows are computed as they are read
-- until their parts have the index, which is made in the background.
ALTER TABLE events ADD COLUMN IF NOT EXISTS provider_id_keys Array(String)
    MATERIALIZED arrayMap(id -> replaceRegexpOne(lower(trimBoth(id)), '^0+([0-9a-f]+)$', '\\1'), provider_message_ids)
    COMMENT 'provider_message_ids as they are looked for' CODEC(ZSTD);

ALTER TABLE events ADD INDEX IF NOT EXISTS by_provider_id provider_id_keys TYPE bloom_filter(0.001) GRANULARITY 1;

ALTER TABLE events MATERIALIZE INDEX by_provider_id SETTINGS mutations_sync = 0;

-- 005-deliveries.sql has taken over what it held.
DROP TABLE IF EXISTS messages SETTINGS max_table_size_to_drop = 0;
