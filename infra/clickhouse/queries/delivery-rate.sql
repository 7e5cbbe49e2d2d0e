-- Delivery rate, latency and throttling of each provider, minute by minute, over the last hour.
SELECT
    minute,
    provider,
    submitted,
    delivered,
    finals,
    round(100 * delivery_rate, 1) AS delivered_percent,
    throttled,
    round(submit_p95_ms) AS submit_p95_ms,
    round(receipt_p95_ms) AS receipt_p95_ms
FROM provider_minutes
WHERE minute >= now() - INTERVAL 1 HOUR AND provider != ''
ORDER BY minute, provider
