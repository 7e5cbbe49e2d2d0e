-- Which message has this id: ours, the customer's reference, or the provider's id?
--
-- {id}: whatever somebody holds. A provider's id is taken as its portal or support writes it: hexadecimal digits count in either case, with zeros in
-- front or without, and as the decimal number that they are, the other way round too. found_by says which kind it is; an
-- id may be several, and a reference may stand for many messages, of which the newest hundred are shown.
WITH
    toUUIDOrNull(trimBoth({id:String})) AS as_uuid,
    replaceRegexpOne(lower(trimBoth({id:String})), '^0+([0-9a-f]+)$', '\\1') AS given,
    [
        given,
        if(match(given, '^[0-9a-f]{1,16}$'), toString(reinterpretAsUInt64(reverse(unhex(leftPad(given, 16, '0'))))), given),
        if(match(given, '^[0-9]{1,20}$') AND isNotNull(toUInt64OrNull(given)),
            replaceRegexpOne(lower(hex(toUInt64OrZero(given))), '^0+(.)', '\\1'), given)
    ] AS provider_keys,
    (
        SELECT groupArray((found_by, message_id, ids))
        FROM
        (
            SELECT 'message id' AS found_by, assumeNotNull(as_uuid) AS message_id, CAST([], 'Array(String)') AS ids
            WHERE isNotNull(as_uuid)
            UNION ALL
            SELECT 'reference', message_id, []
            FROM message_keys
            WHERE key = sipHash64('reference', trimBoth({id:String})) AND trimBoth({id:String}) != ''
            ORDER BY accepted_at DESC
            LIMIT 1 BY message_id
            LIMIT 100
            UNION ALL
            SELECT 'provider id', message_id, provider_message_ids
            FROM events
            WHERE type = 'submitted' AND hasAny(provider_id_keys, provider_keys)
                AND (toStartOfHour(at), message_id) IN
                (
                    SELECT toStartOfHour(at), message_id
                    FROM message_keys
                    WHERE key IN (SELECT sipHash64('provider id', arrayJoin(provider_keys)))
                    ORDER BY accepted_at DESC
                    LIMIT 1000
                )
            ORDER BY at DESC
            LIMIT 1 BY message_id
            LIMIT 100
        )
    ) AS found
SELECT
    f.1 AS found_by,
    message_id,
    accepted_at,
    account,
    destination,
    state,
    provider,
    reference,
    f.3 AS provider_message_ids
FROM messages_latest
ARRAY JOIN arrayFilter(one -> one.2 = message_id AND (one.1 != 'reference' OR reference = trimBoth({id:String})), found) AS f
WHERE (message_id, accepted_at) IN
    (
        SELECT message_id, accepted_at
        FROM message_keys
        WHERE key IN (SELECT sipHash64('message id', toString(arrayJoin(found.2))))
    )
ORDER BY accepted_at DESC, found_by, destination
LIMIT 100
