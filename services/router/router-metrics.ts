import type { BudgetBoard } from "../../domain/budget/budget-board.ts";
import type { Account } from "../../domain/catalog/account.ts";
import type { ConversionBoard } from "../../pipeline/follow/conversion-board.ts";
import type { DeliveryBoard } from "../../pipeline/follow/delivery-board.ts";
import { type RecordStage, stageSeconds } from "../../pipeline/measure/stage-seconds.ts";
import type { Counter, MetricRegistry } from "../../platform/telemetry/metric-registry.ts";
import { GUARD_ACTIONS, GUARD_CODES } from "./rules/guard-rule.ts";

/** The classes of a try (schemas/attempt.avsc); what else a record may say is counted as `other`. */
const RETRY_CLASSES: ReadonlySet<string> = new Set([
  "transient",
  "throttled",
  "refused",
  "permanent",
  "unroutable",
  "unsubmitted",
  "unknown",
  "undelivered",
  "missing",
  "opted-out",
  "quiet-hours",
  "consent-unknown",
  "held",
]);

/** What the router counts. */
export interface RouterMetrics {
  routed(provider: string, reason: string): Counter;
  overflowed(provider: string, lane: string): Counter;
  closed(state: string): Counter;
  delayed(tier: string): Counter;
  deadLetters(reason: string): Counter;
  /** Messages that come back, by the class of what became of the last try. */
  retries(errorClass: string): Counter;
  /** From acceptance to the first decision for a provider. */
  readonly acceptedToRouted: RecordStage;
  readonly duplicates: Counter;
  readonly woken: Counter;
  readonly carried: Counter;
  readonly repeated: Counter;
  readonly rekeyed: Counter;
  readonly unreadableHealth: Counter;
  readonly unreadableQuality: Counter;
  readonly unreadableUsage: Counter;
  /** By code, and by what was done. */
  guarded(code: string, action: string): Counter;
  readonly unreadableBudgets: Counter;
  readonly unreadableScheduled: Counter;
}

export function routerMetrics(registry: MetricRegistry): RouterMetrics {
  const routed = registry.counter("router_routed_total", {
    help: "Messages given to a provider, by provider and reason",
  });
  const overflowed = registry.counter("router_overflowed_total", {
    help: "Messages put behind those of others, since their account is above its share, by provider and lane",
  });
  const closed = registry.counter("router_closed_total", { help: "Messages given up, by the state they end in" });
  const delayed = registry.counter("router_delayed_total", {
    help: "Messages that found no provider and wait, by retry tier, or for their time: scheduled",
  });
  const dead = registry.counter("router_dead_letters_total", { help: "Dead letters written, by reason" });
  const retries = registry.counter("router_retries_total", {
    help: "Messages that came back to be routed again, by the class of what became of the last try",
  });
  const guarded = registry.counter("router_guarded_total", {
    help: "Messages that an account's guard or content rules have something against, by which of them, by code and by what was done",
  });
  // Of a series that is not there before it counts, increase() misses all that it begins with: the first burst would raise no alert.
  for (const code of GUARD_CODES) for (const action of GUARD_ACTIONS) guarded.with({ kind: "guard", code, action });
  const retry = byLabels((errorClass) => retries.with({ error_class: errorClass }));
  return {
    retries: (errorClass) => retry(RETRY_CLASSES.has(errorClass) ? errorClass : "other"),
    acceptedToRouted: stageSeconds(registry, "accepted_routed"),
    routed: byLabels((provider, reason) => routed.with({ provider, reason })),
    overflowed: byLabels((provider, lane) => overflowed.with({ provider, lane })),
    closed: byLabels((state) => closed.with({ state })),
    delayed: byLabels((tier) => delayed.with({ tier })),
    deadLetters: byLabels((reason) => dead.with({ reason })),
    guarded: byLabels((code, action) =>
      guarded.with({ kind: code.startsWith("guard-") ? "guard" : "content", code, action }),
    ),
    duplicates: registry
      .counter("router_duplicates_total", { help: "Requests and retries seen before, dropped" })
      .with(),
    woken: registry
      .counter("router_woken_total", {
        help: "Messages that waited for a provider and went before their time, since it was back",
      })
      .with(),
    carried: registry
      .counter("router_carried_total", {
        help: "Waits that went on in another retry tier, since they were longer than theirs",
      })
      .with(),
    repeated: registry
      .counter("router_repeated_total", { help: "Decisions of an earlier owner carried out again" })
      .with(),
    rekeyed: registry
      .counter("router_rekeyed_total", { help: "Requests moved to their destination's partition" })
      .with(),
    unreadableHealth: registry
      .counter("router_unreadable_health_total", { help: "Records of sms.health that say nothing of a known provider" })
      .with(),
    unreadableQuality: registry
      .counter("router_unreadable_quality_total", { help: "Records of sms.quality that cannot be used" })
      .with(),
    unreadableUsage: registry
      .counter("router_unreadable_usage_total", { help: "Records of sms.usage that cannot be used" })
      .with(),
    unreadableBudgets: registry
      .counter("router_unreadable_budgets_total", { help: "Records of sms.budgets that cannot be used" })
      .with(),
    unreadableScheduled: registry
      .counter("router_unreadable_scheduled_total", { help: "Records of sms.scheduled that cannot be used" })
      .with(),
  };
}

