import type { Budget } from "../catalog/budget.ts";
import type { Micros } from "../catalog/money.ts";
import type { BudgetBoard, BudgetListener } from "./budget-board.ts";
import {
  type BudgetWord,
  begun,
  type Ends,
  endOf,
  isBelow,
  PERIODS,
  PeriodEnds,
  type PeriodName,
  type PerPeriod,
  type Place,
  reachOf,
  type Spent,
  spentOf,
} from "./budget-word.ts";
import {
  apart,
  boundsOf,
  current,
  isAllTold,
  isLess,
  isSame,
  type Ledger,
  limitOf,
  measure,
  mostOf,
  passed,
  settle,
  spareOf,
  unsureOf,
} from "./ledger.ts";
import { type RecordedCharge, UnsureCharges, withCharge } from "./unsure-charges.ts";

/** What a budget says to a message that costs so much. */
export type Room =
  | { readonly verdict: "go" }
  /** There is some, and none that this partition has been given: it asks for it, and is answered in a moment. */
  | { readonly verdict: "held" }
  /** So much is not left until then, epoch ms. `spent`: of the period, as far as it is known here. */
  | { readonly verdict: "reached"; readonly period: PeriodName; readonly until: number; readonly spent: Micros }
  /** It is more than the whole budget of a period. */
  | { readonly verdict: "never"; readonly period: PeriodName };

export interface PartitionBudgetOptions {
  readonly partition: number;
  /** Of the message topics. */
  readonly partitions: number;
  readonly board: BudgetBoard;
  /** The budgets in force. */
  readonly budgetOf: (account: string) => Budget | undefined;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Changed counts are told once in so long, ms. */
const TELL_EVERY_MS = 1_000;
/** More is asked for once in so long at the most, ms. */
const ASK_EVERY_MS = 100;
/** Of what is left all partitions together keep a quarter at hand, so that three quarters are free for those who need them. */
const AT_HAND = 1 / 4;
/** A partition that spends much keeps what it spends in so many seconds at hand, and an eighth of what is left at the most. */
const SECONDS_AHEAD = 3;
const MOST_AHEAD = 1 / 8;
/**
 * Without a message for so long, ms, a partition keeps nothing when so little of the budget is left: of a small one, shares that are less than a message
 * would together keep the last ones from going. Where nobody here knows what a message costs, a share may be that from the first half on.
 */
const IDLE_MS = 10_000;
const NEAR_END = 1 / 20;
const NEAR_END_UNKNOWN = 1 / 2;
/** Nothing may be spent of it. */
const TAKEN_AWAY = { daily: 0, monthly: 0, zone: "UTC", whenReached: "wait" } as const;
/** So long the event log is kept readable from what has not been told, ms. It takes a log of words that cannot be written or read for as long. */
const MOST_UNTOLD_MS = 3_600_000;

/**
 * The budgets as one partition keeps them. Of a budget a partition spends only what it has said beforehand that it may, once it has read its own word in the
 * log with the words of all partitions together within the budget. All read the same log, so what they may spend together is never more than the budget,
 * however late they hear of each other, and whoever dies (docs/decisions/0022-budgets.md).
 * Pure: time is passed in, epoch ms by the brokers' clock.
 */
export class PartitionBudget implements BudgetListener {
  private readonly options: PartitionBudgetOptions;
  private readonly ends = new PeriodEnds();
  private readonly ledgers = new Map<string, Ledger>();
  private epoch: number;
  /** By input: no owner decides about the records below any more. */
  private upTo: readonly number[] = [];

  /** Goes on from what the partition's owners have told; the board must have been read to its end. */
  constructor(options: PartitionBudgetOptions) {
    this.options = options;
    const words = options.board.wordsOf(options.partition);
    this.epoch = Math.max(0, ...words.map(({ epoch }) => epoch)) + 1;
  }

  /** A decision of the log: it counts where no word of the partition has it. Each is given once. `at`: epoch ms. */
  recover(account: string, charge: RecordedCharge, at: number, place: Place | undefined): void {
    const { board, partition, budgetOf } = this.options;
    const { currency, added, until, addedToMonth, monthUntil } = charge;
    // One that has been taken away may be set again: then it goes on with all that was spent of it.
    const budget = budgetOf(account) ?? { ...TAKEN_AWAY, currency };
    if (budget.currency !== currency) return;
    const told = board.word(account, partition);
    if (told?.currency === currency && place !== undefined && isBelow(told.next, place)) return;
    const ledger = this.ledger(account, budget, at);
    const { taken, back } = apart({ day: added, month: addedToMonth ?? added });
    // In the periods of its decision, whatever has begun since: what was taken in a day that is over is not of this one.
    const ends = { dayEnd: until, monthEnd: monthUntil ?? this.ends.at(until - 1, budget.zone).monthEnd };
    if (taken !== undefined) this.count(ledger, taken, ends, place);
    if (back !== undefined && place !== undefined) ledger.unsure.add(place, { amount: back, ...ends });
  }

