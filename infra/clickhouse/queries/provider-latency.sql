-- Latency of each provider over the last hour as a whole: digests are merged, never averages of quantiles.
SELECT
    provider,
    sum(submitted) AS submitted,
    arrayMap(ms -> round(ms), quantilesTDigestMerge(0.5, 0.95, 0.99)(submit_ms)) AS submit_p50_p95_p99_ms,
    arrayMap(ms -> round(ms), quantilesTDigestMerge(0.5, 0.95, 0.99)(receipt_ms)) AS receipt_p50_p95_p99_ms
FROM minutes
WHERE minute >= now() - INTERVAL 1 HOUR AND provider != ''
GROUP BY provider
ORDER BY provider
