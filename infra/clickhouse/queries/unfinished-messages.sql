-- Messages accepted more than an hour ago that have not ended: where they stand, and since when.
SELECT
    state,
    provider,
    lane,
    count() AS messages,
    min(accepted_at) AS oldest,
    max(updated_at) AS last_event
FROM messages_latest
WHERE accepted_at BETWEEN now() - INTERVAL 3 DAY AND now() - INTERVAL 1 HOUR AND final = 0
GROUP BY state, provider, lane
ORDER BY messages DESC
