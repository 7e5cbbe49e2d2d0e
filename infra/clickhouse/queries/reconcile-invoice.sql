-- Does a provider's own invoice agree with what Sluice reckons, line by line?
--
-- The provider's CSV (id of the message at the provider, amount, currency) is sent along as the external table `invoice`: see below. {provider}: its
-- name in the catalog; {from} and {to}: its month, in UTC. Per verdict and currency: how many submissions, what was invoiced, what is owed by Sluice's events, and
-- some ids to ask about: the provider's, or the message's where the provider gave none. "not in Sluice" and "not invoiced" with the same amounts mean
-- that the file writes its ids in another notation.
WITH
    ours AS
    (
        SELECT
            concat(toString(e.message_id), '/', toString(e.attempt), '/', toString(e.log_partition), '/', toString(e.log_offset)) AS submission,
            -- Parts may share one id, whose line counts once. Without an id there can be no line: no line's id is a space.
            if(empty(e.provider_id_keys), [' '], arrayDistinct(e.provider_id_keys)) AS keys,
            if(empty(e.provider_id_keys), toString(e.message_id), e.provider_message_ids[1]) AS id,
            toString(e.currency) AS unit,
            toDecimal128(e.cost, 6) + c.owed AS owes
        FROM events AS e
        LEFT JOIN
        (
            -- Receipts come after their submission, until the deadline for them, of at most 30 days.
            SELECT d.message_id AS message_id, d.destination AS destination, d.attempt AS attempt, d.resubmitted != '' AS repeated, max(d.cost) AS owed
            FROM events AS d
            WHERE d.charged = 'delivery' AND d.type IN ('receipt', 'final') AND d.provider = {provider:String}
                AND d.at >= {from:DateTime('UTC')} AND d.at < {to:DateTime('UTC')} + INTERVAL 31 DAY
                AND d.accepted_at < {to:DateTime('UTC')}
            GROUP BY message_id, destination, attempt, repeated
        ) AS c
            ON c.message_id = e.message_id AND c.destination = e.destination AND c.attempt = e.attempt
                AND c.repeated = (e.resubmitted != '')
        WHERE e.type = 'submitted' AND e.provider = {provider:String}
            AND e.at >= {from:DateTime('UTC')} AND e.at < {to:DateTime('UTC')}
    ),
    lines AS
    (
        SELECT
            replaceRegexpOne(lower(trimBoth(i.id)), '^0+([0-9a-f]+)$', '\\1') AS line_key,
            any(i.id) AS line_id,
            true AS is_line,
            toString(i.currency) AS line_unit,
            sum(toDecimal128(i.amount, 6)) AS invoiced
        FROM invoice AS i
        GROUP BY line_key, line_unit
    ),
    by_submission AS
    (
        -- A message in several parts has several lines; lines that nobody knows stand each for themselves.
        SELECT
            if(l.is_line, l.line_unit, o.unit) AS currency,
            if(o.submission = '', l.line_id, o.id) AS example,
            o.submission != '' AS known,
            countIf(l.is_line) > 0 AS listed,
            sum(l.invoiced) AS invoiced,
            any(o.owes) AS owed
        FROM lines AS l
        FULL JOIN (SELECT *, arrayJoin(keys) AS id_key FROM ours) AS o
            ON o.id_key = l.line_key AND o.unit = l.line_unit
        GROUP BY o.submission, currency, example, known
        HAVING listed OR owed > 0
    )
SELECT
    multiIf(NOT known, 'not in Sluice', NOT listed, 'not invoiced', invoiced = owed, 'agrees', 'differs') AS verdict,
    currency,
    count() AS submissions,
    sum(b.invoiced) AS invoiced_amount,
    sum(b.owed) AS owed_amount,
    arraySort(groupArraySample(5, 1)(example)) AS some_ids
FROM by_submission AS b
GROUP BY verdict, currency
ORDER BY verdict, currency
