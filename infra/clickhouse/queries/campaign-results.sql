-- How did each campaign do: delivered, converted, and at what cost?
--
-- By the values of one of the labels that customers give their messages; {label} is its name, such as campaign. converted is of those messages of which the
-- application told (told); an id of several destinations, of which nobody knows who converted, counts as neither.
-- Amounts are by currency, and cost_per_converted is what one more customer cost in that currency.
WITH
    (SELECT stated FROM stated_rates(day = toDate({to:DateTime('UTC')} - INTERVAL 1 SECOND))) AS stated_currency,
    (SELECT factors FROM stated_rates(day = toDate({to:DateTime('UTC')} - INTERVAL 1 SECOND))) AS factors
SELECT
    label_value,
    account,
    messages,
    delivered,
    delivered_percent,
    told,
    converted,
    currency,
    total_cost,
    if(delivered = 0, NULL, round(toFloat64(total_cost) / delivered, 6)) AS cost_per_delivered,
    if(converted = 0, NULL, round(toFloat64(total_cost) / converted, 6)) AS cost_per_converted,
    if(mapContains(factors, currency), round(toFloat64(total_cost) * factors[currency], 6), NULL) AS stated_cost,
    stated_currency,
    if(converted = 0 OR NOT arrayAll(c -> mapContains(factors, c), mapKeys(amounts)), NULL,
        round(arraySum((c, amount) -> toFloat64(amount) * factors[c], mapKeys(amounts), mapValues(amounts)) / converted, 6)) AS stated_per_converted
FROM
(
    SELECT
        m.metadata[{label:String}] AS label_value,
        m.account AS account,
        count() AS messages,
        countIf(m.state = 'delivered') AS delivered,
        round(100 * delivered / nullIf(countIf(m.final = 1), 0), 1) AS delivered_percent,
        countIf(c.account != '') AS told,
        countIf(c.converted = 1) AS converted,
        sumMap(m.costs) AS amounts
    FROM messages_latest AS m
    LEFT JOIN conversions_of_one(since = {from:DateTime('UTC')}, until = {to:DateTime('UTC')}) AS c
        ON c.message_id = m.message_id AND c.account = m.account
    WHERE m.accepted_at >= {from:DateTime('UTC')} AND m.accepted_at < {to:DateTime('UTC')}
    GROUP BY label_value, account
    HAVING label_value != ''
)
LEFT ARRAY JOIN mapKeys(amounts) AS currency, mapValues(amounts) AS total_cost
ORDER BY messages DESC, label_value, account, currency
LIMIT 1000
