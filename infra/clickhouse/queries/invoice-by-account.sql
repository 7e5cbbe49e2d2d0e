-- What has each account used, to be passed on to it?
--
-- What its messages cost at providers, repeats and failures included: the base of an invoice, not a price list. Amounts in two currencies are two rows, and
-- stated_amount has each in the stated currency, so that they can be added.
WITH
    (SELECT stated FROM stated_rates(day = toDate({to:DateTime('UTC')} - INTERVAL 1 SECOND))) AS stated_currency,
    (SELECT factors FROM stated_rates(day = toDate({to:DateTime('UTC')} - INTERVAL 1 SECOND))) AS factors
SELECT
    account,
    country,
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
        account,
        country,
        sum(t.submitted) AS submitted,
        sum(t.segments) AS segments,
        sum(t.delivered) AS delivered,
        sumMap(t.costs) AS amounts
    FROM traffic_between(from = {from:DateTime('UTC')}, to = {to:DateTime('UTC')}) AS t
    WHERE provider != ''
    GROUP BY account, country
    HAVING submitted > 0
)
LEFT ARRAY JOIN mapKeys(amounts) AS currency, mapValues(amounts) AS amount
ORDER BY account, country, currency
