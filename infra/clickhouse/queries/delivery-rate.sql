-- How many of each provider's messages are delivered, minute by minute, in the last hour?
--
-- delivered_percent is of the messages that ended in that minute (finals), not of those submitted in it: after a burst the
-- two are minutes apart. A provider whose finals stop while submitted goes on sends no receipts any more.
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
