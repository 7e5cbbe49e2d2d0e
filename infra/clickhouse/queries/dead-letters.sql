-- What was put aside in the last day, by topic and reason, with an example of what is wrong and where it stands.
SELECT
    topic,
    reason,
    count() AS records,
    max(at) AS last,
    argMax(detail, at) AS detail,
    argMax(concat(topic, '/', toString(partition), '/', toString(offset)), at) AS place,
    argMax(message_id, at) AS message
FROM dead_letters
WHERE at > now() - INTERVAL 1 DAY
GROUP BY topic, reason
ORDER BY records DESC
