import { evaluateRule, type Group } from "./evaluate.ts";
import { type AlertRule, reachOf, selectorsOf } from "./expression.ts";
import { keyOf, type Sample, SampleStore } from "./sample-store.ts";

export interface Alert {
  /** The same for as long as the alert is the same. */
  readonly key: string;
  readonly name: string;
  readonly severity: AlertRule["severity"];
  /** The rule's and the group's. */
  readonly labels: Readonly<Record<string, string>>;
  readonly state: "pending" | "firing" | "resolved";
  /** Epoch ms. */
  readonly activeSince: number;
  readonly firingSince: number | undefined;
  readonly resolvedAt: number | undefined;
  readonly value: number;
  /** The rule's sentence, with labels and value. */
  readonly summary: string;
}

export interface EvaluatorLimits {
  /** Series kept for the rules. Default 20,000. */
  readonly series?: number;
  /** Alerts kept, those that are over included. Default 1,000. */
  readonly alerts?: number;
}

/** An alert that is over is shown for so long, ms: as long as Prometheus tells of it. */
const RESOLVED_MS = 15 * 60_000;
const SWEEP_MS = 60_000;

/**
 * Evaluates alert rules without Prometheus: samples in, states of alerts out. Pure: time is passed in (epoch ms, growing). What is
 * evaluated is what Prometheus would evaluate on the same samples; after a restart nothing is known, and rules that look back for a
 * day say nothing until there is something to look at.
 */
export class AlertEvaluator {
  readonly store: SampleStore;
  /** Alerts that were left out since there were too many. */
  leftOut = 0;
  private readonly rules: readonly AlertRule[];
  private readonly maxAlerts: number;
  private readonly alerts = new Map<string, Alert>();
  private sweptAt = 0;

  constructor(rules: readonly AlertRule[], { series, alerts = 1_000 }: EvaluatorLimits = {}) {
    this.rules = rules;
    this.maxAlerts = alerts;
    const reach = new Map<string, number>();
    for (const rule of rules)
      for (const { metric } of selectorsOf(rule)) reach.set(metric, Math.max(reach.get(metric) ?? 0, reachOf(rule)));
    this.store = new SampleStore(reach, series);
  }

  /** Takes what a target's page says now; nothing when it does not answer: what it said before has ended then. */
  observe(at: number, target: string, samples: Iterable<Sample>): void {
    this.store.take(at, target, samples);
  }

  /** The alerts as they are at this moment: pending, firing, and those that have been resolved in the last quarter of an hour. */
  evaluate(at: number): Alert[] {
    const active = new Set<string>();
    this.rules.forEach((rule, i) => {
      for (const group of evaluateRule(rule, this.store, at)) {
        const key = `${i}/${rule.name}/${keyOf(group.labels, Object.keys(group.labels))}`;
        active.add(key);
        this.advance(key, rule, group, at);
      }
    });
    for (const [key, alert] of this.alerts) if (!active.has(key)) this.over(key, alert, at);
    if (at - this.sweptAt >= SWEEP_MS) {
      this.sweptAt = at;
      this.store.sweep(at);
    }
    return [...this.alerts.values()];
  }

  private advance(key: string, rule: AlertRule, { labels: ofGroup, value }: Group, at: number): void {
    const known = this.alerts.get(key);
    const last = known?.state === "resolved" ? undefined : known;
    if (known === undefined && this.alerts.size >= this.maxAlerts) {
      this.leftOut++;
      return;
    }
    const activeSince = last?.activeSince ?? at;
    const fires = at - activeSince >= rule.forSeconds * 1_000;
    const labels = { ...ofGroup, ...rule.labels };
    this.alerts.set(key, {
      key,
      name: rule.name,
      severity: rule.severity,
      labels,
      state: fires ? "firing" : "pending",
      activeSince,
      firingSince: fires ? (last?.firingSince ?? at) : undefined,
      resolvedAt: undefined,
      value,
      summary: sentence(rule, labels, value),
    });
  }

  private over(key: string, alert: Alert, at: number): void {
    if (alert.state === "pending" || (alert.resolvedAt !== undefined && at - alert.resolvedAt > RESOLVED_MS))
      this.alerts.delete(key);
    else if (alert.state === "firing") this.alerts.set(key, { ...alert, state: "resolved", resolvedAt: at });
  }
}

function sentence({ summary }: AlertRule, labels: Readonly<Record<string, string>>, value: number): string {
  return summary.replaceAll(/\{(\w+)\}/g, (_, label: string) =>
    label === "value" ? String(Number(value.toPrecision(4))) : (labels[label] ?? ""),
  );
}
