import { describe, expect, it } from "vitest";
import type { Event } from "../../../schemas/generated/types.ts";
import { newCounters } from "../../../services/dlr-collector/correlator/correlation-counters.ts";
import { DEFAULT_LIMITS } from "../../../services/dlr-collector/correlator/correlation-terms.ts";
import { bench, DEADLINE_MS } from "./correlation-bench.ts";
import { event, facts, receipt, submitted, TO } from "./records.ts";

describe("a message of one part", () => {
  it("ends with its receipt, and repeats the facts of its submission", () => {
    const b = bench();
    b.event(submitted("m", ["77"]), 2_000, "trace");
    b.receipt(receipt("77", "delivered"));
    expect(b.events).toHaveLength(1);
    const { id, event: final, trace } = b.events[0]!;
    expect(id).toBe("m/final");
    expect(trace).toBe("trace");
    expect(final).toMatchObject({
      type: "final",
      at: 5_000,
      state: "delivered",
      facts: facts("m"),
      provider: "smsc-a",
      route: "default",
      price: 7_500,
      cost: 7_500,
      submittedAt: 2_000,
      doneAt: 3_000,
      receiptAt: 3_100,
      providerMessageIds: ["77"],
      part: null,
    });
    expect(b.correlation.size).toEqual({ open: 0, kept: 0, early: 0 });
  });

  it("ends when its receipt came before its submission", () => {
    const b = bench();
    b.receipt(receipt("77", "undelivered", { errorCode: "5" }));
    expect(b.correlation.size.early).toBe(1);
    b.event(submitted("m", ["77"]));
    expect(b.finals()).toEqual([["m/final", "undelivered"]]);
    expect(b.events[0]!.event.errorCode).toBe("5");
    expect(b.correlation.size.early).toBe(0);
  });

  it.each([
    ["255", "00FF"],
    ["ff", "255"],
  ])("is found when its id was told as %s and its receipt says %s", (told, said) => {
    for (const early of [false, true]) {
      const b = bench();
      if (early) b.receipt(receipt(said, "delivered"));
      b.event(submitted("m", [told]));
      if (!early) b.receipt(receipt(said, "delivered"));
      expect(b.finals()).toEqual([["m/final", "delivered"]]);
    }
  });

  it("is not taken for another one whose id is the same number in another notation", () => {
    const b = bench();
    b.event(submitted("m", ["100"]));
    b.receipt(receipt("256", "undelivered", { to: "33611111111" }));
    expect(b.finals()).toEqual([]);
    b.event(submitted("n", ["256"], { facts: facts("n", { to: "33611111111" }) }));
    b.receipt(receipt("598", "undelivered", { to: "33622222222" }));
    b.event(submitted("o", ["256"], { facts: facts("o", { to: "33633333333" }) }));
    expect(b.finals()).toEqual([["n/final", "undelivered"]]);
  });

  it("is not found by the same id of another provider", () => {
    const b = bench();
    b.event(submitted("m", ["77"]));
    b.receipt(receipt("77", "delivered", { provider: "smsc-b" }));
    expect(b.finals()).toEqual([]);
  });

  it("is not ended by a receipt that it is on its way, and says nothing of it", () => {
    const b = bench();
    b.event(submitted("m", ["77"]));
    b.receipt(receipt("77", "enroute"));
    expect(b.events).toEqual([]);
    expect(b.counters.enroute).toBe(1);
  });

  it("ends once: what comes later is counted only", () => {
    const b = bench();
    b.event(submitted("m", ["77"]));
    b.receipt(receipt("77", "undelivered"));
    b.receipt(receipt("77", "delivered"));
    b.event(submitted("m", ["77"]));
    b.receipt(receipt("x", "delivered", { messageId: "m" }));
    b.event(event("closed", "m", { state: "failed" }));
    expect(b.finals()).toEqual([["m/final", "undelivered"]]);
    expect(b.counters, "two receipts; the events are none").toMatchObject({ afterFinal: 2, repeats: 2 });
    expect(b.correlation.size).toEqual({ open: 0, kept: 0, early: 0 });
  });

  it("is left alone when its terminal event stands in the log already", () => {
    const b = bench();
    b.event(submitted("m", ["77"]));
    b.correlation.final("m", TO, b.out);
    b.receipt(receipt("77", "delivered"));
    b.correlation.final("n", TO, b.out);
    b.event(submitted("n", ["78"]));
    expect(b.events).toEqual([]);
    expect(b.correlation.size.open).toBe(0);
  });

  it("is unknown when the time up to which all was read reaches its deadline, not before", () => {
    const b = bench();
    b.event(submitted("m", ["77"]));
    b.pass(2_000 + DEADLINE_MS - 1);
    expect(b.events).toEqual([]);
    b.pass(2_000 + DEADLINE_MS);
    expect(b.finals()).toEqual([["m/final", "unknown"]]);
    expect(b.events[0]!.event.reason).toBe("no receipt by the deadline");
  });
});

