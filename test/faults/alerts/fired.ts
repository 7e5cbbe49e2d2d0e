import { AlertWatch, type AlertWatchOptions } from "../../../pipeline/alerts/alert-watch.ts";
import { readExposition } from "../../../pipeline/alerts/exposition.ts";
import { type AlertRule, selectorsOf } from "../../../pipeline/alerts/expression.ts";
import type { Installation } from "../installation.ts";

const EVERY_MS = 1_000;
const ANSWERS_WITHIN_MS = 2_000;
const MOST_SERIES = 12;

/** Reads the services' metrics pages once a second and evaluates the rules: which alerts fire now, and since when. */
export class Fired {
  /** Names of alerts that fire, with their labels. */
  readonly firing = new Map<string, Readonly<Record<string, string>>>();
  private watch: AlertWatch;
  private readonly options: AlertWatchOptions;
  /** Metrics of each alert's rules. */
  private readonly metrics = new Map<string, Set<string>>();
  /** The greatest value of each series since a cause began, by metric and by service and labels. */
  private readonly greatest = new Map<string, Map<string, number>>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    { adminUrls }: Pick<Installation, "adminUrls">,
    services: readonly string[],
    rules: readonly AlertRule[],
  ) {
    const targets = services.map((service) => ({ service, instance: service, url: `${adminUrls[service]}/metrics` }));
    for (const rule of rules) {
      const names = this.metrics.get(rule.name) ?? new Set();
      for (const { metric } of selectorsOf(rule)) names.add(metric);
      this.metrics.set(rule.name, names);
    }
    const wanted = new Set([...this.metrics.values()].flatMap((names) => [...names]));
    const note = (url: string, page: string): void => {
      const service = targets.find((target) => target.url === url)?.service ?? "";
      for (const { name, labels, value } of readExposition(page, (metric) => wanted.has(metric), { service })) {
        const series = this.greatest.get(name) ?? new Map<string, number>();
        const key = Object.values(labels).join(" ");
        this.greatest.set(name, series.set(key, Math.max(value, series.get(key) ?? value)));
      }
    };
    this.options = {
      rules,
      targets: () => targets,
      read: async (url) => {
        const page = await (await fetch(url, { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) })).text();
        note(url, page);
        return page;
      },
      onAlerts: (alerts) => {
        this.firing.clear();
        for (const { name, state, labels } of alerts) if (state === "firing") this.firing.set(name, labels);
      },
      now: Date.now,
    };
    this.watch = new AlertWatch(this.options);
  }

  /** Forgets what has been read: of what a counter grew by before, no rule knows any more. */
  afresh(): void {
    this.watch = new AlertWatch(this.options);
    this.firing.clear();
  }

  /** A cause begins. */
  begin(): void {
    this.greatest.clear();
  }

  /** What an alert's rule has had to judge by since the cause began: why it does not fire. */
  seen(alert: string): string[] {
    return [...(this.metrics.get(alert) ?? [])].map((metric) => {
      const series = [...(this.greatest.get(metric) ?? [])].filter(([, value]) => value !== 0).slice(0, MOST_SERIES);
      const values = series.map(([labels, value]) => `${labels} ${Number(value.toPrecision(4))}`);
      return `${metric} at most: ${values.join(", ") || "0 everywhere, or on no page"}`;
    });
  }

  start(): void {
    this.timer = setInterval(() => void this.watch.turn(), EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
