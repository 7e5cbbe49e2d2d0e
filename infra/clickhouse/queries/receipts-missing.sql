-- Which providers owe receipts, for messages of the last day?
--
-- waiting: submitted more than 15 minutes ago and not ended; ended_unknown: no receipt came until its deadline. Phones that are off
-- make some of the first; when missing_percent is far above the same provider's other networks, ask the provider, with the oldest.
-- What is on its way to another provider by now is nobody's here.
SELECT
    provider,
    country,
    network,
    countIf(isNotNull(submitted_at)) AS submitted,
    countIf(final = 0 AND submitted_at < now() - INTERVAL 15 MINUTE) AS waiting,
    countIf(state = 'unknown') AS ended_unknown,
    round(100 * (waiting + ended_unknown) / nullIf(submitted, 0), 1) AS missing_percent,
    minIf(submitted_at, final = 0) AS oldest,
    if(isNull(oldest), NULL, argMinIf(message_id, submitted_at, final = 0)) AS oldest_message
FROM messages_latest
WHERE accepted_at >= now() - INTERVAL 1 DAY AND provider != '' AND state NOT IN ('routed', 'returned', 'rerouted', 'postponed', 'in_doubt')
GROUP BY provider, country, network
HAVING waiting + ended_unknown > 0
ORDER BY missing_percent DESC, provider, country, network
