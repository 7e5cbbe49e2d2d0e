-- What has each account used, to be passed on to it?
--
-- What its messages cost at providers, repeats and failures included: the base of an invoice, not a price list. Amounts in two currencies are two rows.
SELECT
    account,
    country,
    submitted,
    segments,
    delivered,
    currency,
    amount
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