describe("a message of several parts", () => {
  it("says which parts are done, and ends when all are", () => {
    const b = bench();
    b.event(submitted("m", ["1", "2", "3"]));
    b.receipt(receipt("2", "delivered"));
    b.receipt(receipt("2", "delivered"));
    b.receipt(receipt("3", "undelivered"));
    expect(b.events.map((one) => [one.id, one.event.type, one.event.part, one.event.state])).toEqual([
      ["m/1/2/delivered", "receipt", 2, "delivered"],
      ["m/1/3/undelivered", "receipt", 3, "undelivered"],
    ]);
    b.receipt(receipt("1", "delivered"));
    expect(b.finals()).toEqual([["m/final", "undelivered"]]);
  });

  it("has one receipt where the provider gave one id for all of it", () => {
    const b = bench();
    b.event(submitted("m", ["SM1"], { provider: "http-p", facts: facts("m", { segments: 4 }) }));
    b.receipt(receipt("SM1", "delivered", { provider: "http-p" }));
    expect(b.finals()).toEqual([["m/final", "delivered"]]);
  });

  it("is unknown at the deadline when a part was not heard of", () => {
    const b = bench();
    b.event(submitted("m", ["1", "2"]));
    b.receipt(receipt("1", "delivered"));
    b.pass(1e9);
    expect(b.finals()).toEqual([["m/final", "unknown"]]);
  });
});

describe("a message submitted more than once", () => {
  const again = { attempt: 2, provider: "smsc-b", resubmitted: "no answer" };

  it("is delivered when any submission is", () => {
    const b = bench();
    b.event(submitted("m", ["1"]));
    b.event(submitted("m", ["9"], again));
    b.receipt(receipt("9", "undelivered", { provider: "smsc-b" }));
    expect(b.finals()).toEqual([]);
    b.receipt(receipt("1", "delivered"));
    expect(b.finals()).toEqual([["m/final", "delivered"]]);
    expect(b.events.at(-1)!.event.provider).toBe("smsc-a");
  });

  it("otherwise ends as its last submission, when all are done", () => {
    const b = bench();
    b.event(submitted("m", ["9"], again));
    b.event(submitted("m", ["1"]));
    b.receipt(receipt("9", "expired", { provider: "smsc-b" }));
    b.receipt(receipt("1", "undelivered"));
    expect(b.finals()).toEqual([["m/final", "expired"]]);
  });

  it("waits until the last of its deadlines", () => {
    const b = bench();
    b.event(submitted("m", ["1"]));
    b.event(submitted("m", ["9"], { ...again, submittedAt: 30_000 }));
    b.pass(2_000 + DEADLINE_MS);
    expect(b.finals()).toEqual([]);
    b.pass(30_000 + DEADLINE_MS);
    expect(b.finals()).toEqual([["m/final", "unknown"]]);
  });
});

describe("a message that the router gave up", () => {
  it("ends as the router said", () => {
    const b = bench();
    b.event(event("closed", "m", { state: "expired", reason: "validity over", attempt: 0, provider: null }));
    expect(b.finals()).toEqual([["m/final", "expired"]]);
    expect(b.events[0]!.event.reason).toBe("validity over");
  });

  it("waits while a submission is open, which then decides", () => {
    const b = bench();
    b.event(submitted("m", ["1"]));
    b.event(event("closed", "m", { state: "failed", attempt: 2 }));
    expect(b.finals()).toEqual([]);
    b.receipt(receipt("1", "delivered"));
    expect(b.finals()).toEqual([["m/final", "delivered"]]);
  });
});

