import type { ExplainedHealth } from "../../domain/routing/explain.ts";
import type { Health, Lane } from "../../schemas/generated/types.ts";
import { DISPATCH_QUEUES, DISPATCH_URGENCY, type DispatchQueue, LANES } from "../../schemas/topics.ts";
import { type VolumeCount, volumeAt } from "./told-volume.ts";

/** What is asked about a provider, for a message of one lane. */
export interface ProviderState {
  /** Nothing should be given to it now. */
  readonly open: boolean;
  /** It was heard of lately, and submits as it should. */
  readonly closed: boolean;
  /**
   * Seconds that what goes before the message takes at the provider's rate, with what this process has given it that its
   * sender has not counted yet. Less urgent lanes do not count, nor what overflowed of its own.
   */
  readonly backlogSeconds: number;
  /** The same with the overflow of its lane. */
  readonly laneSeconds: number;
  /** Segments a second. */
  readonly rate: number;
  /** Segments that it has had in the month that ends at `monthEnd`, epoch ms, by its senders' last words. */
  readonly segmentsThisMonth: number;
  /** What they come to without a commitment in money, micro-units of its currency; 0 where it has none. */
  readonly spentThisMonth: number;
  readonly monthEnd: number;
}

interface Heard {
  readonly health: Health;
  /** When this process read it: the sender's clock may differ by more than what counts as silence. */
  readonly at: number;
}

/** What was given within `SLICE_MS` from this moment on. */
interface Slice {
  readonly at: number;
  readonly segments: number[];
}

interface Known {
  readonly partitions: Map<number, Heard>;
  /** Segments given to the provider that its last word does not count, by urgency. */
  readonly given: number[];
  /** Segments given to it since `shareBehind` was asked. */
  fed: number;
  /** The last of them, in slices: the next word will not count them either. */
  recent: Slice[];
  /** Folded from `partitions`, by urgency; until when it holds. */
  readonly backlog: number[];
  until: number;
  open: boolean;
  closed: boolean;
  /** It is only being tried: none of its senders submits as it should. */
  tried: boolean;
  /** Messages given to it since its last word, while it is only being tried. */
  trials: number;
  /** It was open, and has not been closed since. */
  away: boolean;
  rate: number;
  segmentsThisMonth: number;
  spentThisMonth: number;
  monthEnd: number;
  /** What was answered last, by lane, since anything changed: many messages ask in between. */
  readonly states: (ProviderState | undefined)[];
}

/**
 * A sender says how it is every second; one that has said nothing for so long is gone. Longer than a killed one's session
 * (10 s) and the start of the next: its topic keeps what it is given meanwhile, in order, which a retry tier would not.
 */
const STALE_MS = 15_000;
const FOLD_EVERY_MS = 250;
/**
 * A word does not count what was given so shortly before it: that is still on its way through decision, commit and fetch, and
 * so was the word. Otherwise one that comes in the midst of a flood would say that there is none.
 */
const UNDER_WAY_MS = 500;
const SLICE_MS = 100;
/**
 * Messages that a provider on trial is given by each process before its next word, as many as its sender tries at a time. All the
 * others would wait for the outcome there, and come back if it fails.
 */
const TRIALS = 3;
const UNHEARD = {
  open: false,
  closed: false,
  tried: false,
  trials: 0,
  away: false,
  rate: 0,
  segmentsThisMonth: 0,
  spentThisMonth: 0,
  monthEnd: 0,
};
const QUEUES = DISPATCH_QUEUES.length;

/** Where the queue stands among all of a provider, 0 being the most urgent. */
function urgencyOf({ lane, overflow }: DispatchQueue): number {
  return DISPATCH_URGENCY.indexOf(LANES.indexOf(lane) + (overflow ? LANES.length : 0));
}

const OWN = new Map(LANES.map((lane) => [lane, urgencyOf({ lane, overflow: false })]));
const OVERFLOW = new Map(LANES.map((lane) => [lane, urgencyOf({ lane, overflow: true })]));

