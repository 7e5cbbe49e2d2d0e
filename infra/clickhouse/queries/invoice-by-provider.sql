-- What should each provider's invoice say?
--
-- By the minute of the submission, which is what most providers invoice by; {from} and {to} are in UTC, so give the provider's own month when
-- it reckons in another zone. What is charged on delivery is in the sums with what its receipts have said so far. reconcile-invoice
-- compares line by line. stated_amount is the amount in the stated currency.
WITH
    (SELECT stated FROM stated_rates(day = toDate({to:DateTime('UTC')} - INTERVAL 1 SECOND))) AS stated_currency,
    (SELECT factors FROM stated_rates(day = toDate({to:DateTime('UTC')} - INTERVAL 1 SECOND))) AS factors
SELECT
    provider,
    country,
    network,
    submitted,
    segments,
    delivered,
    currency,
    amount,
    if(mapContains(factors, currency), round(toFloat64(amount) * factors[currency], 6), NULL) AS stated_amount,
    stated_currency
FROM
(
    SELECT
        provider,
        country,
        network,
        sum(t.submitted) AS submitted,
        sum(t.segments) AS segments,
        sum(t.delivered) AS delivered,
        sumMap(t.costs) AS amounts
    FROM traffic_between(from = {from:DateTime('UTC')}, to = {to:DateTime('UTC')}) AS t
    WHERE provider != ''
    GROUP BY provider, country, network
    HAVING submitted > 0
)
LEFT ARRAY JOIN mapKeys(amounts) AS currency, mapValues(amounts) AS amount
ORDER BY provider, country, network, currency
