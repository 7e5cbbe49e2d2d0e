-- What was told of messages that were accepted in [since, until): conversions_of_one(since = …, until = …), one row for an id. An id of several
-- destinations is left out, since nobody knows whose conversion it was. Words are told after acceptance, so earlier days are not read.
CREATE OR REPLACE VIEW conversions_of_one AS
WITH told AS
(
    SELECT c.message_id AS message_id, c.account AS account, isNotNull(min(c.converted_at)) AS converted
    FROM conversions AS c
    WHERE c.told_on >= toDate({since:DateTime('UTC')})
    GROUP BY message_id, account
)
SELECT message_id, account, converted
FROM told
WHERE (message_id, account) NOT IN
(
    SELECT s.message_id, s.account
    FROM messages_latest AS s
    WHERE s.accepted_at >= {since:DateTime('UTC')} AND s.accepted_at < {until:DateTime('UTC')} AND s.message_id IN (SELECT message_id FROM told)
    GROUP BY s.message_id, s.account
    HAVING count() > 1
);
