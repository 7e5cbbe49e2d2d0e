import type { Alert } from "../../../pipeline/alerts/alert-evaluator.ts";
import type { Caller } from "./calling-turn.ts";

/** An alert as the page shows it. */
export interface ShownAlert extends Omit<Alert, "key"> {
  /** What is to be done about it; null where the runbook has no entry. */
  readonly runbook: string | null;
}

export interface AlertsNow {
  /** Pages of metrics that are read; 0: nothing is watched. */
  readonly watched: number;
  /** Rules that are evaluated. */
  readonly rules: number;
  /** When they were evaluated last, epoch ms; null: not yet. */
  readonly at: number | null;
  readonly alerts: readonly ShownAlert[];
  /** Alerts and series that were left out since there were too many. */
  readonly leftOut: number;
  /** Whether somebody is called, and what became of it last. */
  readonly calls: {
    readonly to: "nobody" | "webhook" | "slack";
    readonly by: Caller;
    readonly waiting: number;
    readonly trouble: string | null;
  };
}

const STATES = ["firing", "pending", "resolved"] as const;
const SEVERITIES = ["page", "ticket", "info"] as const;

/** The alerts as they were evaluated last. */
export class AlertBoard {
  private alerts: readonly Alert[] = [];
  private at: number | null = null;
  private readonly runbook: ReadonlyMap<string, string>;

  constructor(runbook: ReadonlyMap<string, string>) {
    this.runbook = runbook;
  }

  take(alerts: readonly Alert[], at: number): void {
    this.alerts = alerts;
    this.at = at;
  }

  /** How many there are, for every page. */
  get counts(): { readonly firing: number; readonly pending: number } {
    const of = (state: Alert["state"]) => this.alerts.filter((alert) => alert.state === state).length;
    return { firing: of("firing"), pending: of("pending") };
  }

  /** Firing ones first, the worst before the others. */
  show(rest: Omit<AlertsNow, "at" | "alerts">): AlertsNow {
    const rank = ({ state, severity }: Alert) => STATES.indexOf(state) * 3 + SEVERITIES.indexOf(severity);
    const alerts = this.alerts
      .toSorted((a, b) => rank(a) - rank(b) || b.activeSince - a.activeSince)
      .map(({ key: _, ...alert }) => ({ ...alert, runbook: this.runbook.get(alert.name) ?? null }));
    return { ...rest, at: this.at, alerts };
  }
}
