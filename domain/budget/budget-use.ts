import { type Budget, NEAR_END_SHARE } from "../catalog/budget.ts";
import { formatMoney } from "../catalog/money.ts";
import { BudgetBoard } from "./budget-board.ts";
import { type BudgetWord, PeriodEnds, type PeriodName } from "./budget-word.ts";

/** What an account may spend in a calendar day or month, and has. Amounts are decimal texts. */
export interface PeriodUse {
  readonly period: PeriodName;
  readonly most: string;
  /** Null: it is not known yet. */
  readonly spent: string | null;
  readonly left: string | null;
  /** Part of it that is spent, 0 to 1, or more when the budget was lowered; null: it is not known yet. */
  readonly used: number | null;
  readonly state: "unknown" | "room" | "near-end" | "used-up";
  /** When it begins anew, epoch ms. */
  readonly ends: number;
}

/** What an account may spend, and what it has spent of it. */
export interface AccountBudget {
  /** ISO 4217. */
  readonly currency: string;
  /** Whose midnight begins a day and a month. */
  readonly zone: string;
  /** What becomes of a message for which nothing is left. */
  readonly whenReached: string;
  readonly periods: readonly PeriodUse[];
}

/** What routers have spent of the accounts' budgets, from sms.budgets. Times are epoch ms by the brokers' clock. */
export class BudgetUse {
  private readonly board = new BudgetBoard();
  private readonly periods = new PeriodEnds();
  private whole = false;

  fold(word: BudgetWord): void {
    this.board.fold(word);
  }

  forget(account: string, partition: number): void {
    this.board.forget(account, partition);
  }

  /** All has been read that stood in the topic when it began to be followed: before, sums are too low. */
  complete(): void {
    this.whole = true;
  }

  /** An account's budgets, the day's first. */
  of(account: string, { currency, daily, monthly, zone }: Budget, now: number): PeriodUse[] {
    const { spent } = this.board.sums(account, currency, now);
    const { dayEnd, monthEnd } = this.periods.at(now, zone);
    return [
      ...(daily === undefined ? [] : [this.use("day", daily, spent.day, dayEnd)]),
      ...(monthly === undefined ? [] : [this.use("month", monthly, spent.month, monthEnd)]),
    ];
  }

  private use(period: PeriodName, most: number, spent: number, ends: number): PeriodUse {
    if (!this.whole)
      return { period, most: formatMoney(most), spent: null, left: null, used: null, state: "unknown", ends };
    const used = most === 0 ? 1 : spent / most;
    const state = spent >= most ? "used-up" : used > NEAR_END_SHARE ? "near-end" : "room";
    const left = formatMoney(Math.max(0, most - spent));
    return { period, most: formatMoney(most), spent: formatMoney(spent), left, used, state, ends };
  }
}
