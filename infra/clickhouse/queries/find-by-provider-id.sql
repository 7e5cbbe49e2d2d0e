-- Which message has this id at its provider? {id}: as the provider's portal or support writes it. Hexadecimal digits count in
-- either case, with zeros in front or without, and as the decimal number that they are, the other way round too: rows of
-- before ids were kept as written have that. Add `AND at >= …` where the day is known: it spares the others.
WITH
(
    WITH
        replaceRegexpOne(lower(trimBoth({id:String})), '^0+([0-9a-f]+)$', '\\1') AS given,
        match(given, '^[0-9a-f]{1,16}$') AS is_hex,
        match(given, '^[0-9]{1,20}$') AND isNotNull(toUInt64OrNull(given)) AS is_decimal
    SELECT
    [
        given,
        if(is_hex, toString(reinterpretAsUInt64(reverse(unhex(leftPad(given, 16, '0'))))), given),
        if(is_decimal, replaceRegexpOne(lower(hex(toUInt64OrZero(given))), '^0+(.)', '\\1'), given)
    ]
) AS keys
SELECT
    message_id,
    destination,
    account,
    provider,
    attempt,
    at AS submitted_at,
    provider_message_ids
FROM events
WHERE type = 'submitted' AND hasAny(provider_id_keys, keys)
ORDER BY at DESC
LIMIT 100
