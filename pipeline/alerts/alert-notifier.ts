import type { Alert } from "./alert-evaluator.ts";
import { SaidWords } from "./said-words.ts";

export interface AlertNotifierOptions {
  /** Posts a body of JSON. Rejects when it was not taken. */
  readonly post: (body: string) => Promise<void>;
  /** webhook: the shape of Alertmanager's webhooks (version 4). slack: a text. */
  readonly shape: "webhook" | "slack";
  /** What is only `info` is shown and not called for. Default: page and ticket. */
  readonly severities?: ReadonlySet<Alert["severity"]>;
  /** Told, once a firing, when a word could not be delivered for minutes, or too many wait. It goes on being tried while it is told. */
  readonly onLost?: (alert: Alert, why: string) => void;
  /** Whether this one calls now, of several that are told the same. Default: it does. */
  readonly mayCall?: () => boolean;
  /** Told when `note` has changed. */
  readonly onNote?: () => void;
  /** Told after each failure once so many have come in a row that this one alone will hardly get through. */
  readonly onStuck?: () => void;
  /** How far rules look back, by the alert's name, ms: so long one that fires already may take to be seen here. */
  readonly reaches?: ReadonlyMap<string, number>;
  /** Monotonic, ms. */
  readonly now: () => number;
}

/** One that goes on firing is said again after so long, ms. */
const AGAIN_MS = 4 * 3_600_000;
/** Words that wait, one an alert. */
const MAX_WAITING = 200;
/** Alerts whose words count as lost that are remembered. */
const MAX_LOST = 2_000;
/** Words in one call. */
const MAX_AT_ONCE = 20;
/** From so many failures in a row on, each word that fails counts as lost, and the pause is the longest. */
const MAX_TRIES = 8;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 300_000;

/**
 * Calls out when an alert fires, and when it is over: once each, however often it is told. What cannot be delivered is tried again with growing
 * pauses, and then every five minutes for as long as it is told; meanwhile a newer word about an alert takes the older one's place. What fires and is
 * over before anything could be said is not said.
 */
export class AlertNotifier {
  private readonly options: AlertNotifierOptions;
  private readonly waiting = new Map<string, Alert>();
  private readonly words: SaidWords;
  /** Words that have been counted as lost, by key: the firing they are of. */
  private readonly lost = new Map<string, Alert["firingSince"]>();
  /** Of the newest look, epoch ms. */
  private toldAt = 0;
  private sending = false;
  private tries = 0;
  private notBefore = Number.NEGATIVE_INFINITY;

  constructor(options: AlertNotifierOptions) {
    this.options = options;
    this.words = new SaidWords(options.reaches ?? new Map());
  }

  /** All alerts as they are now. `at`: epoch ms, growing. Returns at once; call `pump` to send. */
  tell(alerts: readonly Alert[], at: number): void {
    const { severities, mayCall, onNote } = this.options;
    this.toldAt = at;
    this.words.watched(at);
    if (mayCall?.() === false) {
      // What waits is the business of the one who calls.
      this.waiting.clear();
      return;
    }
    const calls = severities ?? new Set(["page", "ticket"]);
    for (const alert of alerts) {
      if (!calls.has(alert.severity)) continue;
      const last = this.words.last(alert);
      if (alert.state === "pending") continue;
      if (alert.state === "resolved" && last?.state !== "firing") {
        this.waiting.delete(alert.key);
        continue;
      }
      const anew = last?.state !== alert.state || (alert.state === "firing" && last.activeSince !== alert.activeSince);
      if (anew || (alert.state === "firing" && at - last!.at >= AGAIN_MS)) this.put(alert);
      else this.waiting.delete(alert.key);
    }
    if (this.words.forgetOthers(alerts, at)) onNote?.();
  }

  /** Sends what waits, unless that is under way or it is too early to try again. Never rejects. */
  async pump(): Promise<void> {
    const { post, now, mayCall } = this.options;
    if (this.sending || this.waiting.size === 0 || now() < this.notBefore || mayCall?.() === false) return;
    this.sending = true;
    const words = [...this.waiting.values()].slice(0, MAX_AT_ONCE);
    try {
      await post(this.body(words));
      this.tries = 0;
      for (const alert of words) this.done(alert);
      this.options.onNote?.();
    } catch (error) {
      this.failed(words, error);
    } finally {
      this.sending = false;
    }
  }

  get waitingCount(): number {
    return this.waiting.size;
  }

  /** What has been said, for {@link takeOver}: at most 3,500 characters, no spaces. */
  get note(): string {
    return this.words.note;
  }

  /** Takes over from another one: what its note names has been said, but for what this one has said later. */
  takeOver(note: string): void {
    this.words.takeOver(note);
  }

  private put(alert: Alert): void {
    if (this.waiting.size >= MAX_WAITING && !this.waiting.has(alert.key)) {
      const [oldest] = this.waiting.values();
      this.waiting.delete(oldest!.key);
      this.lose(oldest!, "too many wait");
    }
    this.waiting.set(alert.key, alert);
  }

  private done(alert: Alert): void {
    this.unwait(alert);
    this.lost.delete(alert.key);
    this.words.add(alert, this.toldAt);
  }

  /** A newer word may have come meanwhile: it stays. */
  private unwait({ key, state }: Alert): void {
    if (this.waiting.get(key)?.state === state) this.waiting.delete(key);
  }

  private failed(words: readonly Alert[], error: unknown): void {
    this.tries++;
    const givesUp = this.tries >= MAX_TRIES;
    this.notBefore = this.options.now() + (givesUp ? LONGEST_WAIT_MS : FIRST_WAIT_MS * 2 ** (this.tries - 1));
    if (!givesUp) return;
    this.options.onStuck?.();
    for (const alert of words) {
      // It has not been said: who tells of it again puts it behind the others.
      this.unwait(alert);
      this.lose(alert, error instanceof Error ? error.message : String(error));
    }
  }

  private lose(alert: Alert, why: string): void {
    if (this.lost.has(alert.key) && this.lost.get(alert.key) === alert.firingSince) return;
    this.lost.delete(alert.key);
    this.lost.set(alert.key, alert.firingSince);
    if (this.lost.size > MAX_LOST) this.lost.delete(this.lost.keys().next().value!);
    this.options.onLost?.(alert, why);
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
