-- What has been saved by plain characters in place of those that the GSM alphabet lacks?
--
-- Messages whose request allowed it (transliterate) and whose text takes fewer segments so, at the price of each submission. waste-ucs2 tells whose texts could
-- still do so.
WITH
    (SELECT stated FROM stated_rates(day = toDate({to:DateTime('UTC')} - INTERVAL 1 SECOND))) AS stated_currency,
    (SELECT factors FROM stated_rates(day = toDate({to:DateTime('UTC')} - INTERVAL 1 SECOND))) AS factors
SELECT
    account,
    metadata['campaign'] AS campaign,
    currency,
    count() AS submissions,
    sum(segments_saved) AS saved_segments,
    sum(toDecimal128(price, 6) * segments_saved) AS saved_cost,
    if(mapContains(factors, currency), round(toFloat64(saved_cost) * factors[currency], 6), NULL) AS stated_saved_cost,
    stated_currency
FROM events
WHERE type = 'submitted' AND at >= {from:DateTime('UTC')} AND at < {to:DateTime('UTC')} AND segments_saved > 0
GROUP BY account, campaign, currency
ORDER BY saved_segments DESC, account, campaign, currency
LIMIT 100
