import { BoundedMap } from "./bounded-map.ts";
import { DecayedCount } from "./decayed-count.ts";
import type { Counted, DeliveredShare } from "./delivered-share.ts";
import type { Spending } from "./spending.ts";
import { shortfall } from "./surprise.ts";
import type { Finding } from "./suspicion.ts";
import { type ToldTraffic, type TrafficMinute, wayKey } from "./traffic-minute.ts";

const HOUR = 60;
const USUAL_HALF_LIFE = 7 * 1_440;
export const ACCOUNTS = 2_000;
export const ACCOUNT_WAYS = 16_000;
export const WAYS = 2_000;
/** An account's way goes by its own share of conversions when so many were told; before, by the account's. */
const PRIOR_TOLD = 20;
/** Nothing is expected of an account of which less was told. */
const LEAST_KNOWN = 50;
/** Evidence is weighed for a way that converts half of what is usual: a quarter less than usual neither speaks for it nor against it. */
const SUSPECTED = 0.5;
/** A way is suspect when it converts so much of what is expected, at the most, of so many expected conversions, worth so many nats. */
const SHARE = 0.65;
const LEAST_EXPECTED = 12;
const LEAST_NATS = 14;
/** Evidence of less than so many minutes is none yet: what else explains it, such as pumping, is told of meanwhile, or an application was late to tell. */
const LASTING = 30;
/** More evidence than this is not kept, so that a way that is well again is soon taken to be. */
const MOST_NATS = LEAST_NATS + 4;
/** Evidence is worth half after so long, so that a way that nobody uses any more is not suspected when it is used again. */
const EVIDENCE_HALF_LIFE = 1_440;
/** An account's other ways speak for its own application when so many conversions are expected of them. */
const OTHERS = 8;
/** Where nothing else speaks for an account's application, the way is suspect after so long. */
const ALONE = 5.5 * HOUR;
/** Or at once, when it is as much as this for each of several accounts: their applications do not break together. */
const EACH_NATS = 5;
/** Accounts of a way that are looked at, those with the first messages. */
const ACCOUNTS_OF_WAY = 32;

/** Conversions that were expected, and those that were told of. */
interface Sums {
  expected: number;
  told: number;
  converted: number;
}

const none = (): Sums => ({ expected: 0, told: 0, converted: 0 });

/** What is known of an account, or of an account on a way. */
class Conversions {
  private readonly told = new DecayedCount(USUAL_HALF_LIFE);
  private readonly converted = new DecayedCount(USUAL_HALF_LIFE);
  /** Of an account: since it is known. */
  readonly ever = none();

  add(minute: number, row: ToldTraffic): void {
    this.told.add(minute, row.told);
    this.converted.add(minute, row.converted);
  }

  usually(minute: number): { told: number; converted: number } {
    return { told: this.told.get(minute), converted: this.converted.get(minute) };
  }
}

/** What an account had on a way since the evidence against it began, and what it had in all before. */
interface Run {
  /** `sent`: conversions that would be expected if the way delivered as ever. */
  readonly own: Sums & { sent: number };
  readonly before: Sums;
}

class Way {
  /** Evidence that it converts half of what is usual, nats: it never falls below 0, where it begins anew. */
  readonly evidence = new DecayedCount(EVIDENCE_HALF_LIFE);
  since = 0;
  /** Messages that were counted before that. */
  before: Counted = { sent: 0, delivered: 0 };
  readonly runs = new Map<string, Run>();

  /** @returns the evidence with that of a minute */
  weigh(minute: number, nats: number, delivered: DeliveredShare): number {
    const before = this.evidence.get(minute);
    const evidence = this.evidence.add(minute, Math.min(MOST_NATS - before, Math.max(-before, nats)));
    if (evidence > 0) return evidence;
    this.since = minute;
    this.before = delivered.told;
    this.runs.clear();
    return 0;
  }

  /** Undefined for further accounts than are looked at. */
  runOf(name: string, account: Conversions): Run | undefined {
    const run = this.runs.get(name);
    if (run !== undefined || this.runs.size >= ACCOUNTS_OF_WAY) return run;
    const begun = { own: { ...none(), sent: 0 }, before: { ...account.ever } };
    this.runs.set(name, begun);
    return begun;
  }
}

