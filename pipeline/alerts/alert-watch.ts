import { type Alert, AlertEvaluator, type EvaluatorLimits } from "./alert-evaluator.ts";
import { readExposition } from "./exposition.ts";
import type { AlertRule } from "./expression.ts";

/** An instance whose metrics are watched. */
export interface WatchedTarget {
  readonly service: string;
  /** Names it among the instances of the service. */
  readonly instance: string;
  /** Of its metrics page. */
  readonly url: string;
}

export interface AlertWatchOptions extends EvaluatorLimits {
  readonly rules: readonly AlertRule[];
  /** Who is watched now; asked at each turn. At most 200 of them. */
  readonly targets: () => readonly WatchedTarget[];
  /** Reads a page. Rejects when it cannot be had in time. */
  readonly read: (url: string) => Promise<string>;
  /** Told of all alerts after each turn. */
  readonly onAlerts: (alerts: readonly Alert[], at: number) => void;
  /** Epoch ms; must not go back. */
  readonly now: () => number;
}

const MAX_TARGETS = 200;
/** As Prometheus's configuration of ours names the job. */
const JOB = "sluice";

/**
 * Does without Prometheus what Prometheus would: reads the services' metrics pages now and then, and evaluates the rules. One that does not
 * answer has `up` 0. Call `turn` every 15 s or so; a turn that takes longer is not overtaken.
 */
export class AlertWatch {
  private readonly options: AlertWatchOptions;
  private readonly evaluator: AlertEvaluator;
  private known = new Set<string>();
  private busy = false;

  constructor(options: AlertWatchOptions) {
    this.options = options;
    this.evaluator = new AlertEvaluator(options.rules, options);
  }

  /** Series and alerts that were left out since there were too many. */
  get leftOut(): { readonly series: number; readonly alerts: number } {
    return { series: this.evaluator.store.leftOut, alerts: this.evaluator.leftOut };
  }

  async turn(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      const { targets, now, onAlerts } = this.options;
      const watched = targets().slice(0, MAX_TARGETS);
      await Promise.all(watched.map((target) => this.look(target)));
      const at = now();
      const names = new Set(watched.map(nameOf));
      for (const name of this.known) if (!names.has(name)) this.evaluator.store.forget(at, name);
      this.known = names;
      onAlerts(this.evaluator.evaluate(at), at);
    } finally {
      this.busy = false;
    }
  }

  private async look(target: WatchedTarget): Promise<void> {
    const { read, now } = this.options;
    const { store } = this.evaluator;
    const labels = { job: JOB, service: target.service, instance: target.instance };
    const page = await read(target.url).catch(() => undefined);
    const samples = page === undefined ? [] : readExposition(page, (metric) => store.wants(metric), labels);
    const up = { name: "up", labels, value: page === undefined ? 0 : 1 };
    this.evaluator.observe(now(), nameOf(target), [up, ...samples]);
  }
}

function nameOf({ service, instance }: WatchedTarget): string {
  return `${service}/${instance}`;
}
