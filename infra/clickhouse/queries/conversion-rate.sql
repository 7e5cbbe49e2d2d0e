-- Do messages arrive that receipts call delivered: what share converts, by provider and network, over the last day?
--
-- delivered_percent is what receipts say, converted_percent is of those messages of which an application told. Messages of which nothing was
-- told count as neither, and so do those of one id to several destinations: an application tells of an id, which does not say whose conversion it was. A way whose
-- delivered_percent is like the others' and whose converted_percent is far below them may send receipts for messages that never arrived.
SELECT
    m.provider AS provider,
    m.country AS country,
    m.network AS network,
    m.lane AS lane,
    count() AS messages,
    round(100 * countIf(m.state = 'delivered') / messages, 1) AS delivered_percent,
    countIf(c.account != '') AS told,
    countIf(c.converted = 1) AS converted,
    if(told = 0, NULL, round(100 * converted / told, 1)) AS converted_percent
FROM messages_latest AS m
LEFT JOIN conversions_of_one(since = now() - INTERVAL 1 DAY, until = now() + INTERVAL 1 DAY) AS c
    ON c.message_id = m.message_id AND c.account = m.account
WHERE m.accepted_at >= now() - INTERVAL 1 DAY AND m.provider != ''
GROUP BY provider, country, network, lane
ORDER BY provider, country, network, lane
