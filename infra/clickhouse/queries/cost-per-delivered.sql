-- What a delivered message costs, by country, network and provider, over the last day. Submissions that failed count too.
SELECT
    country,
    network,
    provider,
    sum(submitted) AS submitted,
    sum(delivered) AS delivered,
    sum(cost) AS total_cost,
    max(currency) AS currency,
    if(delivered = 0, NULL, round(toFloat64(total_cost) / delivered, 6)) AS cost_per_delivered
FROM traffic_minutes
WHERE minute >= now() - INTERVAL 1 DAY AND provider != ''
GROUP BY country, network, provider
HAVING submitted > 0
ORDER BY country, network, cost_per_delivered
