import { describe, expect, it } from "vitest";
import type { Inbound } from "../../../schemas/generated/types.ts";
import { DEFAULT_LIMITS } from "../../../services/dlr-collector/correlator/correlation-terms.ts";
import { bench, DEADLINE_MS } from "./correlation-bench.ts";
import { event, receipt, submitted, TO } from "./records.ts";

describe("what is not final", () => {
  it("does not end: UNKNOWN, then delivered minutes later", () => {
    const b = bench();
    b.event(submitted("m", ["5501"]));
    b.receipt(receipt("5501", "unknown"));
    expect(b.finals()).toEqual([]);
    b.receipt(receipt("5501", "delivered"), 40_000);
    expect(b.finals()).toEqual([["m/final", "delivered"]]);
  });

  it("is written down where it says why there may be no end, and its code stands on the end at the deadline", () => {
    const b = bench();
    b.event(submitted("m", ["5501"]));
    b.receipt(receipt("5501", "enroute", { errorCode: "409" }));
    b.receipt(receipt("5501", "enroute", { errorCode: "409" }));
    b.receipt(receipt("5501", "unknown"));
    expect(b.events.map(({ id }) => id)).toEqual(["m/1/1/enroute", "m/1/1/unknown"]);
    b.pass(2_000 + DEADLINE_MS);
    expect(b.events.at(-1)!.event).toMatchObject({ type: "final", state: "unknown", errorCode: "409", doneAt: null });
  });

  it("keeps its code when it comes before its submission, and through a takeover", () => {
    const b = bench();
    b.receipt(receipt("5501", "enroute", { errorCode: "409" }), 1_500);
    b.event(submitted("m", ["5501"]));
    const next = bench();
    next.correlation.beginReplay();
    next.event(submitted("m", ["5501"]));
    for (const one of b.events) next.event(one.event);
    next.correlation.endReplay(next.out, 5_000, Number.POSITIVE_INFINITY);
    next.pass(2_000 + DEADLINE_MS);
    expect(next.events.at(-1)!.event).toMatchObject({ state: "unknown", errorCode: "409" });
  });
});

describe("one receipt for all parts", () => {
  it("ends a message of two parts when it says that it speaks for both", () => {
    const b = bench();
    b.event(submitted("m", ["1000", "1001"]));
    b.receipt(receipt("1000", "delivered", { parts: 2 }));
    expect(b.finals()).toEqual([["m/final", "delivered"]]);
  });

  it("ends it also where both wait for the submission with what the centre had said before", () => {
    const b = bench();
    b.receipt(receipt("1000", "enroute"));
    b.receipt(receipt("1000", "delivered", { parts: 2 }));
    b.event(submitted("m", ["1000", "1001"]));
    expect(b.finals()).toEqual([["m/final", "delivered"]]);
  });

  it("counts for its own part where it speaks for fewer", () => {
    const b = bench();
    b.event(submitted("m", ["1000", "1001", "1002"]));
    b.receipt(receipt("1000", "delivered", { parts: 2 }));
    expect(b.finals()).toEqual([]);
  });

  it("is enough where the provider gives one for each message and an id for each part", () => {
    const b = bench();
    b.event(submitted("m", ["1000", "1001"], { provider: "one-for-all" }));
    b.receipt(receipt("1001", "undelivered", { provider: "one-for-all" }));
    expect(b.finals()).toEqual([["m/final", "undelivered"]]);
  });
});

