import { beforeEach, describe, expect, it } from "vitest";
import { BudgetBoard } from "../../../../domain/budget/budget-board.ts";
import { type BudgetWord, ofEach } from "../../../../domain/budget/budget-word.ts";
import { chargeOf, heldOf, lessOf, type MessageCharge } from "../../../../domain/budget/message-charge.ts";
import { PartitionBudget } from "../../../../domain/budget/partition-budget.ts";
import { budgetSchema } from "../../../../domain/catalog/budget.ts";

/** The first of two partitions, with a budget of 1,000,000 micro-units a day; the test speaks for the other one. */
const BUDGET = budgetSchema.parse({ currency: "EUR", daily: "1", monthly: "10" });
const COST = 500_000;
const MIDNIGHT = Date.UTC(2026, 11, 2);
const DAY = { dayEnd: MIDNIGHT, monthEnd: Date.UTC(2027, 0, 1) };
const NEXT_DAY = { ...DAY, dayEnd: MIDNIGHT + 86_400_000 };
const HOUR = 3_600_000;

let board: BudgetBoard;
let places = 0;

const owner = () => {
  const budget = new PartitionBudget({ partition: 0, partitions: 2, board, budgetOf: () => BUDGET, random: () => 0 });
  board.own(0, budget);
  return budget;
};
const word = (partition: number, said: Partial<BudgetWord>): BudgetWord => ({
  ...{ account: "acme", currency: "EUR", partition, epoch: 1, at: MIDNIGHT - HOUR, next: [] },
  ...{ ...DAY, day: 0, month: 0, ahead: 0, ...said },
});
/** A decision: the message costs so much, or 0. */
const decided = (budget: PartitionBudget, cost: number, before: MessageCharge | null, now: number): MessageCharge => {
  const added = lessOf(cost, heldOf(before, "EUR", budget.endsAt("acme", BUDGET, now)));
  return chargeOf("EUR", cost, added, budget.add("acme", BUDGET, added, now, { input: 0, offset: places++ }));
};
/** All is committed, told and read back. */
const told = (budget: PartitionBudget, now: number): BudgetWord | undefined => {
  budget.committed([1_000]);
  for (let i = 0; i < 3; i++) for (const one of budget.tell(["acme"], now + i * 1_000)) board.fold(one);
  return board.word("acme", 0);
};

beforeEach(() => {
  board = new BudgetBoard();
  places = 0;
});

describe("a return after midnight", () => {
  it("is not taken off the new day by an owner whose clock is behind, and which goes on with the day that another one had begun", () => {
    board.fold(word(0, { ahead: 800_000 }));
    const ahead = owner();
    const old = decided(ahead, 300_000, null, MIDNIGHT - 1_000);
    decided(ahead, 400_000, null, MIDNIGHT + 1);
    told(ahead, MIDNIGHT + 1);
    const behind = owner();
    const end = decided(behind, 0, old, MIDNIGHT - 900);
    expect(end).toMatchObject({ added: 0, addedToMonth: -300_000, until: NEXT_DAY.dayEnd });
    expect(told(behind, MIDNIGHT + 10)).toMatchObject({ day: 400_000, month: 400_000 });
  });

  it("is taken off the day that it was taken from, which is still the day by the clock of its owner", () => {
    board.fold(word(0, { ahead: 800_000 }));
    const budget = owner();
    const old = decided(budget, 300_000, null, MIDNIGHT - 1_000);
    expect(decided(budget, 100_000, old, MIDNIGHT - 1)).toMatchObject({ added: -200_000, addedToMonth: -200_000 });
    expect(told(budget, MIDNIGHT - 1)).toMatchObject({ day: 100_000, month: 100_000 });
  });
});

