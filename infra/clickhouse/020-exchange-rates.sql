-- Exchange rates of the catalog (rates.yaml), by their day. A set has a row for each currency, and one for the base, which is worth 1 of itself.
-- Of two sets of a day the one that was applied later counts; and none of a day after that of the set which was applied last, so that a
-- roll-back takes away what it took back. analytics-sink writes the sets of sms.control, as often as it likes: the same rows are one.
CREATE TABLE IF NOT EXISTS exchange_rates
(
    date       Date COMMENT 'Day of the rates, as the catalog says it',
    applied_at DateTime64(3, 'UTC') COMMENT 'When the catalog came into effect; of files without a version, when they were written',
    currency   LowCardinality(String),
    base       LowCardinality(String) COMMENT 'The currency in which prices are compared and sums are stated',
    per_base   Decimal(18, 9) COMMENT 'Units of the currency for one of the base',
    version    UInt32 COMMENT 'Of the catalog; 0: of its files, before a version was applied'
)
ENGINE = ReplacingMergeTree
ORDER BY (date, applied_at, currency);

-- What amounts come to in the stated currency, which is the base of the set that was applied last: stated_rates(day = …), always one row. `factors`: what
-- an amount in a currency is multiplied by, of the set of that day or the last before it, or else the first after it. Without rates `stated` is empty.
CREATE OR REPLACE VIEW stated_rates AS
SELECT
    assumeNotNull((SELECT toString(argMax(base, applied_at)) FROM exchange_rates)) AS stated,
    mapFromArrays(groupArray(one.currency), groupArray(one.per_base)) AS units,
    -- None, where the set lacks the stated currency.
    mapFilter((c, factor) -> factor > 0, mapApply((c, per_base) -> (c, units[stated] / per_base), units)) AS factors
FROM
(
    SELECT toString(r.currency) AS currency, toFloat64(any(r.per_base)) AS per_base
    FROM exchange_rates AS r
    WHERE (r.date, r.applied_at) IN
        (
            SELECT date, max(applied_at)
            FROM exchange_rates
            WHERE date <= (SELECT argMax(date, applied_at) FROM exchange_rates)
            GROUP BY date
            ORDER BY date <= {day:Date} DESC, abs(dateDiff('day', date, {day:Date}))
            LIMIT 1
        )
    GROUP BY currency
) AS one;
