-- How much money went into messages that were not delivered?
--
-- By the provider that had them last. Messages that have not ended are not counted. undelivered_percent is of the money, so it is comparable
-- between providers of different prices; those that charge on delivery show 0.
WITH
    (SELECT stated FROM stated_rates(day = toDate({to:DateTime('UTC')} - INTERVAL 1 SECOND))) AS stated_currency,
    (SELECT factors FROM stated_rates(day = toDate({to:DateTime('UTC')} - INTERVAL 1 SECOND))) AS factors
SELECT
    provider,
    country,
    currency,
    sum(amount) AS total_cost,
    sumIf(amount, state != 'delivered') AS undelivered_cost,
    countIf(state != 'delivered') AS undelivered_messages,
    if(total_cost = 0, NULL, round(100 * toFloat64(undelivered_cost) / toFloat64(total_cost), 1)) AS undelivered_percent,
    if(mapContains(factors, currency), round(toFloat64(undelivered_cost) * factors[currency], 6), NULL) AS stated_undelivered,
    stated_currency
FROM
(
    SELECT provider, country, state, costs
    FROM messages_latest
    WHERE accepted_at >= {from:DateTime('UTC')} AND accepted_at < {to:DateTime('UTC')} AND final = 1
)
ARRAY JOIN mapKeys(costs) AS currency, mapValues(costs) AS amount
GROUP BY provider, country, currency
ORDER BY undelivered_percent DESC, provider, country, currency
