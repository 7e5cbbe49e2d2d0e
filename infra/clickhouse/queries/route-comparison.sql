-- Which route does best: what it delivers, how fast, and at what cost?
--
-- By the route and provider that had a message last. Its cost is all that the message cost, so what was spent in vain elsewhere
-- counts against the way that had to make up for it; amounts are by currency, and a way with two has two rows. Compare ways into the same
-- country: others have other prices and other phones. stated_per_delivered has the amounts of all currencies together, in the stated one.
WITH
    (SELECT stated FROM stated_rates(day = toDate({to:DateTime('UTC')} - INTERVAL 1 SECOND))) AS stated_currency,
    (SELECT factors FROM stated_rates(day = toDate({to:DateTime('UTC')} - INTERVAL 1 SECOND))) AS factors
SELECT
    route,
    provider,
    country,
    messages,
    delivered_percent,
    submit_p50_ms,
    receipt_p50_ms,
    currency,
    total_cost,
    if(delivered = 0, NULL, round(toFloat64(total_cost) / delivered, 6)) AS cost_per_delivered,
    if(mapContains(factors, currency), round(toFloat64(total_cost) * factors[currency], 6), NULL) AS stated_cost,
    stated_currency,
    if(delivered = 0 OR NOT arrayAll(c -> mapContains(factors, c), mapKeys(amounts)), NULL,
        round(arraySum((c, amount) -> toFloat64(amount) * factors[c], mapKeys(amounts), mapValues(amounts)) / delivered, 6)) AS stated_per_delivered
FROM
(
    SELECT
        route,
        provider,
        country,
        count() AS messages,
        countIf(state = 'delivered') AS delivered,
        round(100 * delivered / nullIf(countIf(final = 1), 0), 1) AS delivered_percent,
        round(quantileIf(0.5)(dateDiff('millisecond', accepted_at, first_submitted_at), isNotNull(first_submitted_at))) AS submit_p50_ms,
        round(quantileIf(0.5)(dateDiff('millisecond', submitted_at, receipt_at), isNotNull(receipt_at) AND isNotNull(submitted_at))) AS receipt_p50_ms,
        sumMap(costs) AS amounts
    FROM messages_latest
    WHERE accepted_at >= {from:DateTime('UTC')} AND accepted_at < {to:DateTime('UTC')} AND provider != ''
    GROUP BY route, provider, country
)
LEFT ARRAY JOIN mapKeys(amounts) AS currency, mapValues(amounts) AS total_cost
ORDER BY country, route, provider, currency
