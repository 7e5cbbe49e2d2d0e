import { describe, expect, it } from "vitest";
import { BudgetBoard } from "../../../../domain/budget/budget-board.ts";
import { accountSchema } from "../../../../domain/catalog/account.ts";
import { snapshotOf } from "../../../../domain/catalog/snapshot.ts";
import type { InRecord, OutRecord } from "../../../../platform/kafka/record.ts";
import type { Task } from "../../../../platform/kafka/task.ts";
import type { Retry } from "../../../../schemas/generated/types.ts";
import type { Router } from "../../../../services/router/router.ts";
import { BudgetRule } from "../../../../services/router/rules/budget-rule.ts";
import { codecs, dispatchOf, eventOf, HOME, inRecord, NOW, P, request, world } from "../router-world.ts";

const DAY_MS = 86_400_000;
const DAY_END = (Math.floor(NOW / DAY_MS) + 1) * DAY_MS;
/** A segment costs 0.01 EUR in this world. */
const CENT = 10_000;
let offsets = 0;

function budgeted(budget: object, rates?: object) {
  const w = world();
  const clock = { now: NOW };
  const board = new BudgetBoard();
  const account = accountSchema.parse({ id: "acme", name: "Acme", budget: { currency: "EUR", ...budget } });
  w.catalog.current = snapshotOf({ ...w.catalog.current.catalog, accounts: [account], rates: rates as never });
  const start = async (...given: Parameters<typeof w.start>) => {
    const options = { board, codecs, partitions: P, now: () => clock.now, random: () => 0 };
    const reader = { watermarks: async () => [{ low: 0, high: 0 }] };
    w.rules.splice(0, 1, new BudgetRule({ ...options, reader, mark: { until: async () => true } }));
    return w.start(...given);
  };
  /** Time passes, and what is said is read by all. */
  const settle = (router: Router, ms = 1_200) => {
    for (let i = 0; i < 3; i++) {
      clock.now += ms / 3;
      w.at(clock.now);
      const said: OutRecord[] = [];
      router.tick({ decide: (record) => void said.push(record), effect: () => {} });
      for (const { topic, value } of said) {
        const decoded = codecs.budgetWord.decode(value!);
        if (topic === "sms.budgets" && decoded.ok) board.fold(decoded.value);
      }
    }
  };
  const to = (ms: number) => {
    clock.now = ms;
    w.at(ms);
  };
  /** As often as it is held. */
  const through = (router: Router, record: InRecord) => {
    let met = w.run(router, record);
    while (eventOf(met.decisions[0]).errorCode === "budget-held") {
      settle(router);
      met = w.run(router, inRecord("sms.retry.5s", offsets++, met.effects[0]!.value!));
    }
    return met;
  };
  return { ...w, board, start, settle, to, through };
}
const one = (n: number, more: object = {}) => request(n, { messageId: `m-${n}`, ...more });
const retryOf = ({ value }: OutRecord): Retry => {
  const decoded = codecs.retry.decode(value!);
  if (!decoded.ok) throw new Error(decoded.detail);
  return decoded.value;
};
/** As the sender gives it back. */
const back = (order: OutRecord | undefined, errorClass: string, charge = dispatchOf(order).charge): InRecord => {
  const { facts, text, attempt, provider, inDoubt } = dispatchOf(order);
  const tried = [{ provider, errorClass, errorCode: "x" }];
  const rest = { inDoubt, spendLeft: null, spendCurrency: null, charge };
  return inRecord("sms.retry.0s", 0, codecs.retry.encode({ facts, text, attempt: attempt + 1, tried, ...rest }));
};

