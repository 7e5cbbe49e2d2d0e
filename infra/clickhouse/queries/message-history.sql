-- What happened to this message, in the order in which it happened; to each destination, where its id went to several.
SELECT
    at,
    destination,
    type,
    attempt,
    provider,
    state,
    error_class,
    error_code,
    reason,
    resubmitted,
    part,
    cost,
    currency,
    charged,
    provider_message_ids
FROM events
WHERE message_id = {message:UUID}
ORDER BY destination, log_partition, log_offset
