import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { AlertNotifier } from "../../../pipeline/alerts/alert-notifier.ts";
import { ALERT_RULES } from "../../../pipeline/alerts/alert-rules.ts";
import { AlertWatch, type WatchedTarget } from "../../../pipeline/alerts/alert-watch.ts";
import { reachOf } from "../../../pipeline/alerts/expression.ts";
import type { Secret } from "../../../platform/config/secret.ts";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";
import { askEvery } from "../../../platform/lifecycle/ask-every.ts";
import type { Scope } from "../../../platform/lifecycle/run-service.ts";
import { AlertBoard, type AlertsNow } from "./alert-board.ts";
import type { Turn } from "./calling-turn.ts";
import { fetchText, postJson } from "./fetch-text.ts";
import { instancesOf, type Lookup, type MetricsPage } from "./metrics-pages.ts";
import { runbookEntries } from "./runbook.ts";
import { VanishedInstances } from "./vanished-instances.ts";

export interface AlertsConfig {
  readonly pages: readonly MetricsPage[];
  readonly everyMs: number;
  /** Who is called; undefined: nobody. */
  readonly callUrl: Secret | undefined;
  readonly callShape: "webhook" | "slack";
  /** Which console calls, where there are several. Default: this one. */
  readonly turn?: Turn;
  /** Epoch ms; default: the machine's. */
  readonly now?: () => number;
  /** Finds the addresses of a name; default: the machine's. */
  readonly addresses?: Lookup;
}

export interface AlertsOnPage {
  readonly counts: { readonly firing: number; readonly pending: number };
  show(): AlertsNow;
}

/** Seconds of a longer window that suffice to judge by. */
const WINDOW_S = 30 * 60;
/** How far rules look back, by the alert's name, ms. */
const REACHES = longestReaches(ALERT_RULES);
const RUNBOOK = resolve(import.meta.dirname, "../../../docs/runbook.md");
const PAGE = { ms: 5_000, octets: 16_000_000 };
const CALL_MS = 10_000;
const PUMP_MS = 1_000;

/** @throws SluiceError `CONFIG_INVALID`: the address is not repeated, it may be a secret */
export function checkCallUrl(url: Secret | undefined): void {
  if (url === undefined) return;
  const address = url.reveal();
  if (URL.canParse(address) && /^https?:$/.test(new URL(address).protocol)) return;
  throw new SluiceError("SLUICE_CONSOLE_ALERT_URL is no http or https address", { code: "CONFIG_INVALID" });
}

/** Watches the metrics pages with the rules that Prometheus has as well, and calls out. `onAlerts`: told after each look. */
export async function openAlerts(
  scope: Scope,
  { pages, everyMs, callUrl, callShape, turn, now = Date.now, addresses }: AlertsConfig,
  onAlerts: () => void,
): Promise<AlertsOnPage> {
  const { log, metrics } = scope;
  const board = new AlertBoard(readRunbook(scope));
  let targets: readonly WatchedTarget[] = [];
  let trouble: string | null = null;
  let lost = 0;
  metrics.observe("console_alerts_lost_total", "counter", "Words on alerts that could not be delivered", () => lost);
  const caller = () => turn?.caller ?? "here";
  const mayCall = () => caller() === "here";
  const notifier =
    callUrl === undefined
      ? undefined
      : new AlertNotifier({
          shape: callShape,
          post: async (body) => {
            try {
              await postJson(callUrl.reveal(), body, CALL_MS);
              trouble = null;
            } catch (error) {
              trouble = `the last call failed: ${(error as Error).message}`;
              log.every("alert-call", 30_000).warn({ why: trouble }, "a word on an alert was not taken");
              throw error;
            }
          },
          onLost: ({ name }, why) => {
            lost++;
            log.error(
              { alert: name, why },
              "a word on an alert could not be delivered; it is tried again while the alert lasts",
            );
          },
          mayCall,
          onNote: () => turn?.keep(notifier!.note),
          onStuck: () => turn?.giveUp(),
          reaches: REACHES,
          now: () => performance.now(),
        });
  turn?.onTurn((note) => {
    notifier?.takeOver(note);
    return notifier?.note ?? note;
  });
  const watch = new AlertWatch({
    rules: ALERT_RULES,
    targets: () => targets,
    read: (url) => fetchText(url, PAGE),
    onAlerts: (alerts, at) => {
      board.take(alerts, at);
      notifier?.tell(alerts, at);
      onAlerts();
    },
    now: growing(now),
  });
  const vanished = new VanishedInstances(now);
  const look = async () => {
    const found = await instancesOf(pages, addresses);
    targets = [...found, ...vanished.beside(found)];
    await watch.turn();
  };
  const onFault = (error: Error) => log.every("alerts", 30_000).error({ err: error }, "alert rules are not evaluated");
  let pumping: Promise<void> | undefined;
  const pump = () => {
    pumping ??= notifier?.pump().finally(() => {
      pumping = undefined;
    });
  };
  const timers = [
    ...(pages.length === 0 ? [] : [askEvery(everyMs, look, onFault)]),
    ...(notifier === undefined ? [] : [setInterval(pump, PUMP_MS)]),
  ];
  await scope.add("alerts", {
    start: () => timers,
    stop: async () => {
      for (const timer of timers) clearInterval(timer);
      // A call that is under way is noted.
      await pumping;
    },
  });
  metrics.observe(
    "console_alerts_firing",
    "gauge",
    "Alerts that fire, as the console evaluates them",
    () => board.counts.firing,
  );
  return {
    get counts() {
      return board.counts;
    },
    show: () => {
      const { series, alerts } = watch.leftOut;
      const to = notifier === undefined ? "nobody" : callShape;
      const called = { to, by: caller(), waiting: notifier?.waitingCount ?? 0, trouble } as const;
      const rest = { watched: targets.length, rules: ALERT_RULES.length, leftOut: series + alerts };
      return board.show({ ...rest, calls: called });
    },
  };
}

/** The page shows alerts without it, too. */
function readRunbook({ log }: Scope): ReadonlyMap<string, string> {
  try {
    return runbookEntries(readFileSync(RUNBOOK, "utf8"));
  } catch (err) {
    log.warn({ err }, "the runbook cannot be read; alerts are shown without it");
    return new Map();
  }
}

/** A clock that is set back stands still: the rules' time only grows. */
function growing(clock: () => number): () => number {
  let newest = 0;
  return () => {
    newest = Math.max(newest, clock());
    return newest;
  };
}

/** Several rules may have one name. */
function longestReaches(rules: typeof ALERT_RULES): ReadonlyMap<string, number> {
  const reaches = new Map<string, number>();
  for (const rule of rules)
    reaches.set(rule.name, Math.max(reaches.get(rule.name) ?? 0, reachOf(rule, WINDOW_S) * 1_000));
  return reaches;
}