/**
 * Finds ways whose messages do not do what they are for, while their receipts say that all is well: as on a grey route that replaced the sender.
 * An account's own trouble shows on all of its ways, and is none.
 *
 * Evidence is added up message by message, from the last moment on at which there was none (Page, Continuous inspection schemes, 1954): so a way with
 * few messages is found after as many of them as a busy one, and what it converted before does not speak for it.
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
    const touched = new Map<Way, { row: ToldTraffic; nats: number }>();
    for (const row of told) {
      const key = wayKey(row);
      const account = this.accounts.claim(row.account);
      const own = this.accountWays.claim(`${row.account} ${key}`);
      const known = account.usually(minute);
      if (known.told >= LEAST_KNOWN) {
        const usual = own.usually(minute);
        const share = (usual.converted + PRIOR_TOLD * (known.converted / known.told)) / (usual.told + PRIOR_TOLD);
        const expected = share * this.deliveredOf(key).relative(minute);
        const way = this.ways.claim(key);
        const run = way.runOf(row.account, account);
        add(account.ever, row.told * expected, row);
        if (run !== undefined) {
          add(run.own, row.told * expected, row);
          run.own.sent += row.told * share;
        }
        const one = touched.get(way) ?? { row, nats: 0 };
        one.nats += weight(row, expected);
        touched.set(way, one);
      }
      account.add(minute, row);
      own.add(minute, row);
    }
    const findings: Finding[] = [];
    for (const [way, { row, nats }] of touched) {
      const evidence = way.weigh(minute, nats, this.deliveredOf(wayKey(row)));
      if (evidence < LEAST_NATS || minute - way.since < LASTING) continue;
      const finding = this.judged(way, row, minute, evidence > MOST_NATS - 1);
      if (finding !== undefined) findings.push(finding);
    }
    return findings;
  }

  /** @param isPlain whether there is as much evidence as is kept */
  private judged(way: Way, row: ToldTraffic, minute: number, isPlain: boolean): Finding | undefined {
    const { provider, country } = row;
    const [compared, alone] = [none(), none()];
    const delivered = this.deliveredOf(wayKey(row)).relativeSince(way.before, minute);
    let several = 0;
    for (const [name, { own, before }] of way.runs) {
      const { ever } = this.accounts.claim(name);
      const othersExpect = ever.expected - before.expected - own.expected;
      const isCompared = othersExpect >= OTHERS;
      const others = isCompared ? (ever.converted - before.converted - own.converted + 2) / (othersExpect + 2) : 1;
      const expected = Math.min(own.expected, own.sent * delivered);
      add(isCompared ? compared : alone, expected * Math.min(1, others), own);
      if (!isCompared && natsOf({ ...own, expected }) >= EACH_NATS) several++;
    }
    const byOthers = suspicion(compared);
    const byItself = suspicion(alone);
    const isSure = several > 1 || (isPlain && minute - way.since >= ALONE);
    if (byOthers === 0 && (byItself === 0 || !isSure)) return undefined;
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

function add(sums: Sums, expected: number, { told, converted }: Pick<ToldTraffic, "told" | "converted">): void {
  sums.expected += expected;
  sums.told += told;
  sums.converted += converted;
}

/** How much likelier conversions are when half of the share that is expected of the messages is left than when all of it is, nats. */
function weight({ told, converted }: ToldTraffic, share: number): number {
  const usual = Math.min(0.99, share);
  return converted * Math.log(SUSPECTED) + (told - converted) * Math.log((1 - SUSPECTED * usual) / (1 - usual));
}

function natsOf({ expected, told, converted }: Sums): number {
  return shortfall(converted, told, Math.min(0.99, expected / told));
}

/** Nats; 0 when there is nothing to suspect. */
function suspicion(sums: Sums): number {
  if (sums.expected < LEAST_EXPECTED || sums.converted > SHARE * sums.expected) return 0;
  const surprise = natsOf(sums);
  return surprise >= LEAST_NATS ? surprise : 0;
}