describe("a submission in doubt", () => {
  const doubt = (id: string, over: Partial<Event> = {}) => event("in_doubt", id, { errorClass: "unknown", ...over });

  it("ends by a receipt that names its message, before or after", () => {
    for (const early of [false, true]) {
      const b = bench();
      if (early) b.receipt(receipt("5", "delivered", { messageId: "m" }));
      b.event(doubt("m"));
      if (!early) b.receipt(receipt("5", "delivered", { messageId: "m" }));
      expect(b.finals()).toEqual([["m/final", "delivered"]]);
    }
  });

  it("takes a receipt that has had no submission for a while, when it is the only one there", () => {
    const b = bench();
    b.event(doubt("m"));
    b.receipt(receipt("5", "delivered"), 10_000);
    b.pass(10_000 + DEFAULT_LIMITS.doubtMs - 1);
    expect(b.finals()).toEqual([]);
    b.pass(10_000 + DEFAULT_LIMITS.doubtMs);
    expect(b.finals()).toEqual([["m/final", "delivered"]]);
    expect(b.counters.joinedInDoubt).toBe(1);
  });

  it("takes receipts that have waited for longer than that when the doubt becomes known, unless they are too old", () => {
    const b = bench();
    b.receipt(receipt("4", "delivered"), 3_000);
    b.receipt(receipt("5", "delivered"), 10_000);
    b.receipt(receipt("6", "delivered"), 10_100);
    b.pass(10_100 + DEFAULT_LIMITS.doubtMs);
    expect(b.correlation.size.early).toBe(3);
    const at = 10_000 + DEFAULT_LIMITS.doubtKnownMs;
    b.event(doubt("m", { at, facts: facts("m", { segments: 2 }) }), at);
    b.pass(at + DEFAULT_LIMITS.doubtMs - 1);
    expect(b.finals()).toEqual([]);
    b.pass(at + DEFAULT_LIMITS.doubtMs);
    expect(b.finals()).toEqual([["m/final", "delivered"]]);
    expect(b.events.at(-1)!.event.providerMessageIds).toEqual(["5", "6"]);
    expect(b.correlation.size.early).toBe(1);
  });

  it("leaves receipts that have waited to the submissions which the log gives behind the doubt: after a stall all come at once", () => {
    for (const receiptAt of [3_000, 14_000]) {
      const b = bench();
      b.receipt(receipt("5", "delivered"), receiptAt);
      b.pass(20_000);
      b.event(doubt("m", { at: 20_000 }), 20_000);
      b.pass(20_000 + DEFAULT_LIMITS.doubtMs - 1);
      b.event(submitted("n", ["5"], { at: 20_000, submittedAt: 2_000 }), 20_000);
      expect(b.finals()).toEqual([["n/final", "delivered"]]);
      b.receipt(receipt("4", "delivered"), 21_000);
      b.pass(21_000 + DEFAULT_LIMITS.doubtMs);
      expect(b.finals().slice(1)).toEqual([["m/final", "delivered"]]);
    }
  });

  it("takes none that comes again or late for a message that has ended, in whichever notation its id is", () => {
    for (const [given, told] of [
      ["6617a015c94c9", "1796026497012937"],
      ["1796026497012937", "6617a015c94c9"],
    ] as const) {
      const b = bench();
      b.event(submitted("n", [given]));
      b.receipt(receipt(told, "delivered"), 3_000);
      b.receipt(receipt(told, "enroute"), 3_100);
      b.receipt(receipt(told, "delivered"), 3_200);
      expect(b.correlation.size.early).toBe(0);
      b.event(doubt("m", { at: 3_300 }), 3_300);
      b.pass(4_000 + DEFAULT_LIMITS.doubtMs);
      expect(b.finals()).toEqual([["n/final", "delivered"]]);
      expect(b.counters).toMatchObject({ afterFinal: 2, joinedInDoubt: 0, orphans: 0 });
    }
  });

  it("takes no receipt that has waited when the one before is in doubt as well", () => {
    const b = bench();
    b.event(doubt("m"));
    b.receipt(receipt("5", "delivered", { to: "33611111111" }));
    b.event(doubt("n", { facts: facts("n", { to: "33611111111" }), provider: "smsc-b" }));
    b.pass(3_100 + DEFAULT_LIMITS.doubtMs);
    b.event(doubt("o", { at: 14_000 }));
    b.pass(15_000 + DEFAULT_LIMITS.doubtMs);
    expect(b.finals()).toEqual([]);
  });

  it("takes none when there are two to choose from, another destination, or another provider", () => {
    const b = bench();
    b.event(doubt("m"));
    b.event(doubt("n"));
    b.event(doubt("o", { facts: facts("o", { to: "33611111111" }) }));
    b.receipt(receipt("5", "delivered"));
    b.receipt(receipt("6", "delivered", { to: "33622222222" }));
    b.receipt(receipt("7", "delivered", { to: "33611111111", provider: "smsc-b" }));
    b.pass(3_100 + DEFAULT_LIMITS.doubtMs);
    expect(b.finals()).toEqual([]);
    b.pass(1e9);
    expect(b.finals().map(([, state]) => state)).toEqual(["unknown", "unknown", "unknown"]);
    expect(b.counters.orphans).toBe(3);
  });

  it("needs a receipt for each part where the provider gives one for each", () => {
    const b = bench();
    b.event(doubt("m", { facts: facts("m", { segments: 2 }) }));
    b.receipt(receipt("5", "delivered", { messageId: "m" }));
    b.receipt(receipt("5", "delivered", { messageId: "m" }));
    expect(b.finals()).toEqual([]);
    b.receipt(receipt("6", "delivered", { messageId: "m" }));
    expect(b.finals()).toEqual([["m/final", "delivered"]]);
  });

  it("is resolved by an answer that came after all", () => {
    const b = bench();
    b.event(doubt("m", { facts: facts("m", { segments: 2 }) }));
    b.event(submitted("m", ["5", "6"], { facts: facts("m", { segments: 2 }) }));
    b.event(doubt("m"));
    b.receipt(receipt("5", "delivered"));
    b.receipt(receipt("6", "delivered"));
    expect(b.finals()).toEqual([["m/final", "delivered"]]);
  });
});

