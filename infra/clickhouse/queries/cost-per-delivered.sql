-- What does a delivered message cost, by country, network and provider, over the last day?
--
-- Submissions that failed count too, unless the provider charges on delivery: that is the price that matters when two providers are compared.
-- Amounts are by currency. NULL: nothing was delivered for the money.
SELECT
    country,
    network,
    provider,
    submitted,
    delivered,
    total_cost,
    currency,
    if(delivered = 0, NULL, round(toFloat64(total_cost) / delivered, 6)) AS cost_per_delivered
FROM
(
    SELECT
        country,
        network,
        provider,
        sum(submitted) AS submitted,
        sum(delivered) AS delivered,
        sumMap(costs) AS costs
    FROM traffic_between(from = now() - INTERVAL 1 DAY, to = now() + INTERVAL 1 DAY)
    WHERE provider != ''
    GROUP BY country, network, provider
    HAVING submitted > 0
)
LEFT ARRAY JOIN mapKeys(costs) AS currency, mapValues(costs) AS total_cost
ORDER BY country, network, cost_per_delivered, provider, currency
