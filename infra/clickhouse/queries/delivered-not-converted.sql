-- Which delivered messages did nothing, over the last day, to ask their provider about?
--
-- Delivered, as the receipts say, and the application says that their recipients did not do what they were for: by provider and network, with some
-- ids. Ids of several destinations are left out: not converted was said of none of them alone.
SELECT
    m.provider AS provider,
    m.country AS country,
    m.network AS network,
    m.lane AS lane,
    count() AS messages,
    arraySort(groupArraySample(5, 1)(m.message_id)) AS some_ids
FROM messages_latest AS m
INNER JOIN
(
    SELECT * FROM conversions_latest
    WHERE told_at >= now() - INTERVAL 1 DAY AND (message_id, account) NOT IN
    (
        SELECT s.message_id, s.account FROM messages_latest AS s
        WHERE s.accepted_at >= now() - INTERVAL 1 DAY AND s.message_id IN (SELECT message_id FROM conversions_latest WHERE told_at >= now() - INTERVAL 1 DAY)
        GROUP BY s.message_id, s.account
        HAVING count() > 1
    )
) AS c
    ON c.message_id = m.message_id AND c.account = m.account
WHERE m.accepted_at >= now() - INTERVAL 1 DAY AND m.state = 'delivered' AND c.converted = 0
GROUP BY provider, country, network, lane
ORDER BY messages DESC, provider, country, network, lane
