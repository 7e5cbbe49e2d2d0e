-- What has been saved by plain characters in place of those that the GSM alphabet lacks?
--
-- Messages whose request allowed it (transliterate) and whose text takes fewer segments so, at the price of each submission. waste-ucs2 tells whose texts could
-- still do so.
SELECT
    account,
    metadata['campaign'] AS campaign,
    currency,
    count() AS submissions,
    sum(segments_saved) AS saved_segments,
    sum(toDecimal128(price, 6) * segments_saved) AS saved_cost
FROM events
WHERE type = 'submitted' AND at >= {from:DateTime('UTC')} AND at < {to:DateTime('UTC')} AND segments_saved > 0
GROUP BY account, campaign, currency
ORDER BY saved_segments DESC, account, campaign, currency
LIMIT 100
