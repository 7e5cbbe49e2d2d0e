-- Is somebody pumping: which number ranges have far more messages than before?
--
-- The first seven digits of the numbers by account: the last hour beside the mean hour of the 23 before it. Pumping shows as one range
-- with many numbers, few messages to each, little delivered or converted, and no past. A campaign that has just begun looks alike, but is spread
-- over the ranges of its country.
SELECT
    account,
    country,
    substring(destination, 1, 7) AS prefix,
    countIf(accepted_at >= now() - INTERVAL 1 HOUR) AS messages,
    uniqIf(destination, accepted_at >= now() - INTERVAL 1 HOUR) AS numbers,
    round(countIf(accepted_at < now() - INTERVAL 1 HOUR) / 23, 2) AS an_hour_before,
    round(100 * countIf(state = 'delivered' AND accepted_at >= now() - INTERVAL 1 HOUR) / messages, 1) AS delivered_percent
FROM messages_latest
WHERE accepted_at >= now() - INTERVAL 1 DAY
GROUP BY account, country, prefix
HAVING messages >= 20 AND messages >= 5 * an_hour_before
ORDER BY messages - an_hour_before DESC, account, prefix
LIMIT 50
