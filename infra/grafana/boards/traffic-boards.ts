import { type Board, curves, number, quantiles, table } from "../panel.ts";

const RATE = "[$__rate_interval]";

export const OVERVIEW: Board = {
  uid: "sluice-overview",
  title: "Sluice: overview",
  rows: [
    {
      title: "Now",
      panels: [
        number("Providers down", "short", "count(max by (provider) (sender_provider_down)) or vector(0)"),
        number(
          "Delivered of what ended, last hour",
          "percentunit",
          'sum(increase(correlator_outcomes_total{outcome="delivered"}[1h])) / sum(increase(correlator_outcomes_total[1h]))',
        ),
        number(
          "Alerts that fire",
          "short",
          'count(ALERTS{alertstate="firing"}) or vector(0)',
          "docs/runbook.md has an entry for each",
        ),
      ],
    },
    {
      title: "Messages a second",
      panels: [
        curves("Accepted over HTTP", "cps", [
          { text: `sum by (lane) (rate(ingest_messages_total{outcome="accepted"}${RATE}))`, legend: "{{lane}}" },
        ]),
        curves("Submitted", "cps", [
          { text: `sum by (provider) (rate(sender_messages_total{result="accepted"}${RATE}))`, legend: "{{provider}}" },
        ]),
        curves("Ended", "cps", [
          { text: `sum by (state) (rate(correlator_finals_total${RATE}))`, legend: "{{state}}" },
        ]),
      ],
    },
    {
      title: "From acceptance to submission, by lane",
      panels: ["otp", "transactional", "marketing"].map((lane) =>
        curves(lane, "s", quantiles("message_stage_seconds", `stage="accepted_submitted", lane="${lane}"`)),
      ),
    },
    {
      title: "Money",
      panels: [
        curves(
          "Cost an hour",
          "short",
          [
            {
              text: "sum by (provider, currency) (rate(provider_cost_total[5m])) * 3600",
              legend: "{{provider}} {{currency}}",
            },
          ],
          "Currencies are never added",
        ),
        curves("Cost per delivered", "short", [
          {
            text: 'sum by (provider, currency) (increase(provider_cost_total[1h])) / on (provider) group_left () sum by (provider) (increase(correlator_outcomes_total{outcome="delivered"}[1h]))',
            legend: "{{provider}} {{currency}}",
          },
        ]),
      ],
    },
  ],
};

const OF = 'provider=~"$provider"';

export const PROVIDER: Board = {
  uid: "sluice-provider",
  title: "Sluice: provider",
  variable: { name: "provider", metric: "sender_link_up" },
  rows: [
    {
      title: "Is it there",
      panels: [
        curves("Circuit", "short", [
          { text: `sum by (provider, circuit) (sender_circuit{${OF}})`, legend: "{{provider}} {{circuit}}" },
        ]),
        curves("Why nothing goes", "short", [
          {
            text: `max by (provider, cause) (sender_provider_down{${OF}})`,
            legend: "{{provider}} {{cause}}",
            empty: "while no provider is down",
          },
        ]),
        curves("Results a second", "cps", [
          {
            text: `sum by (provider, result) (rate(sender_messages_total{${OF}}${RATE}))`,
            legend: "{{provider}} {{result}}",
          },
        ]),
      ],
    },
    {
      title: "How much of it is used",
      panels: [
        curves("Segments a second, and what is allowed", "cps", [
          { text: `sum by (provider) (rate(sender_segments_total{${OF}}${RATE}))`, legend: "{{provider}} sent" },
          { text: `sum by (provider) (sender_rate_segments{${OF}})`, legend: "{{provider}} effective" },
          { text: `sum by (provider) (sender_configured_rate_segments{${OF}})`, legend: "{{provider}} configured" },
        ]),
        curves("Window used", "percentunit", [
          {
            // Each sender has a window of its own, and a provider with partitions several senders: the fullest one counts.
            text: `max by (provider) (sender_in_flight{${OF}} / sender_window_requests{${OF}})`,
            legend: "{{provider}}",
          },
        ]),
        curves("Quota used", "percentunit", [
          {
            text: `max by (provider, period) (sender_quota_used_ratio{${OF}})`,
            legend: "{{provider}} {{period}}",
            empty: "while no provider has a quota",
          },
        ]),
        curves("Waiting", "short", [
          { text: `sum by (provider) (sender_backlog_messages{${OF}})`, legend: "{{provider}}" },
        ]),
        curves("Throttling answers a second", "cps", [
          {
            text: `sum by (provider) (rate(sender_throttles_total{${OF}}${RATE}))`,
            legend: "{{provider}}",
            empty: "while no provider has throttled",
          },
        ]),
        curves("Answers take", "s", quantiles("sender_submit_seconds", OF)),
      ],
    },
    {
      title: "What becomes of it",
      panels: [
        curves("Delivered, by network", "percentunit", [
          {
            text: `sum by (provider, network) (increase(correlator_outcomes_total{${OF}, outcome="delivered"}[30m])) / sum by (provider, network) (increase(correlator_outcomes_total{${OF}}[30m]))`,
            legend: "{{provider}} {{network}}",
          },
        ]),
        curves("Receipts take", "s", quantiles("correlator_receipt_seconds", OF)),
        curves("Cost an hour", "short", [
          {
            text: `sum by (provider, currency) (rate(provider_cost_total{${OF}}[5m])) * 3600`,
            legend: "{{provider}} {{currency}}",
          },
        ]),
      ],
    },
  ],
};

