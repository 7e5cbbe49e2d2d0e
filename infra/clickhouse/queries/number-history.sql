-- What became of the messages to this number?
--
-- For "a customer says that nothing arrives". {to_number}: digits with country code, without the plus. A number whose messages fail at one
-- provider and not at another is often a ported one; see error_code and provider together.
SELECT
    message_id,
    accepted_at,
    account,
    lane,
    sender,
    state,
    provider,
    attempts,
    error_class,
    error_code,
    receipt_at,
    reference
FROM messages_latest
WHERE (message_id, accepted_at) IN
    (
        SELECT message_id, accepted_at
        FROM message_keys
        WHERE key = sipHash64('destination', {to_number:String})
            AND accepted_at >= {from:DateTime('UTC')} AND accepted_at < {to:DateTime('UTC')}
    )
    AND destination = {to_number:String} AND accepted_at >= {from:DateTime('UTC')} AND accepted_at < {to:DateTime('UTC')}
ORDER BY accepted_at DESC
LIMIT 100
