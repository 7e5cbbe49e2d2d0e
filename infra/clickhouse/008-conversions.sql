-- What applications have told of their messages (sms.conversions): whether the recipient did what the message was for. Told any
-- number of times, in whatever order, it is the same: converted wins over not converted, and the earliest times stand. Whether
-- there is such a message, and whether it is this account's, a row does not say: join messages_latest on both. Query conversions_latest,
-- never this table.
CREATE TABLE IF NOT EXISTS conversions
(
    message_id   UUID,
    account      LowCardinality(String) COMMENT 'Who told it',
    told_on      Date DEFAULT toDate(told_at),
    told_at      SimpleAggregateFunction(min, DateTime64(3, 'UTC')) COMMENT 'When the broker stored it' CODEC(ZSTD),
    converted_at SimpleAggregateFunction(min, Nullable(DateTime64(3, 'UTC'))) COMMENT 'By the application''s clock; NULL: not converted' CODEC(ZSTD)
)
ENGINE = AggregatingMergeTree
PARTITION BY told_on
ORDER BY (message_id, account, told_on)
TTL told_on + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

-- One row for a message of which something was told.
CREATE OR REPLACE VIEW conversions_latest AS
SELECT
    c.message_id AS message_id,
    c.account AS account,
    min(c.told_at) AS told_at,
    min(c.converted_at) AS converted_at,
    isNotNull(converted_at) AS converted
FROM conversions AS c
GROUP BY message_id, account;