  /** `upTo`: by input, the records below are committed. What was decided about them is told as spent from now on, and what they gave back counts. */
  committed(upTo: readonly number[]): void {
    this.upTo = [...upTo];
    for (const ledger of this.ledgers.values()) settle(ledger, ledger.unsure.ripe(upTo));
  }

  /** By input: the event log must be readable from the decisions of these records on, since what they took stands in no word. Undefined: nothing is missing. */
  untoldFrom(now: number): readonly number[] | undefined {
    let lowest: number[] | undefined;
    for (const ledger of this.ledgers.values()) {
      if (isAllTold(ledger) || now - ledger.toldUpToAt > MOST_UNTOLD_MS) continue;
      const { toldUpTo } = ledger;
      lowest = this.upTo.map((_, i) => Math.min(toldUpTo[i] ?? 0, lowest?.[i] ?? Number.POSITIVE_INFINITY));
    }
    return lowest;
  }

  /**
   * `cost`: what the message would take. What is at hand is at hand of each period: what takes of one needs room in each that is bounded, though it takes nothing there.
   */
  room(account: string, budget: Budget, cost: PerPeriod, now: number): Room {
    const ledger = this.ledger(account, budget, now);
    ledger.lastAt = now;
    const most = mostOf(cost, budget);
    if (most <= 0) return { verdict: "go" };
    ledger.lastCost = most;
    this.options.board.noteCost(account, most);
    const others = this.options.board.sums(account, budget.currency, now, this.options.partition);
    const bounds = boundsOf(budget);
    const never = bounds.find(([, bound]) => most > bound);
    if (never !== undefined) return { verdict: "never", period: never[0] };
    // A month that is over says later than a day when there is room again.
    const full = bounds.findLast(
      ([period, bound]) => spentOf(ledger.spent, period, now) + others.spent[period] + most > bound,
    );
    if (full !== undefined) {
      const [period] = full;
      const spent = spentOf(ledger.spent, period, now) + others.spent[period];
      return { verdict: "reached", period, spent, until: this.endOf(ledger, budget, period, now) };
    }
    if (bounds.every(([period]) => spentOf(ledger.spent, period, now) + most <= limitOf(ledger, period, now)))
      return { verdict: "go" };
    ledger.held = Math.max(ledger.held, most);
    return { verdict: "held" };
  }

  /** The ends of the day and the month in which something is counted that is decided now. */
  endsAt(account: string, budget: Budget, now: number): Ends {
    return this.endsFor(this.ledger(account, budget, now).spent, budget, now);
  }

  /**
   * Counts what a message takes of each period. What it gives back, below 0, counts once its record is `committed`.
   * @param place of the record that is decided
   * @returns the ends of the day and the month that it is counted in, epoch ms
   */
  add(account: string, budget: Budget, amount: PerPeriod, now: number, place: Place): Ends {
    const ledger = this.ledger(account, budget, now);
    const ends = this.endsFor(ledger.spent, budget, now);
    const { taken, back } = apart(amount);
    if (taken !== undefined) {
      this.count(ledger, taken, ends, place);
      ledger.since += mostOf(taken, budget);
    }
    if (back !== undefined) ledger.unsure.add(place, { ...ends, amount: back });
    return ends;
  }

  /** A word, as it stands in the log. */
  heard(word: BudgetWord): void {
    const ledger = this.ledgers.get(word.account);
    if (ledger === undefined) return;
    if (word.partition === this.options.partition) {
      if (ledger.claim !== undefined && isSame(word, ledger.claim)) {
        ledger.claimRead = true;
        ledger.toldUpTo = word.next;
        ledger.toldUpToAt = Math.max(ledger.toldUpToAt, ledger.toldAt);
      } else this.contradicted(ledger, word, Math.max(ledger.lastAt, ledger.askedAt));
    }
    if (ledger.claimRead && !ledger.claimMissed) this.confirm(ledger, word);
  }

  missed(): void {
    // The next claim stands behind all that stood there by now: where it is read, what was missed is known by later words.
    for (const ledger of this.ledgers.values()) ledger.claimMissed = ledger.claim !== undefined;
  }

