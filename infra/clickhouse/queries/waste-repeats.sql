-- How much money went into sending a message again?
--
-- Every submission of a message but its first. why: the stated reason of a copy of what was in doubt, or another provider, after a receipt that said it
-- failed. Copies that mount up at one provider mean that it answers late or loses connections.
WITH
    (SELECT stated FROM stated_rates(day = toDate({to:DateTime('UTC')}))) AS stated_currency,
    (SELECT factors FROM stated_rates(day = toDate({to:DateTime('UTC')}))) AS factors
SELECT
    s.provider AS provider,
    if(s.resubmitted = '', 'another provider', s.resubmitted) AS why,
    s.currency AS currency,
    count() AS submissions,
    sum(toDecimal128(s.cost, 6) + c.owed) AS cost,
    if(mapContains(factors, currency), round(toFloat64(cost) * factors[currency], 6), NULL) AS stated_cost,
    stated_currency
FROM
(
    SELECT
        message_id,
        destination,
        attempt,
        toString(resubmitted) AS resubmitted,
        resubmitted != '' AS repeated,
        provider,
        currency,
        cost,
        row_number() OVER (PARTITION BY message_id, destination ORDER BY log_offset) AS place
    FROM events
    WHERE type = 'submitted' AND at >= {from:DateTime('UTC')} AND at < {to:DateTime('UTC')}
) AS s
LEFT JOIN
(
    SELECT message_id, destination, attempt, repeated, max(d.cost) AS owed
    FROM delivery_charges AS d
    WHERE minute >= {from:DateTime('UTC')} - INTERVAL 1 HOUR AND minute < {to:DateTime('UTC')}
    GROUP BY message_id, destination, attempt, repeated
) AS c
    ON c.message_id = s.message_id AND c.destination = s.destination AND c.attempt = s.attempt AND c.repeated = s.repeated
WHERE s.place > 1
GROUP BY provider, why, currency
ORDER BY stated_cost DESC, cost DESC, provider, why, currency
