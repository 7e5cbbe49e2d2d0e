import type { QuietHours } from "../catalog/quiet-hours.ts";
import { countriesOf, type Region } from "../catalog/region.ts";
import type { Snapshot } from "../catalog/snapshot.ts";
import { minutesOf, WEEK_MINUTES } from "../catalog/time-window.ts";
import type { Lane } from "../message/lane.ts";
import { zonesOf } from "../numbers/number-zones.ts";
import { LocalTime } from "./local-time.ts";

const MINUTE_MS = 60_000;
const QUARTER = 15;
/** Clocks are put forward and back by no more than an hour. */
const SHIFT = 60;
/** What is allowed is allowed within a week; later nobody looks for it. */
const HORIZON_MS = 8 * 86_400_000;

/** What a rule asks about a message. */
export interface QuietQuestion {
  readonly country: string;
  readonly lane: Lane;
  readonly account: string;
  /** E.164 digits. */
  readonly to: string;
}

/** It may not go now. */
export interface QuietNow {
  readonly rule: string;
  /** When it may, epoch ms. */
  readonly until: number;
  /** Zones that it was judged by. */
  readonly zones: readonly string[];
}

/** For people: by which rule, where, and until when. */
export function quietText({ rule, until, zones }: QuietNow): string {
  const where = zones.length > 3 ? `${zones.length} time zones` : zones.join(", ");
  return `quiet hours (${rule}) in ${where} until ${new Date(until).toISOString()}`;
}

interface Compiled {
  readonly rule: QuietHours;
  readonly lanes: ReadonlySet<string>;
  readonly countries: ReadonlySet<string> | undefined;
  readonly accounts: ReadonlySet<string> | undefined;
  /** In place of what the number says. */
  readonly zone: readonly string[] | undefined;
  /** 1 for each minute of the week in which it may go. */
  readonly open: Uint8Array;
  /** By minute of the week: minutes until it may go. */
  readonly wait: Uint16Array;
  /** By zones: when it may go, epoch ms, as of one minute; 0: now. Numbers of one prefix have the same list of zones. */
  readonly answers: Map<readonly string[], number>;
  /** The minute that the answers are of, since 1970. */
  minute: number;
}

const tables = new WeakMap<Snapshot, { readonly table: QuietTable | undefined }>();

/** The quiet hours of a catalog, made once for all who ask; undefined: it has none. */
export function quietTableOf(snapshot: Snapshot): QuietTable | undefined {
  let made = tables.get(snapshot);
  if (made === undefined) {
    const { quietHours = [], regions } = snapshot.catalog;
    made = { table: quietHours.length === 0 ? undefined : new QuietTable(quietHours, regions) };
    tables.set(snapshot, made);
  }
  return made.table;
}

/** The catalog's quiet hours, ready to be asked. The first rule that is a message's own holds for it. */
export class QuietTable {
  private readonly rules: readonly Compiled[];

  constructor(rules: readonly QuietHours[], regions: readonly Region[]) {
    this.rules = rules.map((rule) => compile(rule, regions));
  }

  /** Undefined: it may go now. `now`: epoch ms. */
  ask({ country, lane, account, to }: QuietQuestion, now: number): QuietNow | undefined {
    const found = this.rules.find(
      ({ lanes, countries, accounts }) =>
        lanes.has(lane) && (countries?.has(country) ?? true) && (accounts?.has(account) ?? true),
    );
    if (found === undefined) return undefined;
    const zones = found.zone ?? zonesOf(to);
    // Where nobody knows what time it is, nobody can say that it is night.
    if (zones.length === 0) return undefined;
    const until = openIn(found, zones, now);
    return until <= now ? undefined : { rule: found.rule.id, until, zones };
  }
}

/** When it may go, epoch ms; 0: now. It changes at full minutes only, and many ask in one. */
function openIn(compiled: Compiled, zones: readonly string[], now: number): number {
  const { answers, rule } = compiled;
  const minute = Math.floor(now / MINUTE_MS);
  if (minute !== compiled.minute) {
    answers.clear();
    compiled.minute = minute;
  }
  const known = answers.get(zones);
  if (known !== undefined) return known;
  const clocks = zones.map((zone) => LocalTime.of(zone));
  const until = openFrom(compiled, clocks, rule.zones, now) ?? openInMost(compiled, clocks, now);
  const answer = until <= now ? 0 : until;
  answers.set(zones, answer);
  return answer;
}

/** The first moment from `now` on at which it is allowed in all, or any, of the zones; undefined: never within a week. */
function openFrom(
  { open, wait }: Compiled,
  clocks: readonly LocalTime[],
  which: "all" | "any",
  now: number,
): number | undefined {
  const pick = which === "all" ? Math.max : Math.min;
  for (let at = now; at <= now + HORIZON_MS; ) {
    let step = which === "all" ? 0 : WEEK_MINUTES;
    for (const clock of clocks) {
      const minute = clock.minuteOfWeek(at);
      step = pick(step, open[minute] === 1 ? 0 : safely(wait[minute]!, at));
    }
    if (step === 0) return at;
    at = (Math.floor(at / MINUTE_MS) + step) * MINUTE_MS;
  }
  return undefined;
}

/** The first moment from `now` on at which it is allowed in as many of the zones as at any time of the week, by the clocks as they go now. */
function openInMost({ open }: Compiled, clocks: readonly LocalTime[], now: number): number {
  const minutes = clocks.map((clock) => clock.minuteOfWeek(now));
  let best = -1;
  let first = 0;
  for (let later = 0; later < WEEK_MINUTES; later++) {
    let count = 0;
    for (const minute of minutes) count += open[(minute + later) % WEEK_MINUTES]!;
    if (count <= best) continue;
    best = count;
    first = later;
  }
  return first === 0 ? now : (Math.floor(now / MINUTE_MS) + first) * MINUTE_MS;
}

/** Minutes that can be passed over although clocks may be put forward or back in them. */
function safely(minutes: number, at: number): number {
  if (minutes > SHIFT) return minutes - SHIFT;
  return Math.min(minutes, QUARTER - (Math.floor(at / MINUTE_MS) % QUARTER));
}

function compile(rule: QuietHours, regions: readonly Region[]): Compiled {
  const open = new Uint8Array(WEEK_MINUTES);
  for (const window of rule.allowed) for (const [first, end] of minutesOf(window)) open.fill(1, first, end);
  const wait = new Uint16Array(WEEK_MINUTES);
  // Twice around the week, backwards, so that Sunday night knows of Monday.
  for (let left = 0, i = 2 * WEEK_MINUTES - 1; i >= 0; i--) {
    left = open[i % WEEK_MINUTES] === 1 ? 0 : left + 1;
    wait[i % WEEK_MINUTES] = left;
  }
  const countries = countriesOf(rule, regions);
  return {
    rule,
    lanes: new Set(rule.lanes),
    countries: countries && new Set(countries),
    accounts: rule.accounts && new Set(rule.accounts),
    zone: rule.zone === undefined ? undefined : [rule.zone],
    open,
    wait,
    answers: new Map(),
    minute: Number.NaN,
  };
}
