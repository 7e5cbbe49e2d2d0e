import { DELAY_BOUNDS_MS, DELAY_BUCKETS } from "../quality/delay-buckets.ts";
import { BoundedMap } from "./bounded-map.ts";
import { DecayedHistogram } from "./decayed-histogram.ts";
import type { Spending } from "./spending.ts";
import { shortfall } from "./surprise.ts";
import type { Finding } from "./suspicion.ts";
import { type EndTraffic, type TrafficMinute, wayKey } from "./traffic-minute.ts";

export const WAYS = 2_000;
const RECENT_HALF_LIFE = 20;
const USUAL_HALF_LIFE = 7 * 1_440;
/** Receipts that say something, and that must have been there before. */
const LEAST = 40;
const LEAST_USUAL = 300;
/** So many say something of a way that is known when they come within impossible times; one in so many may at any time. */
const LEAST_IMPOSSIBLE = 12;
const ANY_TIME = 0.02;
/** Receipts may be slower or faster by so many buckets (8 times) and are still those of handsets. */
const SHIFTS = 6;
/** How far their distribution must be from any such shift, nats a receipt; and in all. */
const DISTANCE = 0.3;
const LEAST_NATS = 20;
/** Share that a bucket may have though nothing was ever counted in it. */
const UNSEEN = 0.0004;
/** How much more of them come within twice the time than usual does. */
const NARROWER = 0.1;
/** Share of receipts within half a second that no handsets give. */
const IMPOSSIBLE = 0.5;

class Receipts {
  readonly recent = new DecayedHistogram(DELAY_BUCKETS, RECENT_HALF_LIFE);
  readonly usual = new DecayedHistogram(DELAY_BUCKETS, USUAL_HALF_LIFE);
}

/** Finds receipts that no handset gives: within impossible times, or all after the same time. Slow ones and fast ones are none of these. */
export class ReceiptWatch {
  private readonly ways = new BoundedMap(WAYS, () => new Receipts());
  readonly memory = [this.ways];
  private readonly spendingOf: (way: string) => Spending;

  /** @param spendingOf what a way costs */
  constructor(spendingOf: (way: string) => Spending) {
    this.spendingOf = spendingOf;
  }

  see({ minute, ends }: TrafficMinute): Finding[] {
    const findings: Finding[] = [];
    for (const row of ends) {
      if (row.delivered === 0) continue;
      const way = this.ways.claim(wayKey(row));
      way.recent.add(minute, row.delays);
      const found = this.judged(way, row, minute);
      if (found === undefined) way.usual.add(minute, row.delays);
      else findings.push(found);
    }
    return findings;
  }

  private judged({ recent, usual }: Receipts, { provider, country }: EndTraffic, minute: number): Finding | undefined {
    const known = usual.total >= LEAST_USUAL;
    if (recent.total < (known ? LEAST_IMPOSSIBLE : LEAST)) return undefined;
    const usuallyAtOnce = known ? usual.counts[0]! / usual.total : 0;
    const atOnce = recent.counts[0]! / recent.total;
    const later = recent.total - recent.counts[0]!;
    const impossible = shortfall(later, recent.total, 1 - Math.max(ANY_TIME, usuallyAtOnce));
    const isImpossible = atOnce >= IMPOSSIBLE && usuallyAtOnce < IMPOSSIBLE / 2 && impossible >= LEAST_NATS;
    const [within, usuallyWithin] = [recent.narrowest(), usual.narrowest()];
    const nats =
      known && recent.total >= LEAST && within >= usuallyWithin + NARROWER ? distance(recent, usual) * recent.total : 0;
    const isSame = nats >= Math.max(LEAST_NATS, DISTANCE * recent.total);
    if (!isImpossible && !isSame) return undefined;
    const told = isImpossible
      ? {
          measure: `share of receipts that come within ${DELAY_BOUNDS_MS[0]} ms`,
          expected: usuallyAtOnce,
          seen: atOnce,
        }
      : {
          measure: "share of receipts that come after the same time, within a factor of two",
          expected: usuallyWithin,
          seen: within,
        };
    return {
      kind: "forged-receipts",
      subject: { provider, country },
      ...told,
      surprise: Math.max(nats, isImpossible ? impossible : 0),
      hourly: this.spendingOf(wayKey({ provider, country })).hourly(minute),
    };
  }
}

/** How far recent receipts are from the usual ones, nats each, whatever factor they are slower or faster by. */
function distance(recent: DecayedHistogram, usual: DecayedHistogram): number {
  let least = Number.POSITIVE_INFINITY;
  for (let shift = -SHIFTS; shift <= SHIFTS; shift++) {
    let nats = 0;
    for (let b = 0; b < DELAY_BUCKETS; b++) {
      const own = recent.counts[b]! / recent.total;
      if (own === 0) continue;
      // What lies beyond the first or last bucket is in it.
      const from = Math.min(DELAY_BUCKETS - 1, Math.max(0, b - shift));
      nats += own * Math.log(own / ((usual.counts[from]! / usual.total + UNSEEN) / (1 + UNSEEN * DELAY_BUCKETS)));
    }
    least = Math.min(least, nats);
  }
  return Math.max(0, least);
}
