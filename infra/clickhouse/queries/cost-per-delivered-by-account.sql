-- What does a delivered message cost each account, by lane?
--
-- An account far above the others in the same lane sends to dearer countries, in longer texts, or to numbers that do not exist: invoice-by-account,
-- waste-ucs2 and waste-undelivered tell which. stated_per_delivered has the amounts of all currencies together, in the stated one.
WITH
    (SELECT stated FROM stated_rates(day = toDate({to:DateTime('UTC')} - INTERVAL 1 SECOND))) AS stated_currency,
    (SELECT factors FROM stated_rates(day = toDate({to:DateTime('UTC')} - INTERVAL 1 SECOND))) AS factors
SELECT
    account,
    lane,
    submitted,
    segments,
    delivered,
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
        account,
        lane,
        sum(t.submitted) AS submitted,
        sum(t.segments) AS segments,
        sum(t.delivered) AS delivered,
        sumMap(t.costs) AS amounts
    FROM traffic_between(from = {from:DateTime('UTC')}, to = {to:DateTime('UTC')}) AS t
    WHERE provider != ''
    GROUP BY account, lane
    HAVING submitted > 0
)
LEFT ARRAY JOIN mapKeys(amounts) AS currency, mapValues(amounts) AS total_cost
ORDER BY account, lane, currency