describe("what is bounded", () => {
  it("early receipts by count: the oldest one goes, as an orphan", () => {
    const b = bench({ earlyCount: 2 });
    for (const id of ["1", "2", "3"]) b.receipt(receipt(id, "delivered"));
    expect(b.correlation.size.early).toBe(2);
    expect(b.counters.orphans).toBe(1);
    b.event(submitted("m", ["1"]));
    b.event(submitted("n", ["2"]));
    expect(b.finals()).toEqual([["n/final", "delivered"]]);
  });

  it("early receipts by age", () => {
    const b = bench();
    b.receipt(receipt("1", "delivered"), 10_000);
    b.pass(10_000 + DEFAULT_LIMITS.earlyMs);
    expect(b.correlation.size.early).toBe(0);
    expect(b.counters.orphans).toBe(1);
    expect(b.correlation.oldestReceipt).toBe(Number.POSITIVE_INFINITY);
  });

  it("what one call does by time", () => {
    const b = bench({ dueAtOnce: 2 });
    for (const id of ["1", "2", "3"]) b.event(submitted(`m${id}`, [id], { at: 1e6, submittedAt: 0 }));
    b.pass(DEADLINE_MS);
    expect(b.finals()).toHaveLength(2);
    b.pass(DEADLINE_MS);
    expect(b.finals()).toHaveLength(3);
  });
});

describe("a message open for long", () => {
  function longOpen() {
    const b = bench({ keepAfterMs: 1_000 });
    b.event(submitted("m", ["1", "2"], { facts: facts("m", { segments: 2 }) }));
    b.receipt(receipt("1", "delivered"));
    b.pass(3_000);
    return b;
  }

  it("is kept, so that the log need not be read back to it", () => {
    const b = longOpen();
    expect([...b.kept.values()].map((one) => one.type)).toEqual(["submitted", "receipt"]);
    expect(b.correlation.oldestEvent).toBe(Number.POSITIVE_INFINITY);
    expect(b.correlation.size.kept).toBe(1);
    b.event(submitted("n", ["9"]));
    expect(b.correlation.oldestEvent).toBe(2);
  });

  it("is forgotten there when it ends", () => {
    const b = longOpen();
    b.receipt(receipt("2", "delivered"));
    expect(b.finals()).toEqual([["m/final", "delivered"]]);
    expect(b.kept.size).toBe(0);
  });

  it("keeps also what happens to it later, and is restored from what was kept", () => {
    const b = longOpen();
    b.event(submitted("m", ["8"], { attempt: 2, provider: "smsc-b" }));
    b.receipt(receipt("8", "undelivered", { provider: "smsc-b" }));
    const next = bench();
    next.correlation.beginReplay();
    for (const [key, one] of b.kept) next.correlation.restoreKept(key, one, undefined, { ...next.out, keep: () => {} });
    next.correlation.endReplay(next.out, 5_000, Number.POSITIVE_INFINITY);
    expect(next.events).toEqual([]);
    expect(next.correlation.size).toEqual({ open: 1, kept: 1, early: 0 });
    next.receipt(receipt("2", "undelivered"));
    expect(next.finals()).toEqual([["m/final", "undelivered"]]);
    expect(next.events.at(-1)!.event.attempt).toBe(2);
  });
});

