import { createHash } from "node:crypto";
import type { Alert } from "./alert-evaluator.ts";

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
  /** Told after each word that was taken: `note` has changed. */
  readonly onSaid?: () => void;
  /** Monotonic or epoch ms. */
  readonly now: () => number;
}

/** One that goes on firing is said again after so long, ms. */
const AGAIN_MS = 4 * 3_600_000;
/** Words that wait, one an alert; alerts that are remembered. */
const MAX_WAITING = 200;
const MAX_SAID = 2_000;
/** Firings that a note names, the newest: of 9 characters each, since notes stand beside a committed offset. */
const MAX_NOTED = 200;
const NOTED = /^[\w-]{8}$/;
/** What another one has said counts for so long while it is not seen to fire here: as long as rules may take to find it, ms. */
const CARRIED_MS = 30 * 60_000;
/** Words in one call. */
const MAX_AT_ONCE = 20;
/** From so many failures in a row on, each word that fails counts as lost, and the pause is the longest. */
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
 * pauses, and then every five minutes for as long as it is told; meanwhile a newer word about an alert takes the older one's place. What fires and is
 * over before anything could be said is not said.
 */
export class AlertNotifier {
  private readonly options: AlertNotifierOptions;
  private readonly waiting = new Map<string, Alert>();
  private readonly said = new Map<string, Said>();
  /** Firings that others have said, by the digest of their key, and when that was taken over. */
  private readonly carried = new Map<string, number>();
  /** Words that have been counted as lost, by key: the firing they are of. */
  private readonly lost = new Map<string, Alert["firingSince"]>();
  private sending = false;
  private tries = 0;
  private notBefore = Number.NEGATIVE_INFINITY;

  constructor(options: AlertNotifierOptions) {
    this.options = options;
  }

  /** The alerts as they are now. Returns at once; call `pump` to send. */
  tell(alerts: readonly Alert[]): void {
    const { severities, now, mayCall } = this.options;
    if (mayCall?.() === false) {
      // What waits is the business of the one who calls.
      this.waiting.clear();
      return;
    }
    const calls = severities ?? new Set(["page", "ticket"]);
    for (const alert of alerts) {
      if (alert.state === "pending" || !calls.has(alert.severity)) continue;
      const last = this.takenOver(alert) ?? this.said.get(alert.key);
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
    const { post, now, mayCall } = this.options;
    if (this.sending || this.waiting.size === 0 || now() < this.notBefore || mayCall?.() === false) return;
    this.sending = true;
    const words = [...this.waiting.values()].slice(0, MAX_AT_ONCE);
    try {
      await post(this.body(words));
      this.tries = 0;
      for (const alert of words) this.done(alert);
      this.options.onSaid?.();
    } catch (error) {
      this.failed(words, error);
    } finally {
      this.sending = false;
    }
  }

  get waitingCount(): number {
    return this.waiting.size;
  }

  /** Firings that have been said and are not over, for {@link takeOver}: at most 1,800 characters, no spaces. */
  get note(): string {
    const own = [...this.said].filter(([, { state }]) => state === "firing").map(([key]) => digestOf(key));
    const now = this.options.now();
    const carried = [...this.carried].filter(([, at]) => now - at <= CARRIED_MS).map(([digest]) => digest);
    return [...carried, ...own].slice(-MAX_NOTED).join(",");
  }

  /** Takes over from another one: what its note names has been said. What cannot be read in it is left out. */
  takeOver(note: string): void {
    this.carried.clear();
    for (const digest of note.split(",").slice(0, MAX_NOTED))
      if (NOTED.test(digest)) this.carried.set(digest, this.options.now());
  }

  /** What another one has said of this alert; from now on it counts as said here. */
  private takenOver({ key, state, firingSince }: Alert): Said | undefined {
    if (this.carried.size === 0) return undefined;
    const digest = digestOf(key);
    const at = this.carried.get(digest);
    if (at === undefined) return undefined;
    this.carried.delete(digest);
    if (this.options.now() - at > CARRIED_MS) return undefined;
    // When it began, another one has seen at another moment.
    const since = state === "firing" ? firingSince : undefined;
    const said = { state: "firing", firingSince: since, at } as const;
    remember(this.said, key, said);
    return said;
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
    remember(this.said, alert.key, { state: alert.state, firingSince: alert.firingSince, at: this.options.now() });
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
    for (const alert of words) {
      // It has not been said: who tells of it again puts it behind the others.
      this.unwait(alert);
      this.lose(alert, error instanceof Error ? error.message : String(error));
    }
  }

  private lose(alert: Alert, why: string): void {
    if (this.lost.has(alert.key) && this.lost.get(alert.key) === alert.firingSince) return;
    remember(this.lost, alert.key, alert.firingSince);
    this.options.onLost?.(alert, why);
  }

  private body(alerts: readonly Alert[]): string {
    return JSON.stringify(this.options.shape === "slack" ? { text: alerts.map(line).join("\n") } : webhook(alerts));
  }
}

function digestOf(key: string): string {
  return createHash("sha256").update(key).digest("base64url").slice(0, 8);
}

/** As the newest; the oldest is forgotten. */
function remember<Value>(memory: Map<string, Value>, key: string, value: Value): void {
  memory.delete(key);
  memory.set(key, value);
  if (memory.size > MAX_SAID) memory.delete(memory.keys().next().value!);
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
