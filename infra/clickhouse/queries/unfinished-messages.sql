-- Which messages, accepted more than an hour ago, have not ended, and where do they stand?
--
-- By the last thing that happened to them. submitted: they wait for a receipt; postponed and returned: for a provider that can take
-- them; routed: in a provider's queue. Messages with a long validity may rightly stand here.
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
ORDER BY messages DESC, state, provider, lane
