import { ABNORMALITIES, type Abnormality } from "../../../domain/abnormal/suspicion.ts";
import type { Guard, GuardMode } from "../../../domain/catalog/guard.ts";
import type { Snapshot } from "../../../domain/catalog/snapshot.ts";
import { ContentRules } from "../../../domain/guard/content-rules.ts";
import { PREFIX_CODES, type PrefixGuard, type PrefixThresholds } from "../../../domain/guard/prefix-guard.ts";
import { HELD_CLASS } from "../../../domain/message/tries.ts";
import type { SaidSuspicion, SuspicionBoard } from "../../../pipeline/follow/suspicion-board.ts";
import { fateOf } from "../../../pipeline/follow/suspicion-fate.ts";
import type { Counter } from "../../../platform/telemetry/metric-registry.ts";
import type { MessageFacts } from "../../../schemas/generated/types.ts";
import { FREQUENCY_CAP, SCHEDULED } from "../retry-policy.ts";
import type { Pending } from "../routing-records.ts";
import type { Assigned, MessageRule, Remark, Ruling } from "./message-rule.ts";
import { QUIET_HOURS } from "./quiet-hours-rule.ts";

export interface GuardRuleOptions {
  /** Of the process. */
  readonly prefixes: PrefixGuard;
  /** What sms.abnormal says. */
  readonly suspicions: Pick<SuspicionBoard, "open">;
  /** Of all partitions this process has, above 0. */
  readonly share: () => number;
  readonly metric: (code: string, action: GuardAction) => Pick<Counter, "add">;
}

/** What a guard may have against a message. */
export const GUARD_CODES: readonly string[] = [...PREFIX_CODES, ...ABNORMALITIES.map((kind) => `guard-${kind}`)];
export const GUARD_ACTIONS = ["monitored", "blocked"] as const;
export type GuardAction = (typeof GUARD_ACTIONS)[number];

/** Why a message is suspected, and what its account wants done with it. */
interface Finding {
  readonly code: string;
  readonly reason: string;
  readonly mode: Exclude<GuardMode, "off">;
}

const MINUTE_MS = 60_000;
/** What a message waits for that has not come to this rule yet: the time that it was handed in for, and the rules before this one. */
const BEFORE: ReadonlySet<string> = new Set([SCHEDULED, QUIET_HOURS, FREQUENCY_CAP]);

/** The accounts' guards against pumped traffic and their content rules (docs/guard.md). A message is counted and judged once, when it has come as far as here; whether its prefix has been closed since is asked again as long as no provider has had it. */
export class GuardRule implements MessageRule {
  private readonly options: GuardRuleOptions;
  private snapshot: Snapshot | undefined;
  /** Undefined where no account has any. */
  private guards: ReadonlyMap<string, Guard> | undefined;
  private contents: ReadonlyMap<string, ContentRules> | undefined;
  /** Those that count, looked up once for each batch. */
  private critical: readonly SaidSuspicion[] | undefined;
  /** What would have been stopped, of the message that was judged last. */
  private noted: { readonly pending: Pending; readonly text: string } | undefined;

  constructor(options: GuardRuleOptions) {
    this.options = options;
  }

  async restore(_: unknown, snapshot: Snapshot): Promise<void> {
    this.begin(snapshot);
  }

  begin(snapshot: Snapshot): void {
    this.critical = undefined;
    if (snapshot === this.snapshot) return;
    this.snapshot = snapshot;
    const { accounts } = snapshot.catalog;
    this.guards = given(accounts.flatMap(({ id, guard }) => (guard === undefined ? [] : [[id, guard] as const])));
    this.contents = given(
      accounts.flatMap(({ id, content }) => (content === undefined ? [] : [[id, new ContentRules(content)] as const])),
    );
  }

  judge(pending: Pending, now: number): Ruling | undefined {
    if (this.guards === undefined && this.contents === undefined) return undefined;
    const again = wasJudged(pending);
    if (again && pending.tried.some(({ provider }) => provider !== null)) return undefined;
    const found = (again ? undefined : this.contentFinding(pending)) ?? this.prefixFinding(pending.facts, now, again);
    if (found === undefined) return undefined;
    const { code, reason, mode } = found;
    // One that was noted before has been counted then.
    if (mode === "filter" || !again) this.options.metric(code, mode === "filter" ? "blocked" : "monitored").add();
    if (mode === "filter")
      return { verdict: "refuse", end: { state: "rejected", errorClass: "blocked", code }, detail: reason };
    this.noted = { pending, text: `would have been stopped, ${code}: ${reason}` };
    return undefined;
  }

  assigned(pending: Pending, _: Assigned): Remark | undefined {
    return this.waits(pending);
  }

  waits(pending: Pending): Remark | undefined {
    return this.noted?.pending === pending ? { rules: this.noted.text } : undefined;
  }

  private contentFinding({ facts, text }: Pending): Finding | undefined {
    const rules = this.contents?.get(facts.accountId);
    const verdict = rules?.judge(text);
    return rules === undefined || verdict === undefined ? undefined : { ...verdict, mode: rules.mode };
  }

  private prefixFinding(facts: MessageFacts, now: number, again: boolean): Finding | undefined {
    const guard = this.guards?.get(facts.accountId);
    if (guard === undefined || !guard.lanes.includes(facts.lane)) return undefined;
    const own = guard.countries[facts.country];
    const mode = own?.mode ?? guard.mode;
    if (mode === "off" || guard.allow.some((prefix) => facts.to.startsWith(prefix))) return undefined;
    const limits: PrefixThresholds = {
      perMinute: own?.perMinute ?? guard.perMinute,
      sequence: own?.sequence ?? guard.sequence,
      quietMs: guard.quietMinutes * MINUTE_MS,
    };
    const { prefixes, share } = this.options;
    const verdict = again
      ? prefixes.closed(facts.accountId, facts.to, now)
      : prefixes.judge(facts.accountId, facts.to, limits, share(), now);
    if (verdict !== undefined) return { ...verdict, mode };
    const suspected = this.suspicionOf(facts, guard.suspicions, now);
    return suspected === undefined ? undefined : { ...suspected, mode };
  }

  /** A critical suspicion that is open, names the account, and not another country or range. */
  private suspicionOf({ accountId, country, to }: MessageFacts, kinds: readonly Abnormality[], now: number) {
    if (kinds.length === 0) return undefined;
    this.critical ??= this.options.suspicions.open.filter(({ level }) => level === "critical");
    for (const one of this.critical) {
      const { account, country: where, range } = one.subject;
      if (account !== accountId || !kinds.includes(one.kind)) continue;
      if (where !== undefined && where !== country) continue;
      if (range !== undefined && !to.startsWith(range)) continue;
      if (fateOf(one, now) !== "open") continue;
      const place = [country, ...(range === undefined ? [] : [`+${range}…`])].join(" ");
      const reason = `guard: suspicion ${one.kind} is open for ${place}: ${one.measure}, ${one.seen} instead of ${one.expected}`;
      return { code: `guard-${one.kind}`, reason };
    }
    return undefined;
  }
}

/** It has come as far as here before: what it waited for since is asked about behind this rule. */
function wasJudged({ tried }: Pick<Pending, "tried">): boolean {
  return tried.some(({ errorClass, errorCode }) => errorClass !== HELD_CLASS || !BEFORE.has(errorCode ?? ""));
}

function given<T>(entries: readonly (readonly [string, T])[]): ReadonlyMap<string, T> | undefined {
  return entries.length === 0 ? undefined : new Map(entries);
}
