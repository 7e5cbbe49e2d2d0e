-- How far do messages come, by the hour in which they were accepted?
--
-- accepted = open + the ends beside it, and every message counts once, in its own hour. open: not ended yet; in the last hours that is
-- natural, in older ones see unfinished-messages. not_submitted: of those that ended, no provider ever took them.
SELECT
    toStartOfHour(accepted_at) AS hour,
    count() AS accepted,
    countIf(submissions > 0) AS submitted,
    countIf(state = 'delivered') AS delivered,
    countIf(state IN ('undelivered', 'failed', 'expired', 'rejected')) AS failed,
    countIf(state = 'unknown') AS unknown,
    countIf(final = 0) AS open,
    countIf(final = 1 AND submissions = 0) AS not_submitted,
    if(accepted = open, NULL, round(100 * delivered / (accepted - open), 1)) AS delivered_percent
FROM messages_latest
WHERE accepted_at >= {from:DateTime('UTC')} AND accepted_at < {to:DateTime('UTC')}
GROUP BY hour
ORDER BY hour
