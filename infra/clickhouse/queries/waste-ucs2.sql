-- What do texts in UCS-2 cost that would be shorter in the GSM alphabet?
--
-- One character that GSM lacks, such as a typographic quote, makes the whole text UCS-2: 70 characters a segment and not 160. Texts do not stand in ClickHouse,
-- so this is reckoned by segments: extra_segments is what as many characters of GSM would not have needed, at least. A campaign with a small
-- ucs2_percent has a character that slipped in: mend its text. One with 100 is written in a script that needs UCS-2.
WITH
    (SELECT stated FROM stated_rates(day = toDate({to:DateTime('UTC')} - INTERVAL 1 SECOND))) AS stated_currency,
    (SELECT factors FROM stated_rates(day = toDate({to:DateTime('UTC')} - INTERVAL 1 SECOND))) AS factors
SELECT
    account,
    sender,
    campaign,
    messages,
    ucs2_percent,
    extra_segments,
    currency,
    extra_cost,
    if(mapContains(factors, currency), round(toFloat64(extra_cost) * factors[currency], 6), NULL) AS stated_extra_cost,
    stated_currency
FROM
(
    SELECT
        account,
        sender,
        metadata['campaign'] AS campaign,
        count() AS messages,
        round(100 * countIf(encoding = 'ucs2') / messages, 1) AS ucs2_percent,
        -- 67 characters a part in UCS-2, 160 alone and 153 a part in GSM.
        sumIf(segments - if(segments <= 2, 1, toUInt16(ceil(segments * 67 / 153))), encoding = 'ucs2') AS extra_segments,
        sumMapIf(
            mapApply((c, a) -> (c, a * (segments - if(segments <= 2, 1, toUInt16(ceil(segments * 67 / 153)))) / segments), costs),
            encoding = 'ucs2') AS amounts
    FROM messages_latest
    WHERE accepted_at >= {from:DateTime('UTC')} AND accepted_at < {to:DateTime('UTC')}
    GROUP BY account, sender, campaign
    HAVING extra_segments > 0
)
LEFT ARRAY JOIN mapKeys(amounts) AS currency, mapValues(amounts) AS extra_cost
ORDER BY extra_segments DESC, account, sender, campaign, currency
LIMIT 100
