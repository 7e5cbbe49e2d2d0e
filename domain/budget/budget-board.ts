import type { Micros } from "../catalog/money.ts";
import { type BudgetWord, endOf, PERIODS, type PeriodName, reachOf, spentOf } from "./budget-word.ts";

/** What partitions have said, added up. */
export interface Sums {
  /** What they have spent, as they have told. */
  readonly spent: Readonly<Record<PeriodName, Micros>>;
  /** What they may have spent at the most. */
  readonly reach: Readonly<Record<PeriodName, Micros>>;
}

/** Told of each word on a budget, in the order of the log. */
export interface BudgetListener {
  heard(word: BudgetWord): void;
  /** Words on budgets stood there that are not heard. */
  missed(): void;
  /** A word of its own partition stood there that cannot be understood. */
  misheard(account: string): void;
}

/** Clocks of routers differ by so much at the most, ms. */
const CLOCKS_DIFFER_MS = 60_000;
const NONE: ReadonlySet<number> = new Set();
const NOTHING: Sums = { spent: { day: 0, month: 0 }, reach: { day: 0, month: 0 } };

/** The newest word of each partition on each account's budget, in the order of one log, which is the same for all routers. */
export class BudgetBoard {
  /** By account, then by partition. */
  private readonly words = new Map<string, Map<number, BudgetWord>>();
  /** By account: partitions whose last word cannot be understood. */
  private readonly unread = new Map<string, Set<number>>();
  private readonly costs = new Map<string, Micros>();
  private readonly listeners = new Map<number, BudgetListener>();

  fold(word: BudgetWord): void {
    let partitions = this.words.get(word.account);
    if (partitions === undefined) {
      partitions = new Map();
      this.words.set(word.account, partitions);
    }
    const known = partitions.get(word.partition);
    if (known !== undefined && word.epoch < known.epoch) return;
    partitions.set(word.partition, word);
    this.understood(word.account, word.partition);
    for (const listener of this.listeners.values()) listener.heard(word);
  }

  /** Words stood there that cannot be given: until all that stood behind them by now has been given, what is known here may be less than what was said. */
  missed(): void {
    for (const listener of this.listeners.values()) listener.missed();
  }

  /** A word of a partition stood there that cannot be understood: until it says another one, nobody knows what it may spend. */
  misheard(account: string, partition: number): void {
    let partitions = this.unread.get(account);
    if (partitions === undefined) {
      partitions = new Set();
      this.unread.set(account, partitions);
    }
    partitions.add(partition);
    this.listeners.get(partition)?.misheard(account);
  }

  /** The partitions whose last word on the account's budget cannot be understood. */
  unreadOf(account: string): ReadonlySet<number> {
    return this.unread.get(account) ?? NONE;
  }

  /** A word was taken away. */
  forget(account: string, partition: number): void {
    this.words.get(account)?.delete(partition);
    this.understood(account, partition);
  }

  private understood(account: string, partition: number): void {
    const partitions = this.unread.get(account);
    if (partitions?.delete(partition) && partitions.size === 0) this.unread.delete(account);
  }

  /** `listener` is the partition's owner in this process until it is released. */
  own(partition: number, listener: BudgetListener): void {
    this.listeners.set(partition, listener);
  }

  release(partition: number): void {
    this.listeners.delete(partition);
  }

  /** What the account's last message cost, in whichever partition of this process; 0 when there was none. */
  costOf(account: string): Micros {
    return this.costs.get(account) ?? 0;
  }

  noteCost(account: string, cost: Micros): void {
    this.costs.set(account, cost);
  }

  word(account: string, partition: number): BudgetWord | undefined {
    return this.words.get(account)?.get(partition);
  }

  /** All words of a partition. */
  wordsOf(partition: number): BudgetWord[] {
    return [...this.words.values()].flatMap((partitions) => partitions.get(partition) ?? []);
  }

  /**
   * Whether, by the clock of another partition's owner, the day or month of a word had ended already: what that one has spent in it its own word does not say any more. A word
   * that ends later since it is of another zone, or of a clock that was wrong by far, is told by when it was said.
   */
  isOver(of: BudgetWord, period: PeriodName): boolean {
    const end = endOf(of, period);
    for (const [partition, word] of this.words.get(of.account) ?? [])
      if (partition !== of.partition && word.currency === of.currency)
        if (endOf(word, period) > end && Math.abs(word.at - end) <= CLOCKS_DIFFER_MS) return true;
    return false;
  }

  /** Of all partitions but one. `now`: epoch ms. */
  sums(account: string, currency: string, now: number, without?: number): Sums {
    const partitions = this.words.get(account);
    if (partitions === undefined) return NOTHING;
    const spent = { day: 0, month: 0 };
    const reach = { day: 0, month: 0 };
    for (const [partition, word] of partitions) {
      if (partition === without || word.currency !== currency) continue;
      for (const period of PERIODS) {
        spent[period] += spentOf(word, period, now);
        reach[period] += reachOf(word, period, now);
      }
    }
    return { spent, reach };
  }
}
