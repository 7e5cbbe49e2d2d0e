-- By the name of a view ClickHouse knows again which of its blocks it has. A view that has been told another query (MODIFY QUERY) has one name
-- until ClickHouse starts again and another one from then on (seen with 26.7 and 26.9): a block that was in doubt when it stopped, and whose rows
-- this view had, was counted twice. A view that is renamed has the lasting one at once.
--
-- What is inserted while a view is renamed may miss it. So events is given nothing meanwhile: it refuses as with too many parts, and who inserts tries
-- again; however large its parts are, for ClickHouse lets large ones be many. If this file ends with an error, inserts wait until it has been applied.
ALTER TABLE events MODIFY SETTING parts_to_delay_insert = 0, parts_to_throw_insert = 1, max_avg_part_size_for_too_many_parts = 1000000000000000;

SELECT throwIf(count() > 0, 'an insert from before this migration is still under way: repeat it')
FROM system.processes WHERE query ILIKE 'INSERT INTO events%' AND current_database = currentDatabase();

-- Where an earlier run was cut off in between.
RENAME TABLE IF EXISTS minutes_from_events_named TO minutes_from_events;

RENAME TABLE IF EXISTS recipients_from_events_named TO recipients_from_events;

RENAME TABLE minutes_from_events TO minutes_from_events_named, minutes_from_events_named TO minutes_from_events;

RENAME TABLE recipients_from_events TO recipients_from_events_named, recipients_from_events_named TO recipients_from_events;

ALTER TABLE events RESET SETTING parts_to_delay_insert, parts_to_throw_insert, max_avg_part_size_for_too_many_parts;