describe("what was taken before midnight and found in the log after it", () => {
  it.each([DAY.monthEnd, null])(
    "counts in its own day, which is over, and in the month (monthUntil: %j)",
    (monthUntil) => {
      // The last owner's word is of the new day already: what was not committed by then is not in it.
      board.fold(word(0, { ...NEXT_DAY, at: MIDNIGHT + 100, ahead: 800_000 }));
      const budget = owner();
      const taken = { currency: "EUR", added: 300_000, addedToMonth: null, until: DAY.dayEnd, monthUntil };
      budget.recover("acme", taken, MIDNIGHT - 100, { input: 0, offset: 7 });
      expect(told(budget, MIDNIGHT + 5_000)).toMatchObject({ day: 0, month: 300_000, dayEnd: NEXT_DAY.dayEnd });
    },
  );

  it("counts in the day that had begun by another one's clock, where it was decided in that", () => {
    board.fold(word(0, { ahead: 800_000 }));
    const budget = owner();
    const of = { currency: "EUR", addedToMonth: null, monthUntil: DAY.monthEnd };
    budget.recover("acme", { ...of, added: 100_000, until: DAY.dayEnd }, MIDNIGHT - 900, { input: 0, offset: 6 });
    budget.recover("acme", { ...of, added: 300_000, until: NEXT_DAY.dayEnd }, MIDNIGHT - 800, { input: 0, offset: 7 });
    expect(told(budget, MIDNIGHT - 700)).toMatchObject({ day: 300_000, month: 400_000, dayEnd: NEXT_DAY.dayEnd });
  });
});

describe("a day that is over by the clock of another partition's owner", () => {
  const verdict = (budget: PartitionBudget, now: number) => budget.room("acme", BUDGET, ofEach(COST), now).verdict;
  /** The message is held, and what it costs is asked for and read back. */
  const asked = (budget: PartitionBudget, now: number) => {
    const held = verdict(budget, now);
    for (const one of budget.tell(["acme"], now)) board.fold(one);
    return held;
  };
  const SPENT = { day: 900_000, month: 900_000 };
  /** All that the other one spent in the old day is not in it. */
  const next = word(1, { ...NEXT_DAY, day: 0, month: 900_000, epoch: 2, at: MIDNIGHT + 1 });

  it("is granted nothing more, since its words do not say any more what it spent in it; the new one is", () => {
    board.fold(word(1, SPENT));
    const budget = owner();
    board.fold(next);
    for (let turn = 0; turn < 5; turn++) expect(asked(budget, MIDNIGHT - 2_000 + 200 * turn)).toBe("held");
    expect(verdict(budget, MIDNIGHT - 1)).toBe("held");
    expect([0, 1_000, 2_000].map((passed) => asked(budget, MIDNIGHT + passed))).toContain("go");
  });

  it("nor does a new owner get what the last one has said that it may spend", () => {
    const mine = word(0, { ahead: COST });
    board.fold(mine);
    expect(verdict(owner(), MIDNIGHT - 10)).toBe("go");
    board.fold(next);
    expect(verdict(owner(), MIDNIGHT - 10)).toBe("held");
    expect(verdict(owner(), MIDNIGHT + 10)).toBe("go");
  });

  it("is none where the other word is of another zone, whose day ends at another time", () => {
    board.fold(word(1, { dayEnd: MIDNIGHT + 5 * HOUR, day: 100_000, month: 100_000 }));
    const budget = owner();
    asked(budget, MIDNIGHT - HOUR + 1_000);
    expect(verdict(budget, MIDNIGHT - HOUR + 1_100)).toBe("go");
  });

  it("is none where a clock was wrong by far: a word of that time keeps nobody from being granted anything", () => {
    board.fold(word(1, { ...NEXT_DAY, at: MIDNIGHT + HOUR, day: 100_000, month: 100_000 }));
    const budget = owner();
    asked(budget, MIDNIGHT - 10_000);
    expect(verdict(budget, MIDNIGHT - 9_900)).toBe("go");
  });
});

it("a clock that was an hour ahead, and is set, holds up nothing for that hour", () => {
  const budget = owner();
  const late = MIDNIGHT - HOUR;
  const turn = (now: number) => {
    const met = budget.room("acme", BUDGET, ofEach(COST), now).verdict;
    for (const one of budget.tell(["acme"], now)) board.fold(one);
    return met;
  };
  // It asks, and is refused.
  board.fold(word(1, { day: 400_000, month: 400_000, ahead: 400_000 }));
  for (let i = 0; i < 5; i++) expect(turn(late + 200 * i)).toBe("held");
  board.fold(word(1, { day: 400_000, month: 400_000 }));
  expect([0, 1, 2, 3].map((i) => turn(late - HOUR + 1_000 * i))).toContain("go");
});
