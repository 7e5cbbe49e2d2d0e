import { isOursFromAcceptance } from "../../domain/message/tries.ts";
import type { VolumeCount } from "../../pipeline/follow/told-volume.ts";
import { providerCost } from "../../pipeline/measure/provider-cost.ts";
import { stageSeconds } from "../../pipeline/measure/stage-seconds.ts";
import type { Counter, Histogram, MetricRegistry } from "../../platform/telemetry/metric-registry.ts";
import { type HeldNetwork, heldReasons } from "./network-shares.ts";
import type { Order } from "./outcomes.ts";
import { DRAINED, troubleCause } from "./trouble-cause.ts";

/** What a sender counts for one provider. */
export interface SenderMetrics {
  /** Messages by what became of them. */
  result(label: string): Counter;
  /** Messages in doubt that were answered after all: accepted, refused. */
  late(result: string): Counter;
  readonly throttles: Counter;
  /** Segments that were given to a connection and did not leave. */
  readonly unsent: Counter;
  /** deliver_sm and data_sm by kind: receipt; unplaced (a receipt, and not known for which number); inbound; repeat. */
  delivered(kind: string): Counter;
  /** Receipts whose state is missing, or a word that is not known. */
  readonly unreadStates: Counter;
  /** What SMPP does not foresee, by kind: late, duplicate, unknown and mismatched responses, malformed PDUs, unknown commands. */
  anomaly(kind: string): Counter;
  /** From the first request to the last answer of a message, seconds. */
  readonly latency: Histogram;
  /** The provider has taken a message of so many segments. `at`: epoch ms. */
  taken(order: Order, segments: number, at: number): void;
}

export function senderMetrics(registry: MetricRegistry, provider: string): SenderMetrics {
  const results = registry.counter("sender_messages_total", {
    help: "Messages that left the sender, by provider and result",
  });
  const delivered = registry.counter("sender_delivered_total", {
    help: "deliver_sm and data_sm received, by provider and kind: receipt, unplaced, inbound, repeat",
  });
  const anomalies = registry.counter("sender_smpp_anomalies_total", {
    help: "PDUs that SMPP does not foresee, by provider and kind",
  });
  const late = registry.counter("sender_late_answers_total", {
    help: "Messages in doubt that the provider has answered after all, by provider and result",
  });
  return {
    late: kept((result) => late.with({ provider, result })),
    anomaly: kept((kind) => anomalies.with({ provider, kind })),
    result: kept((result) => results.with({ provider, result })),
    throttles: registry
      .counter("sender_throttles_total", { help: "Answers that said too fast, by provider" })
      .with({ provider }),
    unsent: registry
      .counter("sender_unsent_segments_total", {
        help: "Segments counted as sent that did not leave: the connection ended, or the partition was lost first",
      })
      .with({ provider }),
    unreadStates: registry
      .counter("sender_unread_states_total", {
        help: "Receipts without a state, or with a word for it that is not known: taken as under way, by provider",
      })
      .with({ provider }),
    delivered: kept((kind) => delivered.with({ provider, kind })),
    latency: registry
      .histogram("sender_submit_seconds", { help: "From the first request of a message to its last answer" })
      .with({ provider }),
    taken: takenMetrics(registry, provider),
  };
}

/** How long a message took to here, and what it costs where that is charged on submission. */
function takenMetrics(registry: MetricRegistry, provider: string): SenderMetrics["taken"] {
  const [queued, whole] = [stageSeconds(registry, "routed_submitted"), stageSeconds(registry, "accepted_submitted")];
  const cost = providerCost(registry);
  return ({ dispatch, since }, segments, at) => {
    const { facts, price, currency, onDelivery, tried } = dispatch;
    if (since !== undefined) queued(facts.lane, at - since);
    if (isOursFromAcceptance(tried)) whole(facts.lane, at - facts.acceptedAt);
    if (price !== null && currency !== null && !onDelivery) cost(provider, currency, price * segments);
  };
}

