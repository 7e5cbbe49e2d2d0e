import type { BudgetUse, PeriodUse } from "../../../domain/budget/budget-use.ts";
import type { Budget } from "../../../domain/catalog/budget.ts";
import { type Cap, reactionOf } from "../../../domain/catalog/cap.ts";
import type { Micros } from "../../../domain/catalog/money.ts";
import type { PriceCap } from "../../../domain/catalog/price-cap.ts";
import type { Snapshot } from "../../../domain/catalog/snapshot.ts";
import { type Role, shownAddress } from "../access/roles.ts";
import type { CapUsage, CapUsageBoard } from "../live/cap-usage.ts";

/** What the catalog says of an account. */
export interface AccountTerms {
  readonly id: string;
  readonly name: string;
  /** Names of its keys; the keys themselves nobody has. */
  readonly keys: readonly string[];
  /** Null: all. */
  readonly lanes: readonly string[] | null;
  /** Messages a second that it may hand in; null: as many as it likes. */
  readonly maxPerSecond: number | null;
  /** Its sender where a message names none. */
  readonly from: string | null;
  /** What one of its messages may cost, amounts as decimal texts; null: no bound. */
  readonly maxPrice: {
    readonly currency: string;
    readonly amount: string | null;
    readonly lanes: Readonly<Record<string, string>>;
    readonly countries: Readonly<Record<string, string>>;
  } | null;
  /** What all its messages may cost together; null: no bound. */
  readonly budget: {
    readonly currency: string;
    /** Whose midnight begins a day and a month. */
    readonly zone: string;
    /** What becomes of a message for which nothing is left. */
    readonly whenReached: string;
    readonly periods: readonly PeriodUse[];
  } | null;
}

/** A cap of the catalog, with what has been used of it. */
export interface CapTerms {
  readonly id: string;
  readonly of: "sender" | "campaign";
  /** Null: all accounts. */
  readonly accounts: readonly string[] | null;
  readonly count: "messages" | "segments";
  readonly maxPerHour: number | null;
  readonly maxPerDay: number | null;
  readonly zone: string;
  /** What becomes of a message beyond it. */
  readonly whenReached: string;
  /** Those that have used most of it, the fullest first. */
  readonly fullest: readonly CapUsage[];
}

/** Accounts that are shown; an installation of more has them in its files. */
const MOST = 1_000;
const MICROS = 1_000_000;

/** What routers have told of what is bounded. */
export interface Used {
  readonly caps: Pick<CapUsageBoard, "fullest" | "isWholeAt">;
  readonly budgets: Pick<BudgetUse, "of">;
}

/** Keys, budgets and caps, as the catalog at work has them, for the role. `now`: epoch ms by the brokers' clock. */
export function accountTerms(
  { catalog, version }: Pick<Snapshot, "catalog" | "version">,
  used: Used,
  now: number,
  role: Role,
): {
  readonly version: number;
  readonly accounts: readonly AccountTerms[];
  readonly more: number;
  readonly caps: readonly CapTerms[];
  /** False: so many senders and campaigns are counted that not all are in the sums. */
  readonly wholeUsage: boolean;
} {
  const { accounts, caps = [] } = catalog;
  const fullest = used.caps.fullest(caps, now);
  return {
    version,
    accounts: accounts.slice(0, MOST).map(({ id, name, apiKeys, lanes, maxPerSecond, from, maxPrice, budget }) => ({
      ...{ id, name, keys: apiKeys.map((key) => key.id), lanes: lanes ?? null },
      ...{ maxPerSecond: maxPerSecond ?? null, from: from === undefined ? null : shownAddress(String(from), role) },
      maxPrice: maxPrice === undefined ? null : inWords(maxPrice),
      budget: budget === undefined ? null : budgetTerms(id, budget, used.budgets, now),
    })),
    more: Math.max(0, accounts.length - MOST),
    wholeUsage: used.caps.isWholeAt(now),
    caps: caps.map((cap) => capTerms(cap, fullest.get(cap.id) ?? [], role)),
  };
}

function budgetTerms(
  account: string,
  budget: Budget,
  budgets: Used["budgets"],
  now: number,
): NonNullable<AccountTerms["budget"]> {
  const { currency, zone, whenReached } = budget;
  return { currency, zone, whenReached, periods: budgets.of(account, budget, now) };
}

function inWords({ currency, amount, lanes, countries }: PriceCap): AccountTerms["maxPrice"] {
  const texts = (amounts: Readonly<Record<string, Micros | undefined>>) =>
    Object.fromEntries(
      Object.entries(amounts).flatMap(([name, micros]) => (micros === undefined ? [] : [[name, text(micros)]])),
    );
  return {
    currency,
    amount: amount === undefined ? null : text(amount),
    lanes: texts(lanes),
    countries: texts(countries),
  };
}

function capTerms(cap: Cap, fullest: readonly CapUsage[], role: Role): CapTerms {
  const { id, of, accounts, count, maxPerHour, maxPerDay, zone } = cap;
  return {
    ...{ id, of, count, zone, accounts: accounts ?? null, whenReached: reactionOf(cap) },
    ...{ maxPerHour: maxPerHour ?? null, maxPerDay: maxPerDay ?? null },
    // A sender may be a number of somebody's.
    fullest: fullest.map((one) => ({
      ...one,
      value: of === "sender" && one.sharedBy === null ? shownAddress(one.value, role) : one.value,
    })),
  };
}

function text(micros: Micros): string {
  return String(micros / MICROS);
}
