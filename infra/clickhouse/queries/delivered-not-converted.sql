-- Messages of the last day that were delivered, as the provider's receipts say, and whose recipients did not do what they were for,
-- as the application says: by provider and network, with some ids to ask the provider about.
SELECT
    m.provider AS provider,
    m.country AS country,
    m.network AS network,
    m.lane AS lane,
    count() AS messages,
    arraySort(groupArraySample(5, 1)(m.message_id)) AS some_ids
FROM messages_latest AS m
INNER JOIN (SELECT * FROM conversions_latest WHERE told_at >= now() - INTERVAL 1 DAY) AS c
    ON c.message_id = m.message_id AND c.account = m.account
WHERE m.accepted_at >= now() - INTERVAL 1 DAY AND m.state = 'delivered' AND c.converted = 0
GROUP BY provider, country, network, lane
ORDER BY messages DESC