describe("what looks like a receipt and may be a message from a handset", () => {
  const inbound = {
    provider: "smsc-a",
    from: TO,
    to: "12345",
    text: "id:77 stat:DELIVRD",
    receivedAt: 3_000,
  } as Inbound;

  it("is a receipt when its id is that of a message to this number", () => {
    for (const early of [false, true]) {
      const b = bench();
      if (early) b.receipt(receipt("5501", "delivered", { inbound }));
      b.event(submitted("m", ["5501"]));
      if (!early) b.receipt(receipt("5501", "delivered", { inbound }));
      b.pass(1e9);
      expect(b.finals()).toEqual([["m/final", "delivered"]]);
      expect(b.inbound).toEqual([]);
    }
  });

  it("is a receipt when the centre says the same in one that is marked, though its submission is still to be read", () => {
    const b = bench();
    b.receipt(receipt("5501", "enroute", { inbound }));
    b.receipt(receipt("5501", "delivered"));
    b.pass(3_100 + DEFAULT_LIMITS.doubtMs);
    b.event(submitted("m", ["5501"]));
    expect(b.finals()).toEqual([["m/final", "delivered"]]);
    expect(b.inbound).toEqual([]);
  });

  it("otherwise is a message, told as soon as a receipt would have found its own; a doubt takes it for nothing", () => {
    const b = bench();
    b.event(event("in_doubt", "m", { errorClass: "unknown" }));
    b.receipt(receipt("77", "delivered", { inbound }));
    expect(b.needsCopy("m")).toBe(true);
    b.pass(3_100 + DEFAULT_LIMITS.doubtMs);
    expect(b.inbound).toEqual([inbound]);
    b.pass(1e9);
    expect(b.inbound).toHaveLength(1);
    expect(b.orphans).toEqual([]);
  });
});

describe("a receipt that nobody claims", () => {
  it("is put aside, with what it said; one that said nothing is not", () => {
    const b = bench();
    b.receipt(receipt("1", "undelivered", { errorCode: "27" }));
    b.receipt(receipt("2", "enroute"));
    b.pass(1e9);
    expect(b.orphans).toMatchObject([{ providerMessageId: "1", state: "undelivered", errorCode: "27" }]);
    expect(b.counters.orphans).toBe(1);
  });

  it("is put aside with the strongest state of those that came", () => {
    const b = bench();
    b.receipt(receipt("1", "enroute"));
    b.receipt(receipt("1", "delivered"));
    b.receipt(receipt("1", "enroute"));
    b.pass(1e9);
    expect(b.orphans).toMatchObject([{ providerMessageId: "1", state: "delivered" }]);
  });
});

describe("the index of submissions", () => {
  it("is told of a message that waits for its receipt for long, once, in the notation of receipts too", () => {
    const b = bench();
    b.event(submitted("quick", ["1"]));
    b.receipt(receipt("1", "delivered"));
    b.event(submitted("slow", ["33e95179"], { provider: "smsc-hex" }));
    b.event(submitted("http", ["SM1"], { provider: "http-p" }));
    b.pass(2_000 + DEFAULT_LIMITS.indexAfterMs - 1);
    expect(b.indexed).toEqual([]);
    for (let i = 0; i < 3; i++) b.pass(2_000 + DEFAULT_LIMITS.indexAfterMs);
    expect(b.indexed).toEqual([
      ["smsc-hex", "33e95179", TO],
      ["smsc-hex", "870928761", TO],
    ]);
  });

  it("is told of ids that become known later, and again by a new owner", () => {
    const b = bench();
    b.event(event("in_doubt", "m", { errorClass: "unknown" }));
    b.pass(2_000 + DEFAULT_LIMITS.indexAfterMs);
    b.event(submitted("m", ["5501"]));
    b.pass(2_000 + DEFAULT_LIMITS.indexAfterMs);
    expect(b.indexed).toEqual([["smsc-a", "5501", TO]]);
  });

  it("is waited for: a message is not unknown while a receipt that came before may still be placed", () => {
    const b = bench();
    b.event(submitted("m", ["5501"]));
    b.pass(2_000 + DEADLINE_MS, 1_999 + DEADLINE_MS);
    expect(b.finals()).toEqual([]);
    b.pass(2_000 + DEADLINE_MS, 2_000 + DEADLINE_MS);
    expect(b.finals()).toEqual([["m/final", "unknown"]]);
  });
});
