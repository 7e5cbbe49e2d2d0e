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
INNER JOIN conversions_of_one(since = now() - INTERVAL 1 DAY, until = now() + INTERVAL 1 DAY) AS c
    ON c.message_id = m.message_id AND c.account = m.account
WHERE m.accepted_at >= now() - INTERVAL 1 DAY AND m.state = 'delivered' AND c.converted = 0
GROUP BY provider, country, network, lane
ORDER BY messages DESC, provider, country, network, lane