/** The newest word of every sender, by provider and dispatch partition; read from the compacted health topic by every router and sender. Times are monotonic, ms. */
export class ProviderHealth {
  private readonly providers = new Map<string, Known>();
  private readonly rateOf: (provider: string) => number | undefined;
  private returnedAt: number | undefined;

  /** `rateOf`: segments a second of a provider by the catalog, for those that were never heard of. */
  constructor(rateOf: (provider: string) => number | undefined) {
    this.rateOf = rateOf;
  }

  take(health: Health, at: number): void {
    const known = this.known(health.provider);
    known.partitions.set(health.partition, { health, at });
    known.recent = known.recent.filter((slice) => at - slice.at < UNDER_WAY_MS);
    known.given.fill(0);
    for (const { segments } of known.recent) for (let i = 0; i < QUEUES; i++) known.given[i]! += segments[i]!;
    known.trials = 0;
    known.until = 0;
    known.states.fill(undefined);
  }

  /** This process has given the provider so many segments. */
  gave(provider: string, queue: DispatchQueue, segments: number, now: number): void {
    const known = this.known(provider);
    const { given, recent } = known;
    if (known.tried) known.trials++;
    known.states.fill(undefined);
    known.fed += segments;
    const place = (queue.overflow ? OVERFLOW : OWN).get(queue.lane)!;
    let slice = recent.at(-1);
    if (slice === undefined || now - slice.at >= SLICE_MS) {
      slice = { at: now, segments: new Array<number>(QUEUES).fill(0) };
      // Of so many the first is old enough for the next word to count it.
      if (recent.push(slice) > UNDER_WAY_MS / SLICE_MS + 1) recent.shift();
    }
    slice.segments[place]! += segments;
    given[place]! += segments;
  }

  /** A provider that was never heard of counts as well: its sender may be starting, and its topic keeps what it is given. */
  state(provider: string, lane: Lane, now: number): ProviderState {
    const known = this.known(provider);
    if (now >= known.until) this.fold(provider, known, now);
    const own = OWN.get(lane)!;
    const state = known.states[own] ?? stateOf(known, own, OVERFLOW.get(lane)!);
    known.states[own] = state;
    return state;
  }

  /** The last word about a partition, however old. */
  word(provider: string, partition: number): Health | undefined {
    return this.providers.get(provider)?.partitions.get(partition)?.health;
  }

  /**
   * Segments that the provider has had in the present day and month of its quota's zone, by its senders' last words, which
   * are a second old; `except`: partitions that do not count. `at`: epoch ms by the brokers' clock.
   */
  volume(provider: string, at: number, except?: (partition: number) => boolean): VolumeCount {
    let [today, thisMonth] = [0, 0];
    for (const [partition, { health }] of this.providers.get(provider)?.partitions ?? []) {
      if (except?.(partition)) continue;
      const count = volumeAt(health, at);
      today += count.today;
      thisMonth += count.thisMonth;
    }
    return { today, thisMonth };
  }

  /** The same for people, with what its senders say of themselves; undefined when nothing was ever heard of them. */
  explained(provider: string, lane: Lane, now: number): ExplainedHealth | undefined {
    const heard = [...(this.providers.get(provider)?.partitions.values() ?? [])];
    if (heard.length === 0) return undefined;
    const { closed: _, laneSeconds: __, ...state } = this.state(provider, lane, now);
    const lately = heard.filter(({ at }) => now - at <= STALE_MS).map(({ health }) => health);
    // The best of its partitions: as long as one of them submits it gets messages.
    const best = (["closed", "half_open", "open"] as const).flatMap((circuit) =>
      lately.filter((word) => word.circuit === circuit),
    )[0];
    if (best === undefined) return { ...state, circuit: "silent", reason: null };
    const circuit = best.circuit === "half_open" ? "half-open" : best.circuit;
    return { ...state, circuit, reason: best.reason };
  }

  /**
   * Of the segments that this process has given out since it was last asked: the part that went to providers that have work for at least
   * so many seconds, as fast as they submit. Undefined when it has given out nothing.
   */
  shareBehind(seconds: number, now: number): number | undefined {
    let [all, behind] = [0, 0];
    for (const known of this.providers.values()) {
      const { fed } = known;
      if (fed === 0) continue;
      known.fed = 0;
      all += fed;
      if (isBehind(known, seconds, now)) behind += fed;
    }
    return all === 0 ? undefined : behind / all;
  }

