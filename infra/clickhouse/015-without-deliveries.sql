-- 014-recipients.sql has taken over what it held. An insert that is still writing into it would fail, and be repeated: it is waited for.
SELECT sleepEachRow(1) FROM numbers(3) WHERE (SELECT count() FROM events) > 0;

DROP TABLE IF EXISTS deliveries SETTINGS max_table_size_to_drop = 0;
