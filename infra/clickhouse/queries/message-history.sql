-- What happened to this message, step by step?
--
-- In the order in which it happened; to each destination, where its id went to several. cost stands on submitted, and for what is
-- charged on delivery on receipt and final, where it is what the submission owes by then.
-- verdicts stands on routed: why the other candidates of the route were not taken.
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
    verdicts,
    resubmitted,
    part,
    cost,
    currency,
    charged,
    provider_message_ids
FROM events
WHERE message_id = {message:UUID}
    -- Not in the days before it was accepted; clocks may differ.
    AND at >= (SELECT min(accepted_at) FROM message_keys WHERE key = sipHash64('message id', toString({message:UUID}))) - INTERVAL 1 DAY
ORDER BY destination, log_partition, log_offset
