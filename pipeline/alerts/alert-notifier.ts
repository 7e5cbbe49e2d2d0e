import type { Alert } from "./alert-evaluator.ts";

export interface AlertNotifierOptions {
  /** Posts a body of JSON. Rejects when it was not taken. */
  readonly post: (body: string) => Promise<void>;
  /** webhook: the shape of Alertmanager's webhooks (version 4). slack: a text. */
  readonly shape: "webhook" | "slack";
  /** What is only `info` is shown and not called for. Default: page and ticket. */
  readonly severities?: ReadonlySet<Alert["severity"]>;
  /** Told when a word is given up, or there are too many. */
  readonly onLost?: (alert: Alert, why: string) => void;
  /** Monotonic or epoch ms. */
  readonly now: () => number;
}

/** One that goes on firing is said again after so long, ms. */
const AGAIN_MS = 4 * 3_600_000;
/** Words that wait, one an alert; alerts that are remembered. */
const MAX_WAITING = 200;
const MAX_SAID = 2_000;
/** Words in one call. */
const MAX_AT_ONCE = 20;
const MAX_TRIES = 8;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 300_000;

interface Said {
  readonly state: Alert["state"];
  /** Of this firing: the same alert that fires anew is news. */
  readonly firingSince: number | undefined;
  readonly at: number;
}

/**
 * Calls out when an alert fires, and when it is over: once each, however often it is told. What cannot be delivered is tried again with growing
 * pauses; meanwhile a newer word about an alert takes the older one's place. What fires and is over before anything could be said is not said.
 */
export class AlertNotifier {
  private readonly options: AlertNotifierOptions;
  private readonly waiting = new Map<string, Alert>();
  private readonly said = new Map<string, Said>();
  private sending = false;
  private tries = 0;
  private notBefore = Number.NEGATIVE_INFINITY;

  constructor(options: AlertNotifierOptions) {
    this.options = options;
  }

  /** The alerts as they are now. Returns at once; call `pump` to send. */
  tell(alerts: readonly Alert[]): void {
    const { severities, now } = this.options;
    const calls = severities ?? new Set(["page", "ticket"]);
    for (const alert of alerts) {
      if (alert.state === "pending" || !calls.has(alert.severity)) continue;
      const last = this.said.get(alert.key);
      if (alert.state === "resolved" && last?.state !== "firing") {
        this.waiting.delete(alert.key);
        continue;
      }
      const anew = last?.state !== alert.state || (alert.state === "firing" && last.firingSince !== alert.firingSince);
      if (anew || (alert.state === "firing" && now() - last!.at >= AGAIN_MS)) this.put(alert);
      else this.waiting.delete(alert.key);
    }
  }

  /** Sends what waits, unless that is under way or it is too early to try again. Never rejects. */
  async pump(): Promise<void> {
    const { post, now } = this.options;
    if (this.sending || this.waiting.size === 0 || now() < this.notBefore) return;
    this.sending = true;
    const words = [...this.waiting.values()].slice(0, MAX_AT_ONCE);
    try {
      await post(this.body(words));
      this.tries = 0;
      for (const alert of words) this.done(alert);
    } catch (error) {
      this.failed(words, error);
    } finally {
      this.sending = false;
    }
  }

  get waitingCount(): number {
    return this.waiting.size;
  }

  private put(alert: Alert): void {
    if (this.waiting.size >= MAX_WAITING && !this.waiting.has(alert.key)) {
      const [oldest] = this.waiting.values();
      this.waiting.delete(oldest!.key);
      this.options.onLost?.(oldest!, "too many wait");
    }
    this.waiting.set(alert.key, alert);
  }

  private done(alert: Alert): void {
    // A newer word may have come meanwhile.
    if (this.waiting.get(alert.key)?.state === alert.state) this.waiting.delete(alert.key);
    this.said.delete(alert.key);
    this.said.set(alert.key, { state: alert.state, firingSince: alert.firingSince, at: this.options.now() });
    if (this.said.size > MAX_SAID) this.said.delete(this.said.keys().next().value!);
  }

  private failed(words: readonly Alert[], error: unknown): void {
    const { now, onLost } = this.options;
    this.tries++;
    this.notBefore = now() + Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.tries - 1));
    if (this.tries < MAX_TRIES) return;
    this.tries = 0;
    for (const alert of words) {
      this.done(alert);
      onLost?.(alert, error instanceof Error ? error.message : String(error));
    }
  }

  private body(alerts: readonly Alert[]): string {
    return JSON.stringify(this.options.shape === "slack" ? { text: alerts.map(line).join("\n") } : webhook(alerts));
  }
}

function line({ name, state, severity, summary }: Alert): string {
  return state === "resolved"
    ? `:white_check_mark: over: *${name}* — ${summary}`
    : `:rotating_light: ${severity}: *${name}* — ${summary}`;
}

/** https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
function webhook(alerts: readonly Alert[]) {
  const firing = alerts.some(({ state }) => state === "firing");
  return {
    version: "4",
    receiver: "sluice",
    status: firing ? "firing" : "resolved",
    groupLabels: {},
    commonLabels: {},
    commonAnnotations: {},
    truncatedAlerts: 0,
    alerts: alerts.map(({ key, name, severity, labels, state, firingSince, resolvedAt, summary }) => ({
      status: state,
      labels: { alertname: name, severity, ...labels },
      annotations: { summary, runbook: `docs/runbook.md#${name.toLowerCase()}` },
      startsAt: new Date(firingSince ?? 0).toISOString(),
      endsAt: new Date(resolvedAt ?? 0).toISOString(),
      fingerprint: key,
    })),
  };
}
