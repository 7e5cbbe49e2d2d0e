import { numberBlock } from "../numbers/number-block.ts";
import { BoundedMap } from "./bounded-map.ts";
import { DecayedCount } from "./decayed-count.ts";
import { SeasonalRate } from "./seasonal-rate.ts";
import { Spending } from "./spending.ts";
import { excess } from "./surprise.ts";
import type { Finding } from "./suspicion.ts";
import type { RangeTraffic, TrafficMinute } from "./traffic-minute.ts";

const HOUR = 60;
const DAY = 24 * HOUR;
const HALF_LIFE = 30;
const USUAL_HALF_LIFE = 7 * DAY;
/** Blocks of numbers, countries, and pairs of an account and a block that are remembered. */
export const BLOCKS = 10_000;
export const COUNTRIES = 300;
export const PAIRS = 50_000;
/** Accounts of a block that are looked at together, those seen last. */
const MEMBERS = 32;
/** Until traffic has been seen for so long nothing is unusual. */
const SETTLED = 3 * DAY;
/** So many accounts have a hand in it, each with so many messages and such a part of all beyond its usual. */
const ACCOUNTS = 3;
const EACH = 2;
const EACH_PART = 0.05;
/** Without what the largest of them has beyond its usual it still is so many messages, so many times its busiest hour of late at this time of
 * the day, so many times its part of the country, and worth so many nats. */
const LEAST = 10;
const BEYOND_HOUR = 3;
const BEYOND_PART = 2;
const LEAST_NATS = 14;
/** What a block has of a country before anything is known, as messages. */
const PRIOR_PART = 0.1;
const PRIOR_MESSAGES = 20;
/** What goes on for longer than this after it was found is learned, and for as long nothing is news again. */
const NEWS = 3 * DAY;

/** What all accounts send to a block, or to a country. */
class Counts {
  readonly usual = new SeasonalRate();
  readonly newest = new DecayedCount(HALF_LIFE);

  /** @param first the minute from which on it would have been seen: what comes later for the first time had none until then */
  constructor(first: number) {
    this.usual.learn(first, 0);
  }

  add(minute: number, messages: number): void {
    this.usual.learn(minute, messages);
    this.newest.add(minute, messages);
  }
}

class Block extends Counts {
  readonly ever = new DecayedCount(USUAL_HALF_LIFE);
  readonly spending = new Spending(HALF_LIFE);
  /** Accounts, those seen last at the end. */
  readonly members = new Set<string>();
  private found = Number.NEGATIVE_INFINITY;
  private hour = -1;
  private messages = 0;

  override add(minute: number, messages: number): void {
    super.add(minute, messages);
    this.ever.add(minute, messages);
  }

  /**
   * After each minute: what its hour has had up to now may be a peak, unless that is news. Hours are taken whole, so that it is the same where all
   * messages of an hour are shown in one minute.
   */
  peaked(minute: number, messages: number, isNews: boolean): void {
    const hour = Math.floor(minute / HOUR);
    if (hour !== this.hour) [this.hour, this.messages] = [hour, 0];
    this.messages += messages;
    if (isNews && minute - this.found >= 2 * NEWS) this.found = minute;
    if (minute - this.found < NEWS) this.usual.forgetNewest();
    else this.usual.peaked(this.messages / HOUR);
  }
}

/** An account's otp to a block. */
class Pair {
  readonly newest = new DecayedCount(HALF_LIFE);
  readonly ever = new DecayedCount(USUAL_HALF_LIFE);
}

/** A block that has messages in a minute. */
interface Touched {
  readonly key: string;
  readonly name: string;
  readonly country: string;
  readonly block: Block;
  messages: number;
}

/** Whether something is told of already that explains an account's messages into a country. */
type Told = (account: string, country: string) => boolean;

/**
 * Finds one-time passwords that many accounts together send to one block of numbers, though none of them sends so many that it would be remarkable. What
 * is usual of a block is known by the time of the day and of the week; and since all blocks of a country are busy at its busy hours, only what it has beyond its part of the country counts.
 */
export class PrefixWatch {
  private readonly blocks: BoundedMap<Block>;
  private readonly countries = new BoundedMap(COUNTRIES, () => new Counts(this.first));
  private readonly pairs: BoundedMap<Pair>;
  readonly memory: readonly Pick<BoundedMap<unknown>, "size" | "limit" | "evicted">[];
  private first = -1;