  /** Somebody else has spoken for this partition: others may believe that it has nothing at hand, or too much, until it speaks again. */
  misheard(account: string): void {
    const ledger = this.ledgers.get(account);
    if (ledger === undefined) return;
    ledger.grant = { ...ledger.grant, ahead: 0 };
    ledger.changed = true;
    ledger.toldAt = 0;
  }

  /** The words that are to be written. */
  tell(accounts: Iterable<string>, now: number): BudgetWord[] {
    const words: BudgetWord[] = [];
    for (const account of accounts) {
      const budget = this.options.budgetOf(account);
      if (budget === undefined) continue;
      const ledger = this.ledger(account, budget, now);
      if (isAllTold(ledger)) {
        ledger.toldUpTo = this.upTo;
        ledger.toldUpToAt = now;
      }
      const urgent = ledger.held > 0 || ledger.since > 0;
      if (passed(ledger.askedAt, now) < (urgent ? ASK_EVERY_MS : TELL_EVERY_MS)) continue;
      ledger.askedAt = now;
      const word = this.wordOn(ledger, budget, now);
      if (word === undefined) continue;
      ledger.claim = word;
      ledger.claimRead = false;
      ledger.claimMissed = false;
      ledger.changed = false;
      ledger.toldAt = now;
      ledger.held = 0;
      words.push(word);
    }
    return words;
  }

  /** Undefined: nothing is to be said. */
  private wordOn(ledger: Ledger, budget: Budget, now: number): BudgetWord | undefined {
    const refused = ledger.claim !== undefined && (ledger.claimRead || ledger.claimMissed);
    // One word at a time: what it comes to is known when it has been read.
    if (ledger.claim !== undefined && !refused) return undefined;
    measure(ledger, now);
    const spare = spareOf(ledger, budget, now);
    const unsure = unsureOf(ledger, now);
    const kept = Math.min(spare, Math.max(0, ledger.grant.ahead - unsure));
    const wanted = refused ? kept : this.wantedAhead(ledger, budget, now);
    if (refused) ledger.askAgainAt = now + TELL_EVERY_MS * this.options.random();
    const due = passed(ledger.toldAt, now) >= TELL_EVERY_MS;
    const mayAsk = now >= ledger.askAgainAt || ledger.askAgainAt > now + TELL_EVERY_MS;
    const raises = wanted > spare && (ledger.held > 0 || spare < wanted / 2) && mayAsk;
    const lowers = due && spare > 0 && wanted < spare / 2;
    if (!refused && !raises && !lowers && !(due && ledger.changed)) {
      // Who was held asks again within that time.
      if (now - ledger.lastAt > TELL_EVERY_MS) ledger.held = 0;
      return undefined;
    }
    const ahead = raises || lowers ? wanted : Math.min(wanted, spare);
    const { account, currency } = ledger;
    const sure = { ...this.endsFor(ledger.sure, budget, now), ...current(ledger.sure, now) };
    return {
      account,
      currency,
      partition: this.options.partition,
      epoch: this.epoch,
      at: now,
      ...sure,
      // A new owner finds what is not sure in the event log, or decides it anew: it spends it out of this.
      ahead: Math.floor(unsure + ahead),
      next: this.upTo,
    };
  }

  /** What this partition should have at hand. */
  private wantedAhead(ledger: Ledger, budget: Budget, now: number): Micros {
    const { board, partition, partitions } = this.options;
    const others = board.sums(ledger.account, ledger.currency, now, partition);
    let left = Number.POSITIVE_INFINITY;
    let free = Number.POSITIVE_INFINITY;
    let part = 1;
    for (const [period, bound] of boundsOf(budget)) {
      const own = spentOf(ledger.spent, period, now);
      const remains = bound - own - others.spent[period];
      left = Math.min(left, remains);
      part = Math.min(part, bound === 0 ? 0 : remains / bound);
      free = Math.min(free, bound - own - others.reach[period]);
    }
    left = Math.max(0, left);
    const least = Math.max(ledger.lastCost, board.costOf(ledger.account));
    const nearEnd = least > 0 ? NEAR_END : NEAR_END_UNKNOWN;
    const share = part <= nearEnd && now - ledger.lastAt > IDLE_MS ? 0 : (left * AT_HAND) / partitions;
    const pace = Math.min(ledger.pace * SECONDS_AHEAD, left * MOST_AHEAD);
    const wanted = Math.min(Math.max(share, pace, ledger.held), Math.max(free, 0));
    // What is less than a message is of no use here, and of use to others.
    return wanted < least ? 0 : wanted;
  }

