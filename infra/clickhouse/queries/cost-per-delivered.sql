-- What does a delivered message cost, by country, network and provider, over the last day?
--
-- Submissions that failed count too, unless the provider charges on delivery: that is the price that matters when two providers are compared.
-- Amounts are by currency. NULL: nothing was delivered for the money. stated_per_delivered has all amounts of a way together, in the stated currency at
-- today's rates: ways are compared by that.
WITH
    (SELECT stated FROM stated_rates(day = toDate(now('UTC')))) AS stated_currency,
    (SELECT factors FROM stated_rates(day = toDate(now('UTC')))) AS factors
SELECT
    country,
    network,
    provider,
    submitted,
    delivered,
    total_cost,
    currency,
    if(delivered = 0, NULL, round(toFloat64(total_cost) / delivered, 6)) AS cost_per_delivered,
    if(mapContains(factors, currency), round(toFloat64(total_cost) * factors[currency], 6), NULL) AS stated_cost,
    stated_currency,
    if(delivered = 0 OR NOT arrayAll(c -> mapContains(factors, c), mapKeys(costs)), NULL,
        round(arraySum((c, amount) -> toFloat64(amount) * factors[c], mapKeys(costs), mapValues(costs)) / delivered, 6)) AS stated_per_delivered
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
ORDER BY country, network, stated_per_delivered, cost_per_delivered, provider, currency
