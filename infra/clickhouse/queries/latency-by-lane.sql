-- Does each lane keep its time, at each provider, over the last hour?
--
-- As provider-latency, by lane: otp goes before marketing, so when a provider is full its marketing waits and its otp does not.
-- When otp waits as well, the provider is too slow for otp alone.
SELECT
    lane,
    provider,
    sum(submitted) AS submitted,
    arrayMap(ms -> round(ms), quantilesTDigestMerge(0.5, 0.95, 0.99)(submit_ms)) AS submit_p50_p95_p99_ms,
    arrayMap(ms -> round(ms), quantilesTDigestMerge(0.5, 0.95, 0.99)(receipt_ms)) AS receipt_p50_p95_p99_ms
FROM minutes
WHERE minute >= now() - INTERVAL 1 HOUR AND provider != ''
GROUP BY lane, provider
ORDER BY lane, provider
