-- Which messages, accepted more than an hour and at most 45 days ago, have not ended, and where do they stand?
--
-- By the last thing that happened to them. submitted: they wait for a receipt; postponed and returned: for a provider that can take
-- them; scheduled: for their own time, by the rule that waits_by names: scheduled (handed in for later, up to 35 days ahead), quiet-hours, or another;
-- routed: in a provider's queue. What waits for its time may rightly stand here, and so may messages with a long validity (up to seven days) or with a
-- late deadline for receipts (three days, if the catalog says no other); what stands here for longer than that is stuck.
SELECT
    if(m.state = 'postponed' AND m.error_class = '', 'scheduled', m.state) AS state,
    if(m.state = 'postponed' AND m.error_class = '', m.error_code, '') AS waits_by,
    provider,
    lane,
    count() AS messages,
    min(accepted_at) AS oldest,
    max(updated_at) AS last_event
FROM messages_latest AS m
WHERE accepted_at BETWEEN now() - INTERVAL 45 DAY AND now() - INTERVAL 1 HOUR AND final = 0
GROUP BY state, waits_by, provider, lane
ORDER BY messages DESC, state, waits_by, provider, lane
