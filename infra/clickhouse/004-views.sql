-- What people query. Conditions on message_id, accepted_at, minute and the other keys reach the tables below, so they prune.

-- One row per message, as of now. state is the terminal state once final = 1, and until then the furthest event:
-- routed, submitted, receipt (accepted, intermediate receipt), returned (waiting for another attempt), in_doubt, closed.
-- cost is what all its submissions cost together; finals must never be above 1.
CREATE OR REPLACE VIEW messages_latest AS
SELECT
    m.message_id AS message_id,
    m.accepted_at AS accepted_at,
    any(m.account) AS account,
    any(m.lane) AS lane,
    any(m.country) AS country,
    any(m.network) AS network,
    any(m.destination) AS destination,
    any(m.sender) AS sender,
    any(m.encoding) AS encoding,
    max(m.segments) AS segments,
    any(m.reference) AS reference,
    any(m.metadata) AS metadata,
    max(m.expires_at) AS expires_at,
    max(m.updated_at) AS updated_at,
    tupleElement(max(m.latest), 'state') AS state,
    toUInt8(sum(m.finals) > 0) AS final,
    sum(m.finals) AS finals,
    tupleElement(max(m.chosen), 'provider') AS provider,
    tupleElement(max(m.chosen), 'route') AS route,
    max(m.attempts) AS attempts,
    sum(m.submissions) AS submissions,
    max(m.resubmitted) AS resubmitted,
    sum(m.cost) AS cost,
    max(m.currency) AS currency,
    min(m.first_submitted_at) AS first_submitted_at,
    max(m.submitted_at) AS submitted_at,
    max(m.finished_at) AS finished_at,
    max(m.done_at) AS done_at,
    max(m.receipt_at) AS receipt_at,
    tupleElement(max(m.latest), 'error_class') AS error_class,
    tupleElement(max(m.latest), 'error_code') AS error_code,
    tupleElement(max(m.latest), 'reason') AS reason
FROM messages AS m
GROUP BY message_id, accepted_at;

-- Provider by minute. finals: messages that ended in this minute; delivery_rate: the share of them that was delivered.
CREATE OR REPLACE VIEW provider_minutes AS
SELECT
    m.minute AS minute,
    m.provider AS provider,
    max(m.currency) AS currency,
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
    sum(m.cost) AS cost,
    if(delivered = 0, NULL, toFloat64(cost) / delivered) AS cost_per_delivered,
    quantilesTDigestMerge(0.5, 0.95, 0.99)(m.submit_ms) AS submit_quantiles,
    quantilesTDigestMerge(0.5, 0.95, 0.99)(m.receipt_ms) AS receipt_quantiles,
    submit_quantiles[1] AS submit_p50_ms,
    submit_quantiles[2] AS submit_p95_ms,
    submit_quantiles[3] AS submit_p99_ms,
    receipt_quantiles[1] AS receipt_p50_ms,
    receipt_quantiles[2] AS receipt_p95_ms,
    receipt_quantiles[3] AS receipt_p99_ms
FROM minutes AS m
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
    max(m.currency) AS currency,
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
    sum(m.cost) AS cost
FROM minutes AS m
GROUP BY minute, provider, account, lane, country, network;
