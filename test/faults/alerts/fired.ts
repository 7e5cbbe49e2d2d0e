import { AlertWatch } from "../../../pipeline/alerts/alert-watch.ts";
import type { AlertRule } from "../../../pipeline/alerts/expression.ts";
import type { Installation } from "../installation.ts";

const EVERY_MS = 1_000;
const ANSWERS_WITHIN_MS = 2_000;

/** Reads the services' metrics pages once a second and evaluates the rules: which alerts fire now, and since when. */
export class Fired {
  /** Names of alerts that fire, with their labels. */
  readonly firing = new Map<string, Readonly<Record<string, string>>>();
  private readonly watch: AlertWatch;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    { adminUrls }: Pick<Installation, "adminUrls">,
    services: readonly string[],
    rules: readonly AlertRule[],
  ) {
    const targets = services.map((service) => ({ service, instance: service, url: `${adminUrls[service]}/metrics` }));
    this.watch = new AlertWatch({
      rules,
      targets: () => targets,
      read: async (url) => (await fetch(url, { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) })).text(),
      onAlerts: (alerts) => {
        this.firing.clear();
        for (const { name, state, labels } of alerts) if (state === "firing") this.firing.set(name, labels);
      },
      now: Date.now,
    });
  }

  start(): void {
    this.timer = setInterval(() => void this.watch.turn(), EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
