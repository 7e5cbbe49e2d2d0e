-- What happened to this message, in the order in which it happened.
SELECT
    at,
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
    currency
FROM events
WHERE message_id = {message:UUID}
ORDER BY log_partition, log_offset
