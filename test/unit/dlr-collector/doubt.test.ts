import { describe, expect, it } from "vitest";
import type { Event } from "../../../schemas/generated/types.ts";
import { DEFAULT_LIMITS } from "../../../services/dlr-collector/correlator/correlation-terms.ts";
import { bench, DEADLINE_MS } from "./correlation-bench.ts";
import { event, facts, receipt, submitted, TO } from "./records.ts";

const doubt = (id: string, over: Partial<Event> = {}) =>
  event("in_doubt", id, { errorClass: "unknown", errorCode: "response-timeout", ...over });
const submissions = (b: ReturnType<typeof bench>) =>
  b.events.filter((one) => one.event.type === "submitted").map(({ id, event }) => [id, event.cost]);

describe("a copy of a message in doubt", () => {
  it("is needed while nothing shows that a provider has the message", () => {
    const b = bench();
    b.event(doubt("m"));
    expect(b.needsCopy("m")).toBe(true);
    expect(b.counters).toMatchObject({ copiesReleased: 1, copiesDropped: 0 });
  });

  it("is not needed when the answer came after all", () => {
    const b = bench();
    b.event(doubt("m"));
    b.event(submitted("m", ["5501"]));
    expect(b.needsCopy("m")).toBe(false);
    expect(b.counters).toMatchObject({ copiesReleased: 0, copiesDropped: 1 });
  });

  it.each([
    ["before the doubt was known", true],
    ["after it", false],
  ])("is not needed when its receipt came %s", (_, before) => {
    const b = bench();
    if (before) b.receipt(receipt("5501", "delivered"), 1_500);
    b.event(doubt("m"));
    if (!before) b.receipt(receipt("5501", "delivered"), 2_500);
    expect(b.needsCopy("m")).toBe(false);
    expect(b.finals()).toEqual([["m/final", "delivered"]]);
  });

  it("is not needed when a receipt says that the message is on its way", () => {
    const b = bench();
    b.event(doubt("m"));
    b.receipt(receipt("5501", "enroute"), 2_500);
    expect(b.needsCopy("m")).toBe(false);
    b.receipt(receipt("5501", "undelivered"), 9_000);
    expect(b.finals()).toEqual([["m/final", "undelivered"]]);
  });

  it("is not needed when the message has ended, or an earlier try of it was answered late", () => {
    const b = bench();
    b.event(doubt("m"));
    b.event(doubt("m", { attempt: 2, resubmitted: "response-timeout" }));
    b.event(submitted("m", ["5501"]));
    expect(b.needsCopy("m", 2)).toBe(false);
    b.receipt(receipt("5501", "delivered"));
    expect(b.needsCopy("m", 2)).toBe(false);
  });

  it("is needed where two messages of one number are in doubt and one receipt may be either's", () => {
    const b = bench();
    b.event(doubt("m"));
    b.event(doubt("n"));
    b.receipt(receipt("5501", "delivered"), 2_500);
    expect([b.needsCopy("m"), b.needsCopy("n")]).toEqual([true, true]);
  });

  it("is needed when nothing is known of the message here: it may not be lost", () => {
    expect(bench().needsCopy("never-seen")).toBe(true);
  });

  it("of another destination under the same id is judged by itself", () => {
    const b = bench();
    b.event(doubt("m"));
    b.event(submitted("m", ["1"], { facts: facts("m", { to: "33611111111" }) }));
    b.receipt(receipt("1", "delivered", { to: "33611111111" }));
    expect(b.needsCopy("m", 1, "33611111111")).toBe(false);
    expect(b.needsCopy("m", 1, TO)).toBe(true);
  });
});

