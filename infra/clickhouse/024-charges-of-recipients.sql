-- 023-owed-by-recipients.sql has taken over what it held. An insert that is still writing into it would fail, and be repeated: it is waited for.
SELECT sleepEachRow(1) FROM numbers(3) WHERE (SELECT count() FROM events) > 0;

DROP TABLE IF EXISTS delivery_charges SETTINGS max_table_size_to_drop = 0;

-- One row for each submission that was charged on delivery, and delivered at least in part. minute is the submission's. Ask for accepted_at, and it reads these
-- days alone.
CREATE OR REPLACE VIEW delivery_charges AS
SELECT
    r.message_id AS message_id,
    r.destination AS destination,
    r.accepted_at AS accepted_at,
    toUInt16(splitByChar(' ', way, 5)[2]) AS attempt,
    toBool(splitByChar(' ', way, 5)[3] = '1') AS repeated,
    toDateTime(toUInt32(splitByChar(' ', way, 5)[4]), 'UTC') AS minute,
    splitByChar(' ', way, 5)[5] AS provider,
    r.account AS account,
    r.lane AS lane,
    r.country AS country,
    r.network AS network,
    splitByChar(' ', way, 5)[1] AS currency,
    amount AS cost
FROM recipients AS r FINAL
ARRAY JOIN mapKeys(r.owed) AS way, mapValues(r.owed) AS amount;
