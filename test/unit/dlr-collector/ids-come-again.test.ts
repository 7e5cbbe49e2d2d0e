import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EarlyReceipts } from "../../../services/dlr-collector/correlator/early-receipts.ts";
import { ANSWER_MS, bench, DEADLINE_MS } from "./correlation-bench.ts";
import { facts, receipt, submitted, TO } from "./records.ts";

const OTHER = "33611111111";

describe("an id that a provider gives again", () => {
  it("does not let a receipt of another number end a message, before or after", () => {
    for (const early of [false, true]) {
      const b = bench();
      const stale = receipt("5501", "delivered", { to: OTHER });
      if (early) b.receipt(stale);
      b.event(submitted("m", ["5501"]));
      if (!early) b.receipt(stale);
      expect(b.finals()).toEqual([]);
      b.pass(1e9);
      expect(b.finals()).toEqual([["m/final", "unknown"]]);
      expect(b.orphans.map(({ to }) => to)).toEqual([OTHER]);
      expect(b.counters.orphans).toBe(1);
    }
  });

  it("names two open messages: each gets the receipt of its own number", () => {
    const b = bench();
    b.event(submitted("a", ["1"]));
    b.event(submitted("b", ["1"], { facts: facts("b", { to: OTHER }) }));
    b.receipt(receipt("1", "undelivered"));
    b.receipt(receipt("1", "delivered", { to: OTHER }));
    expect(b.finals()).toEqual([
      ["a/final", "undelivered"],
      ["b/final", "delivered"],
    ]);
  });

  it("after the old message has ended: a receipt that is read before its submission waits for it", () => {
    const b = bench();
    b.event(submitted("old", ["1"]));
    b.receipt(receipt("1", "delivered"));
    b.receipt(receipt("1", "undelivered"), 20_000);
    b.event(submitted("new", ["1"], { submittedAt: 20_100, at: 20_100 }));
    expect(b.finals()).toEqual([
      ["old/final", "delivered"],
      ["new/final", "undelivered"],
    ]);
  });

  it("a late receipt of the old message is not that of a message submitted later", () => {
    const b = bench();
    b.event(submitted("old", ["1"]));
    b.receipt(receipt("1", "undelivered"));
    b.receipt(receipt("1", "undelivered"), 4_000);
    const at = 4_000 + ANSWER_MS + 1;
    b.event(submitted("new", ["1"], { submittedAt: at, at }));
    expect(b.finals()).toHaveLength(1);
    b.receipt(receipt("1", "delivered"), at + 500);
    expect(b.finals()).toEqual([
      ["old/final", "undelivered"],
      ["new/final", "delivered"],
    ]);
  });

  it("while a receipt waits whose submission is not known: the newer message gets its own, and the old one still waits", () => {
    const at = 4_000 + ANSWER_MS + 1;
    // The same state again, a stronger one, a weaker one.
    for (const [old, own] of [
      ["undelivered", "undelivered"],
      ["undelivered", "delivered"],
      ["delivered", "undelivered"],
    ] as const) {
      const b = bench();
      b.receipt(receipt("1", old), 4_000);
      b.receipt(receipt("1", "enroute", { doneAt: null }), at + 100);
      b.receipt(receipt("1", own, { doneAt: at }), at + 200);
      b.event(submitted("new", ["1"], { submittedAt: at, at }));
      expect(b.finals()).toEqual([["new/final", own]]);
      b.event(submitted("old", ["1"], { submittedAt: 3_000, at: 3_000 }));
      expect(b.finals()).toEqual([
        ["new/final", own],
        ["old/final", old],
      ]);
    }
  });

  it("in doubt, while an old receipt of its id waits: it is shown to have gone by its own", () => {
    const b = bench();
    b.receipt(receipt("1", "undelivered"), 4_000);
    const at = 300_000;
    b.receipt(receipt("1", "delivered"), at + 200);
    b.event(submitted("new", [], { type: "in_doubt", submittedAt: null, at }));
    b.pass(at + 20_000);
    expect(b.finals()).toEqual([["new/final", "delivered"]]);
  });

  it("has few receipts kept apart, however many come", () => {
    const early = new EarlyReceipts(10);
    for (let n = 0; n < 1_000; n++) {
      const state = { state: "enroute", errorCode: String(n), doneAt: undefined } as const;
      early.add({ receipt: receipt("1", "enroute"), id: "1", offset: n, since: n, state, receivedAt: n });
    }
    expect(early.oldest?.heard).toHaveLength(8);
    expect(early.take("smsc-a", "1", TO, 999)).toMatchObject({ state: { errorCode: "999" } });
  });

  it("to one number while the older is open: the newer one gets the receipt, the older one the next", () => {
    const b = bench();
    b.event(submitted("old", ["1"]));
    b.event(submitted("new", ["1"], { submittedAt: 30_000, at: 30_000 }));
    b.receipt(receipt("1", "delivered"), 31_000);
    expect(b.finals()).toEqual([["new/final", "delivered"]]);
    b.receipt(receipt("1", "delivered"), 32_000);
    expect(b.finals()).toHaveLength(2);
  });

  it("gives no message the receipt of another, whatever is given again and in whatever order things are read", () => {
    const plan = fc.array(
      fc.record({
        id: fc.constantFrom("1", "2"),
        to: fc.constantFrom("491701", "491702", "491703"),
        late: fc.boolean(),
      }),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(plan, fc.array(fc.nat(), { minLength: 24, maxLength: 24 }), (messages, order) => {
        const b = bench();
        // Each message's receipt names its own number; the state tells the number.
        const state = (to: string) => (to === "491701" ? "delivered" : to === "491702" ? "undelivered" : "expired");
        const steps = messages.flatMap(({ id, to }, i) => {
          const at = 10_000 + i * (ANSWER_MS + 10_000);
          return [
            {
              rank: at + (order[i * 2]! % ANSWER_MS),
              run: () => b.event(submitted(`m${i}`, [id], { facts: facts(`m${i}`, { to }), at, submittedAt: at })),
            },
            {
              rank: at + (order[i * 2 + 1]! % ANSWER_MS),
              run: () => b.receipt(receipt(id, state(to), { to }), at + 100),
            },
          ];
        });
        for (const { run } of steps.toSorted((x, y) => x.rank - y.rank)) run();
        b.pass(1e9 + DEADLINE_MS);
        expect(b.finals()).toHaveLength(messages.length);
        for (const { event: final } of b.events.filter((one) => one.event.type === "final"))
          expect(final.state).toBe(state(final.facts.to));
      }),
      { numRuns: 300 },
    );
  });

  it("under one message id to two numbers are two messages", () => {
    const b = bench();
    b.event(submitted("m", ["1"]));
    b.event(submitted("m", ["2"], { facts: facts("m", { to: OTHER }) }));
    b.receipt(receipt("2", "undelivered", { to: OTHER }));
    expect(b.finals()).toEqual([["m/final", "undelivered"]]);
    b.receipt(receipt("1", "delivered"));
    expect(b.events.map(({ event: { facts: f, state } }) => [f.to, state])).toEqual([
      [OTHER, "undelivered"],
      ["491701234567", "delivered"],
    ]);
  });
});