  constructor(blocks = BLOCKS, pairs = PAIRS) {
    this.blocks = new BoundedMap(blocks, () => new Block(this.first));
    this.pairs = new BoundedMap(pairs, () => new Pair());
    this.memory = [this.blocks, this.countries, this.pairs];
  }

  /** What an account sends while something else explains it is neither counted nor learned from. */
  see({ minute, ranges }: TrafficMinute, told: Told): Finding[] {
    if (this.first < 0 && ranges.length > 0) this.first = minute;
    const touched = new Map<string, Touched>();
    const countries = new Map<string, number>();
    for (const row of ranges) {
      const { account, country, messages } = row;
      if (told(account, country)) continue;
      countries.set(country, (countries.get(country) ?? 0) + messages);
      const name = numberBlock(row.range);
      const key = `${country} ${name}`;
      const block = this.blocks.claim(key);
      this.count(minute, row, block, key);
      const before = touched.get(key);
      if (before === undefined) touched.set(key, { key, name, country, block, messages });
      else before.messages += messages;
    }
    for (const [country, messages] of countries) this.countries.claim(country).add(minute, messages);
    const findings: Finding[] = [];
    for (const one of touched.values()) {
      const { block, messages } = one;
      block.add(minute, messages);
      const finding = minute - this.first < SETTLED ? undefined : this.judged(one, minute, told);
      if (finding !== undefined) findings.push(finding);
      block.peaked(minute, messages, finding !== undefined);
    }
    return findings;
  }

  private count(
    minute: number,
    { account, messages, cost, currency }: RangeTraffic,
    { members, spending }: Block,
    key: string,
  ): void {
    spending.add(minute, cost, currency);
    // Which was seen last is of use only where not all have room.
    if (members.size >= MEMBERS) members.delete(account);
    members.add(account);
    if (members.size > MEMBERS) members.delete(members.values().next().value!);
    const pair = this.pairs.claim(`${account} ${key}`);
    pair.newest.add(minute, messages);
    pair.ever.add(minute, messages);
  }

  private judged({ block, key, name, country }: Touched, minute: number, told: Told): Finding | undefined {
    const { newest, usual } = block;
    const count = newest.get(minute);
    if (count < LEAST) return undefined;
    const ofCountry = this.countries.claim(country);
    const allOfCountry = ofCountry.newest.get(minute);
    const part = usualPart(block, ofCountry, minute) * allOfCountry;
    const least = Math.max(LEAST, BEYOND_HOUR * usual.peakAround(minute) * newest.window, BEYOND_PART * part);
    if (count < least) return undefined;
    const { all, most, accounts } = this.spread(block, key, country, minute, told);
    const expected = Math.max(part, usual.expected(minute) * newest.window);
    const surprise = excess(all - most, expected + 1);
    if (accounts < ACCOUNTS || all - most < least || surprise < LEAST_NATS) return undefined;
    return {
      kind: "pumping",
      subject: { country, range: name },
      measure: `of ${Math.round(allOfCountry)} otp messages into the country, those to one block of numbers by all accounts, of which ${accounts} send it more than they ever do`,
      expected,
      seen: all,
      surprise,
      hourly: block.spending.hourly(minute),
    };
  }

  /** Over which accounts a block's newest messages are spread: how many have a hand in it, and the most that one has beyond its usual. */
  private spread(
    { newest, usual, ever, members }: Block,
    key: string,
    country: string,
    minute: number,
    told: Told,
  ): { all: number; most: number; accounts: number } {
    let [all, most] = [newest.get(minute), 0];
    const beyonds: number[] = [];
    // At this time of the week an account has its part of what the block has.
    const perMessage = (usual.expected(minute) * newest.window) / ever.get(minute);
    for (const account of members) {
      const pair = this.pairs.peek(`${account} ${key}`);
      if (pair === undefined) continue;
      const own = pair.newest.get(minute);
      if (told(account, country)) {
        all -= own;
        continue;
      }
      const beyond = own - pair.ever.get(minute) * perMessage;
      most = Math.max(most, beyond);
      beyonds.push(beyond);
    }
    const least = Math.max(EACH, EACH_PART * all);
    return { all, most, accounts: beyonds.filter((beyond) => beyond >= least).length };
  }
}

/** The part of its country's messages that a block has at this time of the week; that of a day at this rate counts as known. */
function usualPart(block: Counts, country: Counts, minute: number): number {
  const known = (counts: Counts): number => counts.usual.expected(minute) * DAY;
  return (known(block) + PRIOR_MESSAGES * PRIOR_PART) / (known(country) + PRIOR_MESSAGES);
}