describe("an answer that comes after the first receipt, perhaps in another notation of ids", () => {
  it.each([
    ["a whole message", ["ff"], ["255"]],
    ["parts of one", ["0FE", "0FF", "100"], ["255", "256", "254"]],
    ["parts whose ids would be each other's in another notation", ["10", "16"], ["16", "10"]],
  ])("adds no parts: of %s", (_, answered, said) => {
    const b = bench();
    b.event(doubt("m", { facts: facts("m", { segments: answered.length }) }));
    b.receipt(receipt(said[0]!, "enroute", { errorCode: "409" }), 2_500);
    expect(b.needsCopy("m")).toBe(false);
    b.event(submitted("m", answered, { facts: facts("m", { segments: answered.length }) }));
    for (const id of said) {
      expect(b.finals()).toEqual([]);
      b.receipt(receipt(id, "delivered"), 9_000);
    }
    expect(b.finals()).toEqual([["m/final", "delivered"]]);
  });

  it("is read back with the parts that were known by then", () => {
    const b = bench();
    const over = { facts: facts("m", { segments: 2 }) };
    b.event(doubt("m", over));
    b.receipt(receipt("255", "delivered"), 2_500);
    expect(b.needsCopy("m")).toBe(false);
    b.event(submitted("m", ["fe", "ff"], over));
    const next = bench();
    next.correlation.beginReplay();
    next.event(submitted("m", ["fe", "ff"], over));
    for (const one of b.events) if (one.event.type === "receipt") next.event(one.event);
    next.correlation.endReplay(next.out, 5_000, Number.POSITIVE_INFINITY);
    next.receipt(receipt("254", "delivered"), 9_000);
    expect(next.finals()).toEqual([["m/final", "delivered"]]);
  });
});

describe("a submission in doubt that a receipt proves", () => {
  it("counts as a submission with its cost, once", () => {
    const b = bench();
    b.event(doubt("m", { price: 7_500, facts: facts("m", { segments: 2 }) }));
    b.receipt(receipt("1", "delivered", { messageId: "m" }));
    b.receipt(receipt("2", "delivered", { messageId: "m" }));
    expect(submissions(b)).toEqual([["m/1/submitted", 15_000]]);
    expect(b.events.at(-1)!.event).toMatchObject({
      type: "final",
      state: "delivered",
      cost: 15_000,
      currency: "EUR",
      providerMessageIds: ["1", "2"],
    });
  });

  it("costs the parts that receipts have shown to be taken", () => {
    const b = bench();
    b.event(doubt("m", { price: 7_500, facts: facts("m", { segments: 3 }) }));
    b.receipt(receipt("1", "delivered", { messageId: "m" }));
    b.pass(2_000 + DEADLINE_MS);
    expect(submissions(b)).toEqual([["m/1/submitted", 7_500]]);
    expect(b.finals()).toEqual([["m/final", "unknown"]]);
  });

  it("is named as its answer would be when it was a copy", () => {
    const b = bench();
    b.event(doubt("m"));
    b.event(doubt("m", { attempt: 2, provider: "smsc-b", resubmitted: "response-timeout" }));
    b.receipt(receipt("9", "delivered", { provider: "smsc-b" }), 3_000);
    b.pass(3_000 + DEFAULT_LIMITS.doubtMs);
    expect(submissions(b)).toEqual([["m/2/resubmitted", 7_500]]);
  });

  it("is not said a second time when its answer was recorded without an id, before or after the doubt", () => {
    for (const late of [false, true]) {
      const b = bench();
      if (late) b.event(doubt("m"));
      b.event(submitted("m", []));
      expect(b.needsCopy("m")).toBe(false);
      b.receipt(receipt("5501", "delivered"), 3_000);
      b.pass(3_000 + DEFAULT_LIMITS.doubtMs);
      expect(b.finals()).toEqual([["m/final", "delivered"]]);
      expect(submissions(b)).toEqual([]);
      expect(b.events.at(-1)!.event.cost).toBe(7_500);
    }
  });

  it("is not said a second time when its answer was recorded", () => {
    const b = bench();
    b.event(doubt("m"));
    b.event(submitted("m", ["5501"]));
    b.receipt(receipt("5501", "delivered"));
    expect(submissions(b)).toEqual([]);
  });
});

