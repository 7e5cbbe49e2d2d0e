-- An attempt whose receipt said that it failed, and after which another provider is asked (type rerouted), stands behind everything
-- else of that attempt: messages_latest says so until the next attempt begins. The rest is as in 005-deliveries.sql.
ALTER TABLE deliveries_from_events MODIFY QUERY
WITH
    toUInt32(if(e.type = 'final',
        1000000000 + transform(e.state, ['unknown', 'rejected', 'expired', 'failed', 'undelivered', 'delivered'], [1, 2, 3, 4, 5, 6], 0),
        e.attempt * 8 + transform(e.type, ['routed', 'returned', 'in_doubt', 'submitted', 'receipt', 'closed', 'rerouted'], [1, 2, 3, 4, 5, 6, 7], 0))) AS progress
SELECT
    e.message_id AS message_id,
    e.destination AS destination,
    e.accepted_at AS accepted_at,
    e.account AS account,
    e.lane AS lane,
    e.country AS country,
    e.network AS network,
    e.sender AS sender,
    e.encoding AS encoding,
    e.segments AS segments,
    e.reference AS reference,
    e.metadata AS metadata,
    e.expires_at AS expires_at,
    e.at AS updated_at,
    (progress, if(e.type = 'final', e.state, e.type), e.error_class, e.error_code, e.reason) AS latest,
    (if(e.provider = '', 0, progress), e.provider, e.route) AS chosen,
    e.attempt AS attempts,
    if(e.type = 'submitted', [(e.log_offset, toString(e.currency), e.cost)], []) AS submissions,
    if(e.type = 'final', [e.log_offset], []) AS finals,
    e.resubmitted AS resubmitted,
    e.submitted_at AS first_submitted_at,
    e.submitted_at AS submitted_at,
    if(e.type = 'final', e.at, NULL) AS finished_at,
    if(e.type = 'final', e.done_at, NULL) AS done_at,
    if(e.type = 'final', e.receipt_at, NULL) AS receipt_at
FROM events AS e;
