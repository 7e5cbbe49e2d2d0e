import type { NetworkRate } from "../../domain/catalog/network-rate.ts";
import { SegmentRate } from "../../platform/flow/segment-rate.ts";

/** What is asked for a message whose network or country has a rate of its own. Times are monotonic, ms. */
export interface NetworkLimit {
  /** Whether so many segments may go now. */
  allows(segments: number, now: number): boolean;
  take(segments: number, now: number): void;
  /** ms until they may, as far as is known now. */
  nextIn(segments: number, now: number): number;
}

/** The rate of one country or one network. */
class Limit {
  readonly rate = new SegmentRate({ keepsStaying: true });
  /** Segments a second by the catalog; undefined: it has none any more. */
  perSecond: number | undefined;
  /** Segments that a link has been given, and that may not have left yet. */
  given = 0;
}

/** All that hold for a destination: its network's, its country's, or both. */
class Limits implements NetworkLimit {
  readonly all: readonly Limit[];

  constructor(all: readonly Limit[]) {
    this.all = all;
  }

  allows(segments: number, now: number): boolean {
    return this.all.every(({ rate, perSecond }) => perSecond === undefined || rate.allows(segments, now));
  }

  take(segments: number, now: number): void {
    for (const { rate } of this.all) rate.take(segments, now);
  }

  nextIn(segments: number, now: number): number {
    return Math.max(
      ...this.all.map(({ rate, perSecond }) => (perSecond === undefined ? 0 : rate.nextIn(segments, now))),
    );
  }
}

/**
 * The rates of single countries and networks within a provider's, each as exact as that. A segment counts from when it leaves
 * on: a link that says of whom has left is believed; one that only says how many (an SMPP bind writes the requests of a turn at
 * once) is taken to have sent a network's last when nothing of anybody waits in it any more.
 */
export class NetworkRates {
  private readonly limits = new Map<string, Limit>();
  /** By country and network. */
  private found = new Map<string, Map<string | null, Limits | undefined>>();
  /** Limits of which a link may hold segments. */
  private readonly touched = new Set<Limit>();
  /** Segments of all networks that links hold. */
  private held = 0;

  /** These hold from now on, of which this process has the given share. */
  change(rates: readonly NetworkRate[], share: number, now: number): void {
    const named = new Map(rates.map(({ mccMnc, country, rate }) => [mccMnc ?? country ?? "", rate]));
    for (const key of named.keys()) if (!this.limits.has(key)) this.limits.set(key, new Limit());
    for (const [key, limit] of this.limits) limit.perSecond = named.get(key);
    this.found = new Map();
    this.setShare(share, now);
  }

  /** The share of each that this process has, 0 to 1. */
  setShare(share: number, now: number): void {
    for (const { rate, perSecond } of this.limits.values())
      if (perSecond !== undefined && rate.limit !== perSecond * share) rate.setShare(perSecond * share, now);
  }

  /** What holds for a network of a country; undefined: nothing but the provider's own rate. */
  of(network: string | null, country: string): NetworkLimit | undefined {
    if (this.limits.size === 0) return undefined;
    let ofCountry = this.found.get(country);
    if (ofCountry === undefined) {
      ofCountry = new Map();
      this.found.set(country, ofCountry);
    }
    if (!ofCountry.has(network)) ofCountry.set(network, this.look(network, country));
    return ofCountry.get(network);
  }

  /** A link has been given so many segments. Called for messages without a limit as well. */
  given(limit: NetworkLimit | undefined, segments: number): void {
    if (this.limits.size === 0) return;
    this.held += segments;
    if (!(limit instanceof Limits)) return;
    for (const one of limit.all) {
      one.given += segments;
      this.touched.add(one);
    }
  }

  /** The link did not take them: they are as they were before. */
  takeBack(limit: NetworkLimit | undefined, segments: number): void {
    if (this.limits.size === 0) return;
    this.held -= segments;
    if (limit instanceof Limits) for (const one of limit.all) one.given -= segments;
  }

  /** So many segments leave: of this limit's (`undefined`: of none), or of whom is not known. */
  left(segments: number, now: number, whose: NetworkLimit | undefined | "unknown"): void {
    if (this.limits.size === 0) return;
    this.held = Math.max(0, this.held - segments);
    if (whose instanceof Limits)
      for (const one of whose.all) {
        one.rate.left(segments, now);
        one.given -= segments;
      }
    if (whose !== "unknown" || this.held > 0) return;
    for (const one of this.touched) {
      one.rate.left(one.given, now);
      one.given = 0;
    }
    this.touched.clear();
  }

  /** So many segments that a link was given will not leave. */
  stay(limit: NetworkLimit | undefined, segments: number): void {
    this.held = Math.max(0, this.held - segments);
    if (!(limit instanceof Limits)) return;
    for (const one of limit.all) one.given -= segments;
    this.forget(limit, segments);
  }

  /** No request is under way in any link: what is not told of by now never will be. */
  settle(): void {
    this.held = 0;
    for (const one of this.touched) {
      one.rate.stays(one.given);
      one.given = 0;
    }
    this.touched.clear();
  }

  /** So many that were taken have not been given to a link, and will not be. */
  forget(limit: NetworkLimit | undefined, segments: number): void {
    if (limit instanceof Limits) for (const { rate } of limit.all) rate.stays(segments);
  }

  private look(network: string | null, country: string): Limits | undefined {
    const all = [network === null ? undefined : this.limits.get(network), this.limits.get(country)];
    const some = all.filter((limit) => limit?.perSecond !== undefined);
    return some.length === 0 ? undefined : new Limits(some as Limit[]);
  }
}