describe("the end of a message in doubt", () => {
  it("is unknown at the deadline, not what the router says of its validity", () => {
    const b = bench();
    b.event(doubt("m"));
    b.event(doubt("m", { attempt: 2, resubmitted: "response-timeout" }));
    b.event(event("closed", "m", { attempt: 3, state: "expired" }));
    expect(b.finals()).toEqual([]);
    b.pass(2_000 + DEADLINE_MS);
    expect(b.finals()).toEqual([["m/final", "unknown"]]);
    expect(submissions(b)).toEqual([]);
  });

  it("is what a receipt says when only one of two copies was heard of", () => {
    const b = bench();
    b.event(submitted("m", ["5501"]));
    b.event(doubt("m", { attempt: 2 }));
    b.receipt(receipt("5501", "undelivered", { errorCode: "27" }));
    expect(b.finals()).toEqual([]);
    b.pass(2_000 + DEADLINE_MS);
    expect(b.finals()).toEqual([["m/final", "undelivered"]]);
    expect(b.events.at(-1)!.event.errorCode).toBe("27");
  });

  it("is the router's to say when the provider refuses it late", () => {
    const b = bench();
    b.event(doubt("m"));
    b.event(event("returned", "m", { errorClass: "refused", errorCode: "ESME_RINVSRCADR" }));
    expect(b.finals()).toEqual([]);
    b.event(event("closed", "m", { attempt: 2, state: "failed", errorCode: "ESME_RINVSRCADR" }));
    expect(b.finals()).toEqual([["m/final", "failed"]]);
  });

  it("comes at the deadline even when nobody says anything after a late refusal", () => {
    const b = bench();
    b.event(doubt("m"));
    b.event(event("returned", "m", { errorClass: "refused" }));
    b.pass(2_000 + DEADLINE_MS);
    expect(b.finals()).toEqual([["m/final", "unknown"]]);
  });

  it("is not changed by the return of another try, or of one that was taken", () => {
    const b = bench();
    b.event(submitted("m", ["5501"]));
    b.event(event("returned", "m", { errorClass: "refused" }));
    b.event(doubt("n"));
    b.event(event("returned", "n", { attempt: 2, errorClass: "refused" }));
    b.event(event("closed", "n", { attempt: 3, state: "failed" }));
    b.receipt(receipt("5501", "delivered"));
    expect(b.finals()).toEqual([["m/final", "delivered"]]);
  });
});

describe("what the next owner knows of a message in doubt", () => {
  /** Kept, read back, and all that happened after the takeover. */
  function takenOver(b: ReturnType<typeof bench>, events: readonly Event[] = []): ReturnType<typeof bench> {
    const next = bench();
    next.correlation.beginReplay();
    for (const [key, one] of b.kept) next.correlation.restoreKept(key, one, undefined, { ...next.out, keep: () => {} });
    for (const one of events) next.event(one);
    next.correlation.endReplay(next.out, 5_000, 5_000);
    return next;
  }

  it("is that its provider has refused it after all, also when it has been kept since", () => {
    const b = bench({ keepAfterMs: 1_000 });
    b.event(doubt("m"));
    b.event(event("returned", "m", { errorClass: "refused", errorCode: "ESME_RINVDSTADR" }));
    b.pass(5_000);
    expect(b.kept.size).toBe(2);
    const next = takenOver(b);
    next.event(event("closed", "m", { state: "rejected" }));
    expect(next.finals()).toEqual([["m/final", "rejected"]]);
  });

  it("is that it was taken, as a receipt from the way has shown", () => {
    const b = bench();
    b.event(doubt("m"));
    b.receipt(receipt("5501", "enroute"), 2_500);
    expect(b.needsCopy("m")).toBe(false);
    expect(b.events.map(({ id }) => id)).toEqual(["m/1/1/enroute"]);
    const next = takenOver(b, [doubt("m"), ...b.events.map((one) => one.event)]);
    expect(next.needsCopy("m")).toBe(false);
    next.receipt(receipt("5501", "delivered"), 9_000);
    expect(next.finals()).toEqual([["m/final", "delivered"]]);
  });

  it("is its turn and that of its receipt, where receipts were read far ahead of events", () => {
    const b = bench();
    b.correlation.beginReplay();
    b.event(doubt("m"), 100_000);
    b.receipt(receipt("5501", "delivered"), 110_000);
    b.receipt(receipt("9", "delivered", { to: "33611111111" }), 160_000);
    b.correlation.endReplay(b.out, 5_000, 101_000);
    b.pass(110_000 + DEFAULT_LIMITS.doubtMs);
    expect(b.finals()).toEqual([["m/final", "delivered"]]);
  });
});

it("a receipt that names its message is not taken for the attempt that was refused", () => {
  const b = bench();
  b.event(doubt("m", { provider: "http-c" }));
  b.event(event("returned", "m", { provider: "http-c", errorClass: "throttled", errorCode: "429" }));
  b.receipt(receipt("SM2", "delivered", { provider: "http-c", messageId: "m" }));
  b.event(submitted("m", ["SM2"], { provider: "http-c", attempt: 2 }));
  expect(b.finals()).toEqual([["m/final", "delivered"]]);
  expect(submissions(b)).toEqual([]);
});
