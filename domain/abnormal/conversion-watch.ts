import { BoundedMap } from "./bounded-map.ts";
import { DecayedCount } from "./decayed-count.ts";
import type { DeliveredShare } from "./delivered-share.ts";
import type { Spending } from "./spending.ts";
import { shortfall } from "./surprise.ts";
import type { Finding } from "./suspicion.ts";
import { type ToldTraffic, type TrafficMinute, wayKey } from "./traffic-minute.ts";

const HOUR = 60;
const HALF_LIFE = HOUR;
const USUAL_HALF_LIFE = 7 * 1_440;
export const ACCOUNTS = 2_000;
export const ACCOUNT_WAYS = 16_000;
export const WAYS = 2_000;
/** An account's way goes by its own share of conversions when so many were told; before, by the account's. */
const PRIOR_TOLD = 20;
/** Nothing is expected of an account of which less was told. */
const LEAST_KNOWN = 50;
/** A way is suspect when it converts so much of what is expected, at the most, of so many expected conversions, worth so many nats. */
const SHARE = 0.65;
const LEAST_EXPECTED = 12;
const LEAST_NATS = 14;
/** An account's other ways speak for its own application when so many conversions are expected of them. */
const OTHERS = 8;
/** Where nothing else speaks for an account's application, the way is suspect after so long. */
const ALONE = 5.5 * HOUR;
const ACCOUNTS_OF_WAY = 32;

class Conversions {
  readonly expected = new DecayedCount(HALF_LIFE);
  readonly told = new DecayedCount(HALF_LIFE);
  readonly converted = new DecayedCount(HALF_LIFE);
  readonly usuallyTold = new DecayedCount(USUAL_HALF_LIFE);
  readonly usuallyConverted = new DecayedCount(USUAL_HALF_LIFE);

  add(minute: number, { told, converted }: ToldTraffic, share: number, relative: number): void {
    this.expected.add(minute, told * share * relative);
    this.told.add(minute, told);
    this.converted.add(minute, converted);
  }

  learn(minute: number, { told, converted }: ToldTraffic): void {
    this.usuallyTold.add(minute, told);
    this.usuallyConverted.add(minute, converted);
  }
}

class Way {
  readonly accounts = new Map<string, Conversions>();
  /** Since when it converts little, by accounts that have no other way to compare with. */
  lowSince = -1;
}

/**
 * Finds ways whose messages do not do what they are for, while their receipts say that all is well: as on a grey route that replaced the sender.
 * An account's own trouble shows on all of its ways, and is none.
 */
export class ConversionWatch {
  private readonly accounts = new BoundedMap(ACCOUNTS, () => new Conversions());
  private readonly accountWays = new BoundedMap(ACCOUNT_WAYS, () => new Conversions());
  private readonly ways = new BoundedMap(WAYS, () => new Way());
  readonly memory = [this.accounts, this.accountWays, this.ways];
  private readonly spendingOf: (way: string) => Spending;
  private readonly deliveredOf: (way: string) => DeliveredShare;

  constructor(spendingOf: (way: string) => Spending, deliveredOf: (way: string) => DeliveredShare) {
    this.spendingOf = spendingOf;
    this.deliveredOf = deliveredOf;
  }

  see({ minute, told }: TrafficMinute): Finding[] {
    const touched = new Map<Way, ToldTraffic>();
    for (const row of told) {
      const key = wayKey(row);
      const account = this.accounts.claim(row.account);
      const own = this.accountWays.claim(`${row.account} ${key}`);
      const known = account.usuallyTold.get(minute);
      if (known >= LEAST_KNOWN) {
        const ofAccount = account.usuallyConverted.get(minute) / known;
        const share =
          (own.usuallyConverted.get(minute) + PRIOR_TOLD * ofAccount) / (own.usuallyTold.get(minute) + PRIOR_TOLD);
        const relative = this.deliveredOf(key).relative(minute);
        account.add(minute, row, share, relative);
        own.add(minute, row, share, relative);
        const way = this.ways.claim(key);
        way.accounts.delete(row.account);
        way.accounts.set(row.account, own);
        if (way.accounts.size > ACCOUNTS_OF_WAY) way.accounts.delete(way.accounts.keys().next().value!);
        touched.set(way, row);
      }
      account.learn(minute, row);
      own.learn(minute, row);
    }
    return [...touched].map(([way, row]) => this.judged(way, row, minute)).filter((finding) => finding !== undefined);
  }

  private judged(way: Way, { provider, country }: ToldTraffic, minute: number): Finding | undefined {
    const compared = { expected: 0, told: 0, converted: 0 };
    const alone = { expected: 0, told: 0, converted: 0 };
    for (const [name, own] of way.accounts) {
      const all = this.accounts.claim(name);
      const expected = own.expected.get(minute);
      const othersExpect = all.expected.get(minute) - expected;
      const converted = own.converted.get(minute);
      const sums = othersExpect >= OTHERS ? compared : alone;
      const others = othersExpect >= OTHERS ? (all.converted.get(minute) - converted + 2) / (othersExpect + 2) : 1;
      sums.expected += expected * Math.min(1, others);
      sums.told += own.told.get(minute);
      sums.converted += converted;
    }
    const byOthers = suspicion(compared);
    const byItself = suspicion(alone);
    if (byItself === 0) way.lowSince = -1;
    else if (way.lowSince < 0) way.lowSince = minute;
    const lasting = byItself > 0 && minute - way.lowSince >= ALONE;
    if (byOthers === 0 && !lasting) return undefined;
    const sums = byOthers > 0 ? compared : alone;
    return {
      kind: "grey-route",
      subject: { provider, country },
      measure: `conversions of ${Math.round(sums.told)} messages`,
      expected: sums.expected,
      seen: sums.converted,
      surprise: byOthers > 0 ? byOthers : byItself,
      hourly: this.spendingOf(wayKey({ provider, country })).hourly(minute),
    };
  }
}

/** Nats; 0 when there is nothing to suspect. */
function suspicion({ expected, told, converted }: { expected: number; told: number; converted: number }): number {
  if (expected < LEAST_EXPECTED || converted > SHARE * expected) return 0;
  const nats = shortfall(converted, told, Math.min(0.99, expected / told));
  return nats >= LEAST_NATS ? nats : 0;
}
