-- What do providers refuse, throttle or leave in doubt, over the last hour?
--
-- returned: handed back for another decision, throttled among them; in_doubt: no answer came in time; resubmitted: submissions
-- that repeat what was in doubt. trouble_percent is of the routing decisions, and a message may be decided on several times.
SELECT
    provider,
    sum(t.routed) AS routed,
    sum(t.submitted) AS submitted,
    sum(t.returned) AS returned,
    sum(t.throttled) AS throttled,
    sum(t.in_doubt) AS in_doubt,
    sum(t.resubmitted) AS resubmitted,
    if(routed = 0, NULL, round(100 * (returned + in_doubt) / routed, 1)) AS trouble_percent
FROM traffic_minutes AS t
WHERE minute >= now() - INTERVAL 1 HOUR AND provider != ''
GROUP BY provider
ORDER BY trouble_percent DESC, provider