export const ROUTE: Board = {
  uid: "sluice-route",
  title: "Sluice: routes",
  rows: [
    {
      title: "Decisions",
      panels: [
        curves("Routed a second, by reason", "cps", [
          { text: `sum by (provider, reason) (rate(router_routed_total${RATE}))`, legend: "{{provider}} {{reason}}" },
        ]),
        curves("Back to be routed again", "cps", [
          {
            text: `sum by (error_class) (rate(router_retries_total${RATE}))`,
            legend: "{{error_class}}",
            empty: "while no message has come back",
          },
        ]),
        curves("No provider", "cps", [
          {
            text: `sum by (tier) (rate(router_delayed_total${RATE}))`,
            legend: "waits {{tier}}",
            empty: "while every message has found a provider",
          },
          {
            text: `sum by (state) (rate(router_closed_total${RATE}))`,
            legend: "{{state}}",
            empty: "while every message has found a provider",
          },
        ]),
      ],
    },
    {
      title: "What routes have delivered",
      panels: [
        table(
          "By route and provider",
          "SELECT route, provider, count() AS messages, countIf(state = 'delivered') AS delivered, round(100 * delivered / countIf(final = 1), 1) AS delivered_percent\nFROM messages_latest\nWHERE $__timeFilter(accepted_at) AND route != ''\nGROUP BY route, provider\nORDER BY messages DESC\nLIMIT 200",
        ),
      ],
    },
  ],
};

export const ACCOUNT: Board = {
  uid: "sluice-account",
  title: "Sluice: accounts",
  rows: [
    {
      title: "Accounts in the time shown",
      panels: [
        table(
          "Traffic and deliveries",
          "SELECT t.account AS account, t.lane AS lane, sum(t.submitted) AS submitted, sum(t.delivered) AS delivered, sum(t.segments) AS segments, round(100 * sum(t.delivered) / sum(t.finals), 1) AS delivered_percent\nFROM traffic_minutes AS t\nWHERE $__timeFilter(minute)\nGROUP BY account, lane\nORDER BY submitted DESC\nLIMIT 200",
        ),
        table(
          "Cost by currency",
          "SELECT t.account AS account, cost.1 AS currency, sum(cost.2) AS amount\nFROM traffic_minutes AS t\nARRAY JOIN CAST(t.costs, 'Array(Tuple(String, Decimal(38, 6)))') AS cost\nWHERE $__timeFilter(minute)\nGROUP BY account, currency\nORDER BY amount DESC\nLIMIT 200",
          "Currencies are never added",
        ),
      ],
    },
    {
      title: "At the door",
      panels: [
        curves("Messages by what became of them", "cps", [
          { text: `sum by (lane, outcome) (rate(ingest_messages_total${RATE}))`, legend: "{{lane}} {{outcome}}" },
        ]),
        curves("Put behind others, above the account's share", "cps", [
          {
            text: `sum by (provider, lane) (rate(router_overflowed_total${RATE}))`,
            legend: "{{provider}} {{lane}}",
            empty: "while no account has been above its share",
          },
        ]),
      ],
    },
  ],
};
