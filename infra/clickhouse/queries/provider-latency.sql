-- How long do messages take at each provider, over the last hour as a whole?
--
-- The median, the 95th and the 99th percentile, in milliseconds: from acceptance to submission, which is Sluice's own time and
-- what waits for the provider's rate, and from submission to the deciding receipt, which is the provider's and the phone's. Digests
-- are merged, never averages of quantiles.
SELECT
    provider,
    sum(submitted) AS submitted,
    arrayMap(ms -> round(ms), quantilesTDigestMerge(0.5, 0.95, 0.99)(submit_ms)) AS submit_p50_p95_p99_ms,
    arrayMap(ms -> round(ms), quantilesTDigestMerge(0.5, 0.95, 0.99)(receipt_ms)) AS receipt_p50_p95_p99_ms
FROM minutes
WHERE minute >= now() - INTERVAL 1 HOUR AND provider != ''
GROUP BY provider
ORDER BY provider
