-- Why do messages fail, by provider and code, over the last day?
--
-- Two kinds of rows. outcome returned: a provider refused it and the message went on, perhaps to its good end elsewhere; any other
-- outcome is how a message ended. The codes are the provider's, or Sluice's own where it gave up. network_share: how much
-- of the row the network with the most of it has; near 100 the fault lies there and not with the provider.
SELECT
    provider,
    outcome,
    error_class,
    error_code,
    sum(failures) AS messages,
    argMax(concat(country, ' ', network), failures) AS top_network,
    round(100 * max(failures) / messages, 1) AS network_share,
    max(latest) AS last
FROM
(
    SELECT
        provider,
        if(type = 'final', toString(state), 'returned') AS outcome,
        error_class,
        error_code,
        country,
        network,
        count() AS failures,
        max(at) AS latest
    FROM events
    WHERE at >= now() - INTERVAL 1 DAY AND (type = 'returned' OR (type = 'final' AND state != 'delivered'))
    GROUP BY provider, outcome, error_class, error_code, country, network
)
GROUP BY provider, outcome, error_class, error_code
ORDER BY messages DESC, provider, outcome, error_class, error_code
LIMIT 100