  /** All words together are within the budget: what this partition has said is granted. */
  private confirm(ledger: Ledger, { account }: BudgetWord): void {
    const budget = this.options.budgetOf(account);
    const { claim } = ledger;
    if (claim === undefined || budget?.currency !== claim.currency) return;
    // Of a period that ends now both its ends are looked at: what is granted holds in the next one as well.
    const now = ledger.toldAt;
    if (!this.isWithin(claim, budget, now) && !isLess(claim, ledger.grant, budget, now)) return;
    ledger.grant = claim;
    ledger.claim = undefined;
    ledger.claimRead = false;
  }

  /** Whether all words together are within the budget, and say all that others may have spent in the periods of this one. */
  private isWithin(word: BudgetWord, budget: Budget, now: number): boolean {
    const { board, partition } = this.options;
    const { account, currency } = word;
    if (board.unreadOf(account).size > 0) return false;
    const { reach } = board.sums(account, currency, now, partition);
    return boundsOf(budget).every(([period, bound]) => {
      const isCurrent = now < endOf(word, period);
      return reach[period] + reachOf(word, period, now) <= bound && !(isCurrent && board.isOver(word, period));
    });
  }

  /** Somebody else has spoken for this partition, a former owner: others believe it until this one speaks again. */
  private contradicted(ledger: Ledger, word: BudgetWord, now: number): void {
    this.epoch = Math.max(this.epoch, word.epoch + 1);
    const { grant } = ledger;
    const reaches = PERIODS.map((period) => reachOf(word, period, now) - spentOf(grant, period, now));
    ledger.grant = { ...grant, ahead: Math.max(0, Math.min(grant.ahead, ...reaches)) };
    ledger.changed = true;
    ledger.toldAt = 0;
  }

  /** `place`: undefined where nobody can decide it anew. */
  private count(ledger: Ledger, amount: PerPeriod, ends: Ends, place: Place | undefined): void {
    const charge = { ...ends, amount };
    ledger.spent = withCharge(begun(ledger.spent, ends), charge);
    ledger.sure = begun(ledger.sure, ends);
    if (place === undefined) settle(ledger, [charge]);
    else ledger.unsure.add(place, charge);
  }

  private endOf(ledger: Ledger, budget: Budget, period: PeriodName, now: number): number {
    const ends = this.endsFor(ledger.spent, budget, now);
    return period === "day" ? ends.dayEnd : ends.monthEnd;
  }

  private endsFor(spent: Spent, budget: Budget, now: number): Ends {
    const { dayEnd, monthEnd } = this.ends.at(now, budget.zone);
    return {
      dayEnd: now < spent.dayEnd ? spent.dayEnd : dayEnd,
      monthEnd: now < spent.monthEnd ? spent.monthEnd : monthEnd,
    };
  }

  private ledger(account: string, budget: Budget, now: number): Ledger {
    const known = this.ledgers.get(account);
    if (known?.currency === budget.currency) return known;
    const ledger = this.opened(account, budget, now);
    this.ledgers.set(account, ledger);
    return ledger;
  }

  private opened(account: string, budget: Budget, now: number): Ledger {
    const { board, partition } = this.options;
    const { currency } = budget;
    const said = board.word(account, partition);
    const nothing = { ...this.ends.at(now, budget.zone), day: 0, month: 0 };
    const none = { account, currency, partition, epoch: 0, at: 0, ...nothing, ahead: 0, next: [] };
    const word = said?.currency === currency ? said : none;
    const granted = this.isWithin(word, budget, now);
    const { day, dayEnd, month, monthEnd } = word;
    return {
      account,
      currency,
      spent: { day, dayEnd, month, monthEnd },
      sure: { day, dayEnd, month, monthEnd },
      grant: granted ? word : { ...word, ahead: 0 },
      claim: undefined,
      claimRead: false,
      claimMissed: false,
      // Others count what was told: what it does not let this one spend is to be taken back, and what they do not understand to be said again.
      changed: (!granted && word.ahead > 0) || board.unreadOf(account).has(partition),
      unsure: new UnsureCharges(),
      toldUpTo: word.next,
      toldUpToAt: now,
      toldAt: 0,
      askedAt: 0,
      askAgainAt: 0,
      lastCost: 0,
      held: 0,
      lastAt: now,
      since: 0,
      paceAt: now,
      pace: 0,
    };
  }
}