describe("after a replay", () => {
  it("nothing of it is counted again: only what comes afterwards", () => {
    const b = bench({ earlyCount: 1 });
    b.correlation.beginReplay();
    b.event(submitted("m", ["1"]));
    b.event(submitted("m", ["1"]));
    b.receipt(receipt("1", "undelivered"));
    b.receipt(receipt("1", "enroute"));
    b.event(event("final", "m", { state: "undelivered", providerMessageIds: ["1"] }));
    b.receipt(receipt("1", "delivered"));
    b.receipt(receipt("8", "delivered"));
    b.receipt(receipt("9", "delivered"));
    b.correlation.endReplay(b.out, 5_000, Number.POSITIVE_INFINITY);
    expect(b.counters).toEqual(newCounters());
    b.receipt(receipt("1", "delivered"));
    expect(b.counters).toEqual({ ...newCounters(), afterFinal: 1 });
  });

  it("a receipt that waited for its turn has it still: the submission in doubt gets no other", () => {
    const b = bench();
    b.correlation.beginReplay();
    b.event(event("in_doubt", "m", { errorClass: "unknown" }));
    b.receipt(receipt("5", "delivered"), 10_000);
    b.correlation.endReplay(b.out, 5_000, Number.POSITIVE_INFINITY);
    b.pass(10_000 + DEFAULT_LIMITS.doubtMs);
    expect(b.finals()).toEqual([["m/final", "delivered"]]);
  });

  it("one that has been tried long before is not tried again", () => {
    const b = bench();
    b.correlation.beginReplay();
    b.receipt(receipt("5", "delivered"), 10_000);
    b.receipt(receipt("6", "delivered", { to: "33611111111" }), 10_000 + 2 * DEFAULT_LIMITS.doubtMs);
    b.correlation.endReplay(b.out, 5_000, Number.POSITIVE_INFINITY);
    b.event(event("in_doubt", "m", { errorClass: "unknown" }), 10_000 + DEFAULT_LIMITS.doubtKnownMs + 1);
    b.pass(10_000 + 3 * DEFAULT_LIMITS.doubtMs);
    expect(b.finals()).toEqual([]);
  });

  it("what can be ended and was not is ended; what has ended stays ended", () => {
    const b = bench();
    b.correlation.beginReplay();
    b.event(submitted("m", ["1"]));
    b.receipt(receipt("1", "delivered"));
    b.event(submitted("n", ["2"]));
    b.receipt(receipt("2", "delivered"));
    b.event(event("final", "n", { state: "delivered", providerMessageIds: ["2"] }));
    expect(b.events).toEqual([]);
    b.correlation.endReplay(b.out, 5_000, Number.POSITIVE_INFINITY);
    expect(b.finals()).toEqual([["m/final", "delivered"]]);
    b.receipt(receipt("2", "delivered"));
    expect(b.correlation.size.early).toBe(0);
  });
});

describe("many open messages", () => {
  it("are held in their small form, and end as others do", () => {
    let packed = 0;
    const b = bench(
      { unpacked: 2 },
      {
        pack: (one) => {
          packed++;
          return JSON.stringify(one);
        },
        unpack: JSON.parse,
      },
    );
    for (let n = 0; n < 10; n++) b.event(submitted(`m${n}`, [`7${n}`]));
    expect(packed).toBe(8);
    for (let n = 0; n < 9; n++) b.receipt(receipt(`7${n}`, "delivered"));
    b.event(event("closed", "m9", { attempt: 2, state: "failed" }));
    b.pass(2_000 + DEADLINE_MS);
    expect(b.finals()).toEqual([
      ...Array.from({ length: 9 }, (_, n) => [`m${n}/final`, "delivered"]),
      ["m9/final", "unknown"],
    ]);
    for (const { event: one } of b.events) expect(one.facts).toEqual(facts(one.facts.messageId));
  });
});
