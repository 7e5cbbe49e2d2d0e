import { describe, expect, it } from "vitest";
import type { OutRecord } from "../../../../platform/kafka/record.ts";
import type { Task } from "../../../../platform/kafka/task.ts";
import { ROUTER_INPUTS } from "../../../../schemas/topics.ts";
import { BudgetRule } from "../../../../services/router/rules/budget-rule.ts";
import { codecs, dispatchOf, eventOf, HOME, inRecord, NOW, P, request } from "../router-world.ts";
import { back, budgeted, CENT, DAY_END, DAY_MS, MONTH_END, one, requestsFrom, retryOf } from "./budgeted.ts";

describe("the budget of an account", () => {
  it("is charged when a provider is chosen, on the event and the order", async () => {
    const w = budgeted({ daily: "1" });
    const router = await w.start();
    await w.settle(router);
    const { decisions, effects } = w.run(router, one(0, { text: "x".repeat(200) }));
    const ofMonth = { addedToMonth: 2 * CENT, monthUntil: MONTH_END };
    const charge = { currency: "EUR", added: 2 * CENT, held: 2 * CENT, until: DAY_END, ...ofMonth };
    expect(eventOf(decisions[0])).toMatchObject({ type: "routed", charge });
    expect(dispatchOf(effects[0]).charge).toEqual(charge);
  });

  it("holds a message for a moment until the partition has been given some", async () => {
    const w = budgeted({ daily: "1" });
    const router = await w.start();
    const first = w.run(router, one(0));
    expect(eventOf(first.decisions[0])).toMatchObject({ type: "postponed", errorCode: "budget-held", due: NOW + 500 });
    await w.settle(router);
    const again = w.run(router, inRecord("sms.retry.5s", 0, first.effects[0]!.value!));
    expect(eventOf(again.decisions[0])).toMatchObject({ type: "routed", attempt: 2 });
  });

  it("looks at a message that has been held very often less often, and ends it with an event", async () => {
    const w = budgeted({ daily: "1" });
    const router = await w.start();
    let offsets = 100;
    const held = (attempt: number) => {
      const first = w.run(router, one(offsets++));
      const retry = { ...retryOf(first.effects[0]!), attempt };
      return eventOf(w.run(router, inRecord("sms.retry.5s", offsets++, codecs.retry.encode(retry))).decisions[0]);
    };
    expect(held(2)).toMatchObject({ errorCode: "budget-held", due: NOW + 1_000 });
    expect(held(1_001)).toMatchObject({ errorCode: "budget-held", due: NOW + 60_000 });
    expect(held(4_001)).toMatchObject({ errorCode: "budget-held", due: NOW + 600_000 });
    expect(held(10_000)).toMatchObject({ type: "closed", state: "failed", errorCode: "attempts-exhausted" });
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
    await w.settle(router);
    for (const n of [0, 1]) {
      expect(eventOf((await w.through(router, one(n))).decisions[0]).type).toBe("routed");
      await w.settle(router);
    }
    const reason = "budget: 0.02 of 0.02 EUR a day spent, this message costs 0.01 EUR";
    expect(eventOf(w.run(router, one(2)).decisions[0])).toMatchObject({ ...expected, reason });
    w.to(DAY_END);
    expect(eventOf(w.run(router, one(3)).decisions[0]).errorCode).not.toBe("budget-reached");
  });

  it("ends at once what is of no use any more by then, and what costs more than all of it", async () => {
    const w = budgeted({ daily: "0.01" });
    const router = await w.start();
    await w.settle(router);
    const dear = w.run(router, one(0, { text: "x".repeat(200) }));
    expect(eventOf(dear.decisions[0])).toMatchObject({
      type: "closed",
      errorCode: "budget-reached",
      reason: "budget: costs 0.02 EUR, more than 0.01 EUR a day",
    });
    await w.through(router, one(1));
    const late = w.run(router, one(2, { validitySeconds: 60 }));
    expect(eventOf(late.decisions[0])).toMatchObject({ type: "closed", errorCode: "budget-reached" });
  });

  it("counts what another try really adds: nothing for what nobody took, all of it for a copy", async () => {
    const w = budgeted({ daily: "1" });
    const router = await w.start();
    await w.settle(router);
    const first = w.run(router, one(0));
    const other = w.run(router, back(first.effects[0], "transient"));
    expect(eventOf(other.decisions[0])).toMatchObject({ type: "routed", charge: { added: 0, held: CENT } });
    const second = w.run(router, one(1));
    const copy = w.run(router, back(second.effects[0], "unknown", null));
    expect(eventOf(copy.decisions[0])).toMatchObject({ type: "routed", charge: { added: CENT, held: CENT } });
    w.stored(router);
    await w.settle(router);
    expect(w.board.word("acme", HOME)?.day).toBe(3 * CENT);
  });

  it("gets back what a message had taken that nobody took in the end", async () => {
    const w = budgeted({ daily: "1" });
    const router = await w.start();
    await w.settle(router);
    const first = w.run(router, one(0));
    const end = w.run(router, back(first.effects[0], "permanent"));
    expect(eventOf(end.decisions[0])).toMatchObject({ type: "closed", charge: { added: -CENT, held: 0 } });
    w.stored(router);
    await w.settle(router);
    expect(w.board.word("acme", HOME)?.day).toBe(0);
  });

  it("counts what is given back once it stands in the log: after a kill it is decided again, and would count twice", async () => {
    const w = budgeted({ daily: "1" });
    const router = await w.start();
    await w.settle(router);
    const orders = [0, 1].map((n) => w.run(router, one(n)).effects[0]);
    w.stored(router);
    const given = back(orders[0], "permanent");
    w.run(router, given);
    await w.settle(router, 3_000);
    expect(w.board.word("acme", HOME)?.day).toBe(2 * CENT);
    // It dies, and the decision has not come to the log.
    w.log.pop();
    const next = await w.start(requestsFrom(2));
    expect(eventOf(w.run(next, given).decisions[0])).toMatchObject({ type: "closed", charge: { added: -CENT } });
    w.stored(next);
    await w.settle(next, 3_000);
    expect(w.board.word("acme", HOME)?.day).toBe(CENT);
  });

  it("counts what an owner has found in the log once, though that one dies before it comes to the records", async () => {
    const w = budgeted({ daily: "1" });
    const router = await w.start();
    await w.settle(router);
    const orders = [0, 1, 2].map((n) => w.run(router, one(n)).effects[0]);
    await w.settle(router);
    w.run(router, back(orders[0], "permanent"));
    w.run(router, one(3));
    for (let owners = 0; owners < 3; owners++) {
      const next = await w.start(requestsFrom(3));
      await w.settle(next, 3_000);
      expect(w.board.word("acme", HOME)?.day).toBe(3 * CENT);
    }
  });

  it("counts what the third owner finds, though the first one had told beyond it, and the second one told nothing", async () => {
    const w = budgeted({ daily: "1" });
    const first = await w.start();
    // All of it is still being shared out: the message is held, the word goes out, and the decision is lost.
    expect(eventOf(w.run(first, one(0)).decisions[0])).toMatchObject({ errorCode: "budget-held" });
    await w.settle(first, 3_000);
    expect(w.board.word("acme", HOME)?.ahead).toBeGreaterThan(0);
    w.log.pop();
    const second = await w.start(requestsFrom(0));
    expect(eventOf(w.run(second, one(0)).decisions[0])).toMatchObject({ type: "routed", charge: { added: CENT } });
    const third = await w.start(requestsFrom(0));
    w.stored(third);
    await w.settle(third, 3_000);
    expect(w.board.word("acme", HOME)?.day).toBe(CENT);
  });

  it("what is given back on the day after is not taken off that day", async () => {
    const w = budgeted({ daily: "1" });
    const router = await w.start();
    await w.settle(router);
    w.to(DAY_END - 1);
    const first = w.run(router, one(0));
    w.run(router, back(first.effects[0], "permanent"));
    w.to(DAY_END + 1);
    w.run(router, one(1));
    w.stored(router);
    await w.settle(router);
    expect(w.board.word("acme", HOME)?.day).toBe(CENT);
  });

  describe("of a month, when a day has ended since the message took of it", () => {
    const DAYS = { validitySeconds: 259_200 };
    const taken = async (budget: object, at = DAY_END - 10_000) => {
      const w = budgeted(budget);
      const router = await w.start();
      await w.settle(router);
      w.to(at);
      const order = (await w.through(router, request(0, { ...DAYS, messageId: "m-0" }, { timestamp: at }))).effects[0];
      return { w, router, order };
    };

    it.each([{ monthly: "1" }, { daily: "1", monthly: "1" }])("%j: gets back what nobody took", async (budget) => {
      const { w, router, order } = await taken(budget);
      w.to(DAY_END + 1);
      const end = w.run(router, back(order, "permanent"));
      const charge = { added: 0, addedToMonth: -CENT, held: 0, monthUntil: MONTH_END };
      expect(eventOf(end.decisions[0])).toMatchObject({ type: "closed", charge });
      w.run(router, one(1, { text: "x".repeat(200) }));
      w.stored(router);
      await w.settle(router);
      expect(w.board.word("acme", HOME)).toMatchObject({ day: 2 * CENT, month: 2 * CENT });
    });

    it("another try takes its price of the new day, and nothing more of the month", async () => {
      const { w, router, order } = await taken({ daily: "1", monthly: "1" });
      w.to(DAY_END + 1);
      const other = w.run(router, back(order, "transient"));
      const charge = { added: CENT, addedToMonth: 0, held: CENT };
      expect(eventOf(other.decisions[0])).toMatchObject({ type: "routed", charge });
      w.stored(router);
      await w.settle(router);
      expect(w.board.word("acme", HOME)).toMatchObject({ day: CENT, month: CENT });
      w.to(DAY_END + DAY_MS);
      const end = w.run(router, back(other.effects[0], "permanent"));
      expect(eventOf(end.decisions[0])).toMatchObject({ charge: { added: 0, addedToMonth: -CENT } });
    });

    it("another try goes although the month is used up, which it takes nothing of", async () => {
      const { w, router, order } = await taken({ monthly: "0.01" });
      w.to(DAY_END + 1);
      expect(eventOf(w.run(router, back(order, "transient")).decisions[0]).type).toBe("routed");
    });

    it("and with a day's budget beside it waits for the month, not again and again for its share", async () => {
      const { w, router, order } = await taken({ daily: "0.01", monthly: "0.01" });
      w.to(DAY_END + 1);
      const event = eventOf(w.run(router, back(order, "transient")).decisions[0]);
      expect(event).toMatchObject({ type: "closed", state: "rejected", errorCode: "budget-reached" });
    });

    it("another try at a lower price takes of the new day, and gives the difference back to the month", async () => {
      const { w, router, order } = await taken({ daily: "1", monthly: "1" });
      await w.through(router, one(1, { text: "x".repeat(400) }));
      w.to(DAY_END + 1);
      const dear = { ...dispatchOf(order).charge!, held: 3 * CENT };
      const other = await w.through(router, back(order, "transient", dear));
      expect(eventOf(other.decisions[0])).toMatchObject({
        charge: { added: CENT, addedToMonth: -2 * CENT, held: CENT },
      });
      w.stored(router);
      await w.settle(router);
      expect(w.board.word("acme", HOME)).toMatchObject({ day: CENT, month: 2 * CENT });
    });

    it("a new owner finds it in the log", async () => {
      const { w, router, order } = await taken({ daily: "1", monthly: "1" });
      const kept = (await w.through(router, one(5, DAYS))).effects[0];
      router.committed(requestsFrom(1_000));
      await w.settle(router);
      w.to(DAY_END + 1);
      w.run(router, back(order, "permanent"));
      w.run(router, back(kept, "transient"));
      const next = await w.start(requestsFrom(1_000));
      w.stored(next);
      await w.settle(next, 3_000);
      expect(w.board.word("acme", HOME)).toMatchObject({ day: CENT, month: CENT });
    });

    it("nothing is given back to the month after", async () => {
      const { w, router, order } = await taken({ daily: "1", monthly: "1" }, MONTH_END - 10_000);
      w.to(MONTH_END + 1);
      const end = w.run(router, back(order, "permanent"));
      expect(eventOf(end.decisions[0])).toMatchObject({ type: "closed", charge: null });
    });

    it("a message of a version that did not know of the month's end is counted by the day's", async () => {
      const { w, router, order } = await taken({ daily: "1", monthly: "1" });
      const old = { ...dispatchOf(order).charge!, addedToMonth: null, monthUntil: null };
      const second = (await w.through(router, one(1, DAYS))).effects[0];
      const end = w.run(router, back(second, "permanent", old));
      expect(eventOf(end.decisions[0])).toMatchObject({ charge: { added: -CENT, addedToMonth: -CENT } });
      w.to(DAY_END + 1);
      const other = w.run(router, back(order, "transient", old));
      expect(eventOf(other.decisions[0])).toMatchObject({ charge: { added: CENT, addedToMonth: CENT } });
    });
  });

  it("messages go on while nothing can be written to sms.budgets, as far as is at hand, and one word waits", async () => {
    const w = budgeted({ daily: "10" });
    const router = await w.start();
    await w.settle(router);
    w.silence();
    let sent = 0;
    for (let n = 0; n < 100; n++) {
      if (eventOf(w.run(router, one(n)).decisions[0]).type === "routed") sent++;
      w.to(NOW + 10_000 + 1_000 * n);
      const waiting: OutRecord[] = [];
      router.tick({ decide: (record) => waiting.push(record), effect: () => {} });
      expect(waiting).toEqual([]);
    }
    expect(w.words).toHaveLength(1);
    // A quarter of the budget, shared by all partitions.
    expect(sent).toBe(Math.floor(250 / P));
  });

  it("the log is read back from what no word says yet, however long that has been", async () => {
    const w = budgeted({ daily: "1" });
    const router = await w.start();
    await w.settle(router);
    const ends = (minutes: number) => {
      w.to(NOW + 60_000 * minutes);
      w.noteEnds(w.log.length);
      router.tick({ decide: () => {}, effect: () => {} });
    };
    const early = w.run(router, one(0));
    expect(eventOf(early.decisions[0]).type).toBe("routed");
    w.silence();
    for (let minute = 1; minute < 59; minute++) {
      ends(minute);
      expect(w.stored(router)).toBe(0);
    }
    const next = await w.start(
      ROUTER_INPUTS.map(() => 1_000),
      router.state(ROUTER_INPUTS.map(() => 1_000)),
    );
    w.words.length = 0;
    next.tick({ decide: () => {}, effect: () => {} });
    expect(w.words.map(({ value }) => codecs.budgetWord.decode(value!))).toMatchObject([{ value: { day: CENT } }]);
    // Not for good: a log of words that is out of order for an hour must not keep a new owner reading for as long.
    ends(62);
    expect(w.stored(router)).toBe(1);
  });

  it("what was taken yesterday is not given back today", async () => {
    const w = budgeted({ daily: "1" });
    const router = await w.start();
    await w.settle(router);
    const first = w.run(router, one(0, { validitySeconds: 259_200 }));
    w.to(DAY_END + 1);
    const other = w.run(router, back(first.effects[0], "transient"));
    expect(eventOf(other.decisions[0])).toMatchObject({ type: "routed", charge: { added: CENT, held: CENT } });
  });

  it("is converted by the rates, and keeps what a message has taken while it waits", async () => {
    const w = budgeted({ currency: "USD", daily: "0.012" }, { base: "EUR", date: "2026-01-01", rates: { USD: 1.2 } });
    const router = await w.start();
    await w.settle(router);
    const first = await w.through(router, one(0));
    expect(eventOf(first.decisions[0])).toMatchObject({ charge: { currency: "USD", added: 12_000 } });
    const full = w.run(router, back(first.effects[0], "unknown", { ...dispatchOf(first.effects[0]).charge!, held: 1 }));
    expect(eventOf(full.decisions[0])).toMatchObject({ type: "postponed", errorCode: "budget-reached" });
    expect(retryOf(full.effects[0]!).charge).toMatchObject({ held: 1 });
  });

  it("a new owner counts what the last one had not told, and nothing twice", async () => {
    const w = budgeted({ daily: "1" });
    const router = await w.start();
    await w.settle(router);
    w.run(router, one(0));
    router.committed(requestsFrom(1));
    await w.settle(router, 3_000);
    expect(w.board.word("acme", HOME)?.day).toBe(CENT);
    const given = [1, 2, 3].filter((n) => eventOf(w.run(router, one(n)).decisions[0]).type === "routed");
    expect(given).toEqual([1, 2, 3]);
    // It dies before it tells.
    const next = await w.start(requestsFrom(4));
    await w.settle(next, 3_000);
    expect(w.board.word("acme", HOME)?.day).toBe(4 * CENT);
    let sent = 4;
    for (let n = 10; n < 120; n++) if (eventOf((await w.through(next, one(n))).decisions[0]).type === "routed") sent++;
    expect(sent).toBe(100);
  });

  it("that is taken away and set again goes on with all that was spent, also where its router died in between", async () => {
    const w = budgeted({ daily: "1" });
    const router = await w.start();
    await w.settle(router);
    const order = w.run(router, one(0)).effects[0];
    w.run(router, one(1));
    // It dies before it tells.
    w.set(undefined);
    const next = await w.start(requestsFrom(2));
    w.stored(next);
    expect(eventOf(w.run(next, one(2)).decisions[0]).charge).toBeNull();
    await w.settle(next, 3_000);
    w.set({ daily: "1" });
    next.prepare();
    await w.settle(next, 3_000);
    expect(w.board.word("acme", HOME)?.day).toBe(2 * CENT);
    const end = await w.through(next, back(order, "permanent"));
    expect(eventOf(end.decisions[0])).toMatchObject({ type: "closed", charge: { added: -CENT } });
  });

  it("a task does not begin before it knows what others have said", async () => {
    const w = budgeted({ daily: "1" });
    const producer = { send: async () => {} };
    const options = { board: w.board, codecs, producer, partitions: P, now: () => NOW, random: () => 0 };
    const reader = { watermarks: async () => [{ low: 0, high: 9 }] };
    const rule = new BudgetRule({ ...options, reader, mark: { until: async () => false } });
    const task = { partition: 0 } as unknown as Task;
    await expect(rule.restore(task, w.catalog.current)).rejects.toThrow(/sms\.budgets has not been read to its end/);
  });
});
