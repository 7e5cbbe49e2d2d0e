-- What was put aside in the last day, and why?
--
-- By topic and reason, with the last one as an example: what is wrong with it, and where it stands. The record itself, with its bytes, is in
-- sms.dead-letter. The marks of replays, which stand in the table as well, are no letters and are left out.
SELECT
    topic,
    reason,
    count() AS records,
    max(at) AS last,
    argMax(detail, at) AS detail,
    argMax(concat(topic, '/', toString(partition), '/', toString(offset)), at) AS place,
    argMax(message_id, at) AS message
FROM dead_letters
WHERE at > now() - INTERVAL 1 DAY AND reason NOT IN ('replay-begun', 'replayed')
GROUP BY topic, reason
ORDER BY records DESC, topic, reason