  /** Whether anything would be given to one of these. */
  anyUsable(providers: readonly string[], now: number): boolean {
    return providers.some((provider) => {
      const known = this.known(provider);
      if (now >= known.until) this.fold(provider, known, now);
      return !known.open;
    });
  }

  /** When a provider that was left began to work again: the latest of all; undefined when none did as long as this process has looked. */
  lastReturn(now: number): number | undefined {
    for (const [provider, known] of this.providers) if (now >= known.until) this.fold(provider, known, now);
    return this.returnedAt;
  }

  private known(provider: string): Known {
    let known = this.providers.get(provider);
    if (known === undefined) {
      const [given, backlog] = [new Array<number>(QUEUES).fill(0), new Array<number>(QUEUES).fill(0)];
      const states = new Array<ProviderState | undefined>(QUEUES).fill(undefined);
      known = { partitions: new Map(), given, fed: 0, recent: [], backlog, states, until: 0, ...UNHEARD };
      this.providers.set(provider, known);
    }
    return known;
  }

  private fold(provider: string, known: Known, now: number): void {
    known.until = now + FOLD_EVERY_MS;
    known.states.fill(undefined);
    known.backlog.fill(0);
    known.rate = 0;
    let usable = 0;
    known.closed = false;
    known.segmentsThisMonth = 0;
    known.spentThisMonth = 0;
    known.monthEnd = 0;
    for (const { health, at } of known.partitions.values()) {
      countMonth(known, health);
      if (now - at > STALE_MS || health.circuit === "open") continue;
      usable++;
      known.closed ||= health.circuit === "closed";
      known.rate += health.rate;
      // A sender that does not tell its queues apart: all of it may go before.
      if (health.queues.length === 0) known.backlog[0]! += health.backlog;
      for (let i = 0; i < QUEUES; i++) known.backlog[i]! += health.queues[i] ?? 0;
    }
    known.open = known.partitions.size > 0 && usable === 0;
    known.tried = usable > 0 && !known.closed;
    if (known.open) known.away = true;
    else if (known.away && known.closed) {
      known.away = false;
      this.returnedAt = now;
    }
    if (known.rate === 0) known.rate = this.rateOf(provider) ?? 0;
  }
}

function isBehind({ partitions }: Known, seconds: number, now: number): boolean {
  let [backlog, perSecond] = [0, 0];
  for (const { health, at } of partitions.values()) {
    if (now - at > STALE_MS) continue;
    backlog += health.backlog;
    perSecond += health.effectiveRate;
  }
  return backlog > 0 && backlog >= perSecond * seconds;
}

/** `own`, `overflow`: the urgency of the message's lane, and of the overflow of that. */
function stateOf(known: Known, own: number, overflow: number): ProviderState {
  const { backlog, given, closed, rate, segmentsThisMonth, spentThisMonth, monthEnd } = known;
  let segments = 0;
  for (let i = 0; i <= own; i++) segments += backlog[i]! + given[i]!;
  const ofLane = segments + backlog[overflow]! + given[overflow]!;
  return {
    open: known.open || (known.tried && known.trials >= TRIALS),
    closed,
    rate,
    segmentsThisMonth,
    spentThisMonth,
    monthEnd,
    backlogSeconds: rate > 0 ? segments / rate : 0,
    laneSeconds: rate > 0 ? ofLane / rate : 0,
  };
}

/** Adds what a partition tells of its month, however long ago. Where some are in another month than others the later one counts. */
function countMonth(known: Known, { monthEnd, segmentsThisMonth, spentThisMonth }: Health): void {
  if (monthEnd < known.monthEnd) return;
  if (monthEnd > known.monthEnd) {
    known.segmentsThisMonth = 0;
    known.spentThisMonth = 0;
  }
  known.monthEnd = monthEnd;
  known.segmentsThisMonth += segmentsThisMonth;
  known.spentThisMonth += spentThisMonth;
}