/** Looks a series up once and keeps it: the lookup by labels is too dear for the message path. */
function byLabels(lookup: (a: string, b: string) => Counter): (a: string, b?: string) => Counter {
  const known = new Map<string, Counter>();
  return (a, b = "") => {
    const key = `${a}/${b}`;
    let counter = known.get(key);
    if (counter === undefined) {
      counter = lookup(a, b);
      known.set(key, counter);
    }
    return counter;
  };
}

/** Shows what is known of the conversions of the providers' ways. */
export function observeConversions(
  registry: MetricRegistry,
  board: Pick<ConversionBoard, "size" | "suspectCount">,
): void {
  registry.observe(
    "router_conversion_cells",
    "gauge",
    "Ways of providers into networks, by lane, of which applications have told conversions",
    () => board.size,
  );
  registry.observe(
    "router_conversion_suspects",
    "gauge",
    "Of these, those whose receipts say that they deliver, and far fewer of whose messages convert than of the others'",
    () => board.suspectCount,
  );
}

/** Shows what is known of the providers' deliveries. */
export function observeDelivery(registry: MetricRegistry, board: Pick<DeliveryBoard, "size" | "leftCount">): void {
  registry.observe(
    "router_delivery_cells",
    "gauge",
    "Ways of providers into networks, by lane, whose delivery is estimated",
    () => board.size,
  );
  registry.observe(
    "router_delivery_left",
    "gauge",
    "Of these, those that routes by delivery have left since their receipts collapsed, or bring back",
    () => board.leftCount,
  );
}

/** Accounts whose budgets are shown, those that have used most. */
const MOST_BUDGETS = 200;

/** Shows how much of the accounts' budgets is used, over all routers. `now`: epoch ms. */
export function observeBudgets(
  registry: MetricRegistry,
  board: Pick<BudgetBoard, "sums">,
  accounts: () => readonly Account[],
  now: () => number,
): void {
  const ratios = () =>
    accounts().flatMap(({ id, budget }) => {
      if (budget === undefined) return [];
      const { spent } = board.sums(id, budget.currency, now());
      const bounds = [["day", budget.daily] as const, ["month", budget.monthly] as const];
      return bounds.flatMap(([period, bound]) =>
        bound === undefined
          ? []
          : [{ value: bound === 0 ? 1 : spent[period] / bound, labels: { account: id, period } }],
      );
    });
  registry.observe(
    "router_budget_used_ratio",
    "gauge",
    `Part of an account's budget that is used; of more than ${MOST_BUDGETS}, those of which most is`,
    () =>
      ratios()
        .sort((a, b) => b.value - a.value)
        .slice(0, MOST_BUDGETS),
  );
}
