-- How much money went into sending a message again?
--
-- Every submission of a message but its first. why: the stated reason of a copy of what was in doubt, or another provider, after a receipt that said it
-- failed. Copies that mount up at one provider mean that it answers late or loses connections. The first submission may lie before {from}, by
-- up to the seven days for which a message may be valid: nothing is decided on later. It is looked for from when the messages that went again were accepted.
WITH
    -- Before it none of those was submitted that came into the range with a repeat. Validity may begin long after acceptance (sendAt), and no submission comes before it.
    (
        SELECT if(count() = 0, {from:DateTime('UTC')}, min(greatest(accepted_at, expires_at - INTERVAL 7 DAY)) - INTERVAL 1 HOUR)
        FROM events
        WHERE type = 'submitted' AND (attempt > 1 OR resubmitted != '') AND accepted_at < {from:DateTime('UTC')}
            AND at >= {from:DateTime('UTC')} AND at < least({to:DateTime('UTC')}, {from:DateTime('UTC')} + INTERVAL 8 DAY)
    ) AS earliest,
    (SELECT stated FROM stated_rates(day = toDate({to:DateTime('UTC')} - INTERVAL 1 SECOND))) AS stated_currency,
    (SELECT factors FROM stated_rates(day = toDate({to:DateTime('UTC')} - INTERVAL 1 SECOND))) AS factors
SELECT
    s.provider AS provider,
    if(s.resubmitted = '', 'another provider', s.resubmitted) AS why,
    s.currency AS currency,
    sum(s.submitted) AS submissions,
    sum(s.cost) AS cost,
    if(mapContains(factors, currency), round(toFloat64(cost) * factors[currency], 6), NULL) AS stated_cost,
    stated_currency
FROM
(
    -- What receipts make it owe is the greatest amount that they say. They come until the deadline for receipts, of at most 30 days.
    SELECT
        e.provider AS provider,
        anyIf(toString(e.resubmitted), e.type = 'submitted') AS resubmitted,
        e.currency AS currency,
        countIf(e.type = 'submitted') AS submitted,
        sumIf(toDecimal128(e.cost, 6), e.type = 'submitted') + maxIf(e.cost, e.type != 'submitted') AS cost
    FROM
    (
        SELECT
            at,
            type,
            message_id,
            destination,
            attempt,
            resubmitted,
            provider,
            currency,
            e.cost AS cost,
            countIf(type = 'submitted') OVER (PARTITION BY message_id, destination ORDER BY attempt, resubmitted != '', type != 'submitted', log_offset
                ROWS UNBOUNDED PRECEDING) AS place
        FROM events AS e
        WHERE at >= {from:DateTime('UTC')}
            AND (type = 'submitted' AND at < {to:DateTime('UTC')}
                OR charged = 'delivery' AND type IN ('receipt', 'final') AND accepted_at < {to:DateTime('UTC')}
                    AND at < {to:DateTime('UTC')} + INTERVAL 31 DAY)
            OR type = 'submitted' AND expires_at > {from:DateTime('UTC')} - INTERVAL 1 HOUR
                AND at < {from:DateTime('UTC')} AND at >= greatest(earliest, {from:DateTime('UTC')} - INTERVAL 8 DAY)
    ) AS e
    WHERE e.place > 1 AND e.at >= {from:DateTime('UTC')}
    GROUP BY e.message_id, e.destination, e.attempt, e.resubmitted != '', provider, currency
    HAVING submitted > 0
) AS s
GROUP BY provider, why, currency
ORDER BY stated_cost DESC, cost DESC, provider, why, currency
