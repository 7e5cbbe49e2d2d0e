import { beforeEach, expect, it } from "vitest";
import { BudgetBoard } from "../../../../domain/budget/budget-board.ts";
import { type BudgetWord, ofEach } from "../../../../domain/budget/budget-word.ts";
import { PartitionBudget } from "../../../../domain/budget/partition-budget.ts";
import { budgetSchema } from "../../../../domain/catalog/budget.ts";

/** The first of two partitions, with a budget of 1,000,000 micro-units; the test speaks for the other one. */
const BUDGET = budgetSchema.parse({ currency: "EUR", daily: "1" });
const COST = 500_000;
const MIDNIGHT = Date.UTC(2026, 11, 2);
const PERIODS = { dayEnd: MIDNIGHT, monthEnd: Date.UTC(2027, 0, 1) };

let now: number;
let board: BudgetBoard;
let budget: PartitionBudget;

beforeEach(() => {
  now = MIDNIGHT - 3_600_000;
  board = new BudgetBoard();
  budget = new PartitionBudget({ partition: 0, partitions: 2, board, budgetOf: () => BUDGET, random: () => 0 });
  board.own(0, budget);
});

const other = (day: number, ahead: number): BudgetWord => ({
  ...{ account: "acme", currency: "EUR", partition: 1, epoch: 1, at: 0, next: [] },
  ...{ ...PERIODS, day, month: day, ahead },
});
const verdict = () => budget.room("acme", BUDGET, ofEach(COST), now).verdict;
/** Says what is to be said within the next second. */
const said = (): BudgetWord[] => {
  now += 1_000;
  return budget.tell(["acme"], now);
};
/** The message is held, and its partition asks for what it costs. */
const asked = (): BudgetWord => {
  expect(verdict()).toBe("held");
  const words = said();
  expect(words).toMatchObject([{ ahead: COST }]);
  return words[0]!;
};

it("a claim that was itself passed over is said again: its account is not held for good", () => {
  asked();
  expect(said()).toEqual([]);
  board.missed();
  const [again] = said();
  expect(again).toBeDefined();
  board.fold(again!);
  board.fold(asked());
  expect(verdict()).toBe("go");
});

it("a claim that was said again, and stood there all the same, is no other owner's for long, and what was not told stays known", () => {
  const first = asked();
  board.missed();
  const [again] = said();
  board.fold(first);
  board.fold(again!);
  expect(budget.untoldFrom(now)).toBeDefined();
  for (let turn = 0; turn < 3 && verdict() !== "go"; turn++) for (const word of said()) board.fold(word);
  expect(verdict()).toBe("go");
  for (const word of said()) board.fold(word);
  expect(said()).toEqual([]);
  expect(budget.untoldFrom(now)).toBeUndefined();
});

it("nothing is granted where the other partition's word, by which it was too much, has been removed by compaction", () => {
  const claim = asked();
  // 600,000 of the other one stood here, and does again behind the claim, which compaction kept.
  board.missed();
  board.fold(claim);
  board.fold(other(300_000, 300_000));
  expect(verdict()).toBe("held");
  // Less than it had may be granted, and more when the other one has given back what it did not need.
  for (const word of said()) board.fold(word);
  expect(verdict()).toBe("held");
  board.fold(other(300_000, 0));
  for (let turn = 0; turn < 3 && verdict() !== "go"; turn++) for (const word of said()) board.fold(word);
  expect(verdict()).toBe("go");
});

it("a claim that has been read, and was not granted, is not granted after words were missed either", () => {
  const claim = asked();
  board.fold(other(300_000, 300_000));
  board.fold(claim);
  board.missed();
  board.fold(other(300_000, 100_000));
  expect(verdict()).toBe("held");
});

/** What is said is read at once, until there is room or for some turns. */
const settled = (): string => {
  for (let turn = 0; turn < 4 && verdict() !== "go"; turn++) for (const word of said()) board.fold(word);
  return verdict();
};

it("nothing more is granted while another partition's last word cannot be understood, and what was granted stays", () => {
  board.fold(asked());
  board.misheard("acme", 1);
  expect(verdict()).toBe("go");
  budget.add("acme", BUDGET, ofEach(COST), now, { input: 0, offset: 7 });
  expect(settled()).toBe("held");
  board.fold({ ...other(0, 0), epoch: 3 });
  expect(settled()).toBe("go");
});

it("a former owner's word, which is passed over, does not stand for one that cannot be understood; that it was taken away does", () => {
  board.fold({ ...other(0, 0), epoch: 3 });
  board.misheard("acme", 1);
  board.fold(other(0, 0));
  expect(settled()).toBe("held");
  board.forget("acme", 1);
  expect(settled()).toBe("go");
});

it("a partition whose own word cannot be understood has nothing at hand, and says another one, even when it wants nothing", () => {
  board.fold(asked());
  expect(verdict()).toBe("go");
  board.missed();
  board.misheard("acme", 0);
  expect(verdict()).toBe("held");
  expect(settled()).toBe("go");
  expect(board.unreadOf("acme")).toEqual(new Set());

  board.fold(other(1_000_000, 0));
  for (let turn = 0; turn < 10; turn++) for (const word of said()) board.fold(word);
  expect(said()).toEqual([]);
  board.missed();
  board.misheard("acme", 0);
  expect(said()).toMatchObject([{ partition: 0, ahead: 0 }]);
});

it("a new owner has nothing at hand where a word cannot be understood, and says its own again where that is it", () => {
  const owner = () =>
    new PartitionBudget({ partition: 0, partitions: 2, board, budgetOf: () => BUDGET, random: () => 0 });
  board.fold({ ...other(0, COST), partition: 0 });
  expect(owner().room("acme", BUDGET, ofEach(COST), now).verdict).toBe("go");
  board.misheard("acme", 1);
  expect(owner().room("acme", BUDGET, ofEach(COST), now).verdict).toBe("held");
  board.fold(other(1_000_000, 0));
  board.fold({ ...other(0, 0), partition: 0 });
  expect(owner().tell(["acme"], now)).toEqual([]);
  board.misheard("acme", 0);
  expect(owner().tell(["acme"], now)).toMatchObject([{ partition: 0, ahead: 0 }]);
});

it("a new owner that has found decisions while the budget was taken away has nothing at hand, whatever the last one has said, until it has said so itself", () => {
  let set = false;
  const budgetOf = () => (set ? BUDGET : undefined);
  // Together more than the budget: the last owner was not granted it.
  board.fold(other(600_000, 0));
  board.fold({ ...other(0, COST), partition: 0 });
  const next = new PartitionBudget({ partition: 0, partitions: 2, board, budgetOf, random: () => 0 });
  const charge = { currency: "EUR", added: 100_000, until: PERIODS.dayEnd, addedToMonth: null, monthUntil: null };
  next.recover("acme", charge, now, { input: 0, offset: 3 });
  next.committed([10]);
  expect(next.tell(["acme"], now)).toEqual([]);
  set = true;
  expect(next.room("acme", BUDGET, ofEach(200_000), now).verdict).toBe("held");
  expect(next.tell(["acme"], now + 1_000)).toMatchObject([{ day: 100_000 }]);
});