/** What a provider's metrics are read from when they are collected. */
export interface SenderGauges {
  readonly provider: string;
  readonly inFlight: number;
  /** Requests without an answer that it takes, by the catalog. */
  readonly window: number;
  readonly owned: number;
  readonly backlog: number;
  readonly rate: number;
  /** By the catalog. */
  readonly configuredRate: number;
  /** Messages that wait for a share or a rate of their network. */
  readonly waiting: number;
  readonly heldNetworks: readonly HeldNetwork[];
  readonly segmentsSent: number;
  /** Of the partitions owned. */
  readonly volume: VolumeCount;
  /** Of the quota of the day and of the month, 0 to 1 and more: by all senders; undefined where there is none. */
  readonly quotaUsed: { readonly day: number | undefined; readonly month: number | undefined };
  readonly circuit: string;
  readonly up: boolean;
  /** Why nothing goes out; undefined while nothing is known to be wrong. */
  readonly trouble: string | undefined;
  /** Nothing new goes to it, by the catalog. */
  readonly drained: boolean;
}

export function observeSenders(registry: MetricRegistry, read: () => readonly SenderGauges[]): void {
  const gauge = (name: string, help: string, value: (sender: SenderGauges) => number): void =>
    registry.observe(name, "gauge", help, () =>
      read().map((sender) => ({ value: value(sender), labels: { provider: sender.provider } })),
    );
  gauge("sender_in_flight", "Requests without an answer", ({ inFlight }) => inFlight);
  gauge("sender_window_requests", "Requests without an answer that the provider takes", ({ window }) => window);
  gauge("sender_partitions", "Dispatch partitions owned", ({ owned }) => owned);
  gauge("sender_backlog_messages", "Dispatches read or waiting that are not submitted", ({ backlog }) => backlog);
  gauge("sender_rate_segments", "Segments a second allowed now", ({ rate }) => rate);
  gauge(
    "sender_configured_rate_segments",
    "The same by the catalog: sender_rate_segments is less while the provider throttles",
    ({ configuredRate }) => configuredRate,
  );
  gauge(
    "sender_network_waiting_messages",
    "Messages that wait for their network: its rate, its share of the window, or its operator",
    ({ waiting }) => waiting,
  );
  // By reason, and not by network: of those there are a thousand.
  registry.observe("sender_held_networks", "gauge", "Networks that are held back alone now, by reason", () =>
    read().flatMap(({ provider, heldNetworks }) =>
      heldReasons.map((reason) => ({
        value: heldNetworks.filter((one) => one.reason === reason).length,
        labels: { provider, reason },
      })),
    ),
  );
  gauge(
    "sender_segments_today",
    "Segments that the provider has had in the calendar day of its quota's zone, or may have",
    ({ volume }) => volume.today,
  );
  gauge("sender_segments_this_month", "The same in the calendar month", ({ volume }) => volume.thisMonth);
  gauge("sender_link_up", "1 while the provider can be reached", ({ up }) => (up ? 1 : 0));
  registry.observe(
    "sender_quota_used_ratio",
    "gauge",
    "What is used up of the provider's quota, by period; 1 is all",
    () =>
      read().flatMap(({ provider, quotaUsed }) =>
        (["day", "month"] as const).flatMap((period) => {
          const value = quotaUsed[period];
          return value === undefined ? [] : [{ value, labels: { provider, period } }];
        }),
      ),
  );
  const down = "1 for a provider that nothing can be sent to now, with the kind of cause and the reason in words";
  registry.observe("sender_provider_down", "gauge", down, () =>
    read().flatMap(({ provider, trouble, drained }) => {
      if (trouble === undefined) return [];
      // Measured times would make a new series of every moment.
      const reason = trouble.replaceAll(/\d+ ms/g, "… ms");
      return [{ value: 1, labels: { provider, cause: drained ? DRAINED : troubleCause(trouble), reason } }];
    }),
  );
  registry.observe("sender_segments_total", "counter", "Segments sent", () =>
    read().map(({ provider, segmentsSent }) => ({ value: segmentsSent, labels: { provider } })),
  );
  registry.observe("sender_circuit", "gauge", "1 for the state the provider's circuit is in", () =>
    read().map(({ provider, circuit }) => ({ value: 1, labels: { provider, circuit } })),
  );
}

function kept(lookup: (label: string) => Counter): (label: string) => Counter {
  const known = new Map<string, Counter>();
  return (label) => {
    let counter = known.get(label);
    if (counter === undefined) {
      counter = lookup(label);
      known.set(label, counter);
    }
    return counter;
  };
}