describe("the budget of an account", () => {
  it("is charged when a provider is chosen, on the event and the order", async () => {
    const w = budgeted({ daily: "1" });
    const router = await w.start();
    w.settle(router);
    const { decisions, effects } = w.run(router, one(0, { text: "x".repeat(200) }));
    const charge = { currency: "EUR", added: 2 * CENT, held: 2 * CENT, until: DAY_END };
    expect(eventOf(decisions[0])).toMatchObject({ type: "routed", charge });
    expect(dispatchOf(effects[0]).charge).toEqual(charge);
  });

  it("holds a message for a moment until the partition has been given some", async () => {
    const w = budgeted({ daily: "1" });
    const router = await w.start();
    const first = w.run(router, one(0));
    expect(eventOf(first.decisions[0])).toMatchObject({ type: "postponed", errorCode: "budget-held", due: NOW + 500 });
    w.settle(router);
    const again = w.run(router, inRecord("sms.retry.5s", 0, first.effects[0]!.value!));
    expect(eventOf(again.decisions[0])).toMatchObject({ type: "routed", attempt: 2 });
  });

  it.each([
    ["waits for the next day", {}, { type: "postponed", errorCode: "budget-reached", due: DAY_END }],
    [
      "ends where the account would rather be told",
      { whenReached: "refuse" },
      { type: "closed", state: "rejected", errorCode: "budget-reached" },
    ],
  ])("when nothing is left, a message %s", async (_, more, expected) => {
    const w = budgeted({ daily: "0.02", ...more });
    const router = await w.start();
    w.settle(router);
    for (const n of [0, 1]) {
      expect(eventOf(w.through(router, one(n)).decisions[0]).type).toBe("routed");
      w.settle(router);
    }
    const reason = "budget: 0.02 of 0.02 EUR a day spent, this message costs 0.01 EUR";
    expect(eventOf(w.run(router, one(2)).decisions[0])).toMatchObject({ ...expected, reason });
    w.to(DAY_END);
    expect(eventOf(w.run(router, one(3)).decisions[0]).errorCode).not.toBe("budget-reached");
  });

  it("ends at once what is of no use any more by then, and what costs more than all of it", async () => {
    const w = budgeted({ daily: "0.01" });
    const router = await w.start();
    w.settle(router);
    const dear = w.run(router, one(0, { text: "x".repeat(200) }));
    expect(eventOf(dear.decisions[0])).toMatchObject({
      type: "closed",
      errorCode: "budget-reached",
      reason: "budget: costs 0.02 EUR, more than 0.01 EUR a day",
    });
    w.through(router, one(1));
    const late = w.run(router, one(2, { validitySeconds: 60 }));
    expect(eventOf(late.decisions[0])).toMatchObject({ type: "closed", errorCode: "budget-reached" });
  });

  it("counts what another try really adds: nothing for what nobody took, all of it for a copy", async () => {
    const w = budgeted({ daily: "1" });
    const router = await w.start();
    w.settle(router);
    const first = w.run(router, one(0));
    const other = w.run(router, back(first.effects[0], "transient"));
    expect(eventOf(other.decisions[0])).toMatchObject({ type: "routed", charge: { added: 0, held: CENT } });
    const second = w.run(router, one(1));
    const copy = w.run(router, back(second.effects[0], "unknown", null));
    expect(eventOf(copy.decisions[0])).toMatchObject({ type: "routed", charge: { added: CENT, held: CENT } });
    w.settle(router);
    expect(w.board.word("acme", HOME)?.day).toBe(3 * CENT);
  });

  it("gets back what a message had taken that nobody took in the end", async () => {
    const w = budgeted({ daily: "1" });
    const router = await w.start();
    w.settle(router);
    const first = w.run(router, one(0));
    const end = w.run(router, back(first.effects[0], "permanent"));
    expect(eventOf(end.decisions[0])).toMatchObject({ type: "closed", charge: { added: -CENT, held: 0 } });
    w.settle(router);
    expect(w.board.word("acme", HOME)?.day).toBe(0);
  });

  it("what was taken yesterday is not given back today", async () => {
    const w = budgeted({ daily: "1" });
    const router = await w.start();
    w.settle(router);
    const first = w.run(router, one(0, { validitySeconds: 259_200 }));
    w.to(DAY_END + 1);
    const other = w.run(router, back(first.effects[0], "transient"));
    expect(eventOf(other.decisions[0])).toMatchObject({ type: "routed", charge: { added: CENT, held: CENT } });
  });

  it("is converted by the rates, and keeps what a message has taken while it waits", async () => {
    const w = budgeted({ currency: "USD", daily: "0.012" }, { base: "EUR", date: "2026-01-01", rates: { USD: 1.2 } });
    const router = await w.start();
    w.settle(router);
    const first = w.through(router, one(0));
    expect(eventOf(first.decisions[0])).toMatchObject({ charge: { currency: "USD", added: 12_000 } });
    const full = w.run(router, back(first.effects[0], "unknown", { ...dispatchOf(first.effects[0]).charge!, held: 1 }));
    expect(eventOf(full.decisions[0])).toMatchObject({ type: "postponed", errorCode: "budget-reached" });
    expect(retryOf(full.effects[0]!).charge).toMatchObject({ held: 1 });
  });

  it("a new owner counts what the last one had not told, and nothing twice", async () => {
    const w = budgeted({ daily: "1" });
    const router = await w.start();
    w.settle(router);
    w.run(router, one(0));
    w.settle(router, 3_000);
    expect(w.board.word("acme", HOME)?.day).toBe(CENT);
    const given = [1, 2, 3].filter((n) => eventOf(w.run(router, one(n)).decisions[0]).type === "routed");
    expect(given).toEqual([1, 2, 3]);
    // It dies before it tells.
    const next = await w.start([4, 0, 0, 0, 0, 0, 0]);
    w.settle(next, 3_000);
    expect(w.board.word("acme", HOME)?.day).toBe(4 * CENT);
    let sent = 4;
    for (let n = 10; n < 120; n++) if (eventOf(w.through(next, one(n)).decisions[0]).type === "routed") sent++;
    expect(sent).toBe(100);
  });

  it("a task does not begin before it knows what others have said", async () => {
    const w = budgeted({ daily: "1" });
    const options = { board: w.board, codecs, partitions: P, now: () => NOW, random: () => 0 };
    const reader = { watermarks: async () => [{ low: 0, high: 9 }] };
    const rule = new BudgetRule({ ...options, reader, mark: { until: async () => false } });
    const task = { partition: 0 } as unknown as Task;
    await expect(rule.restore(task, w.catalog.current)).rejects.toThrow(/sms\.budgets has not been read to its end/);
  });
});
