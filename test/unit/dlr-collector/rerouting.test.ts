import { describe, expect, it } from "vitest";
import type { RerouteRule } from "../../../domain/catalog/reroute.ts";
import type { Event } from "../../../schemas/generated/types.ts";
import { bench, DEADLINE_MS } from "./correlation-bench.ts";
import { event, facts, receipt, submitted } from "./records.ts";
import { oneRoute } from "./reroutes.ts";

const SOURCE = "sms.requests.transactional/0/7";
const PROVIDERS = ["smsc-a", "smsc-b", "smsc-c"];

/** A correlation with one route. `rule`: what differs from the usual. */
function routed(rule: Partial<RerouteRule> = {}, providers = PROVIDERS) {
  return bench({}, undefined, oneRoute(providers, rule));
}

/** The n-th try of a message, at the n-th provider. */
function tried(n: number, over: Partial<Event> = {}): Event {
  return submitted("m", [`${n}`], { attempt: n, provider: PROVIDERS[n - 1]!, source: SOURCE, ...over });
}

const rejected = (n: number, errorCode: string | null = null) =>
  receipt(`${n}`, "rejected", { provider: PROVIDERS[n - 1]!, errorCode });
const types = (b: ReturnType<typeof bench>) => b.events.map(({ id }) => id);

describe("a receipt that says that this provider's way is closed", () => {
  it("sends the message on, and says all that is needed for it", () => {
    const b = routed();
    b.event(tried(1), 2_000, "trace");
    b.receipt(rejected(1, "99"));
    expect(types(b)).toEqual(["m/1/1/rejected", "m/1/rerouted"]);
    expect(b.events[1]!.trace).toBe("trace");
    expect(b.events[1]!.event).toMatchObject({
      type: "rerouted",
      attempt: 1,
      provider: "smsc-a",
      route: "default",
      errorClass: "route",
      errorCode: "99",
      state: "rejected",
      reason: "rejected",
      resubmitted: null,
      source: SOURCE,
      cost: null,
      spendLeft: null,
    });
    expect(b.counters.rerouted).toEqual({ failed: 1, missing: 0 });
    expect(b.correlation.claimNext(b.events[1]!.event)).toBe(true);
  });

  it("is carried out once, though the decision stands in the log twice, and not when somebody has the message by then", () => {
    for (const then of [undefined, tried(2), event("closed", "m", { attempt: 2, state: "expired" })]) {
      const b = routed();
      b.event(tried(1, { providerMessageIds: ["1", "x"], facts: facts("m", { segments: 2 }) }));
      b.receipt(rejected(1));
      b.receipt(receipt("x", "rejected"));
      const decision = b.events.find((one) => one.event.type === "rerouted")!.event;
      if (then !== undefined) b.event(then);
      expect(b.correlation.claimNext(decision)).toBe(then === undefined);
      expect(b.correlation.claimNext(decision)).toBe(false);
    }
  });

  it("ends it when the next provider delivers, and only then", () => {
    const b = routed();
    b.event(tried(1));
    b.receipt(rejected(1));
    b.event(tried(2));
    expect(b.finals()).toEqual([]);
    b.receipt(receipt("2", "delivered", { provider: "smsc-b" }));
    expect(b.finals()).toEqual([["m/final", "delivered"]]);
    expect(b.events.at(-1)!.event).toMatchObject({ provider: "smsc-b", attempt: 2 });
  });

  it("ends it as delivered when the first provider delivers after all, whatever the second says later", () => {
    const b = routed();
    b.event(tried(1));
    b.receipt(rejected(1));
    b.receipt(receipt("1", "delivered"));
    expect(b.finals()).toEqual([["m/final", "delivered"]]);
    expect(b.correlation.claimNext(b.events[1]!.event), "nothing more goes out, if it has not").toBe(false);
    b.event(tried(2));
    b.receipt(receipt("2", "undelivered", { provider: "smsc-b" }));
    expect(b.finals()).toEqual([["m/final", "delivered"]]);
  });

  it("ends it by the last provider's receipt when as many have tried as the route allows", () => {
    const b = routed({ attempts: 2 });
    b.event(tried(1));
    b.receipt(rejected(1, "8"));
    b.event(tried(2));
    b.receipt(rejected(2, "99"));
    expect(types(b)).toEqual(["m/1/1/rejected", "m/1/rerouted", "m/final"]);
    expect(b.events.at(-1)!.event).toMatchObject({ state: "rejected", errorCode: "99", provider: "smsc-b" });
  });

  it("ends it by a receipt of the next try that comes before its submission is read, with the message's name or without", () => {
    for (const messageId of ["m", null])
      for (const state of ["delivered", "failed"] as const) {
        const b = routed({ attempts: 2 });
        b.event(tried(1));
        b.receipt(rejected(1));
        b.receipt(receipt("2", state, { provider: "smsc-b", messageId }));
        expect([messageId, state, b.finals()]).toEqual([messageId, state, []]);
        b.event(tried(2));
        expect([messageId, state, b.finals()]).toEqual([messageId, state, [["m/final", state]]]);
      }
  });

  it("ends it with the receipt's state and code when the router finds nobody", () => {
    const b = routed();
    b.event(tried(1));
    b.receipt(receipt("1", "undelivered", { errorCode: "8" }));
    b.event(event("closed", "m", { attempt: 2, state: "failed", errorCode: "no-provider-left" }));
    expect(b.finals()).toEqual([["m/final", "undelivered"]]);
    expect(b.events.at(-1)!.event).toMatchObject({ attempt: 1, provider: "smsc-a", errorCode: "8" });
  });

  it("waits for the router, which may have handed it to somebody who did not take it", () => {
    const b = routed();
    b.event(tried(1));
    b.receipt(rejected(1));
    b.event(event("returned", "m", { attempt: 2, provider: "smsc-b", errorClass: "refused" }));
    expect(b.finals()).toEqual([]);
    b.event(tried(3));
    b.receipt(receipt("3", "delivered", { provider: "smsc-c" }));
    expect(b.finals()).toEqual([["m/final", "delivered"]]);
  });
});

describe("no message is sent on", () => {
  const ends = (b: ReturnType<typeof bench>, state: string) => {
    expect(b.finals()).toEqual([["m/final", state]]);
    expect(b.events.filter((one) => one.event.type === "rerouted")).toEqual([]);
  };

  it.each([
    ["destination", "1"],
    ["handset", "6"],
    ["temporary", "34"],
    ["unknown", "4711"],
  ])("for what is of class %s, unless the route says so", (of, errorCode) => {
    const b = routed();
    b.event(tried(1));
    b.receipt(receipt("1", "undelivered", { errorCode }));
    ends(b, "undelivered");
    if (of === "destination") return;
    const other = routed({ on: [of as "handset"] });
    other.event(tried(1));
    other.receipt(receipt("1", "undelivered", { errorCode }));
    expect(types(other)).toContain("m/1/rerouted");
  });

  it("for a number that is wrong, even where the route names every class", () => {
    const b = routed({ on: ["route", "temporary", "handset", "unknown"] });
    b.event(tried(1));
    b.receipt(receipt("1", "undelivered", { errorCode: "1" }));
    ends(b, "undelivered");
  });

  it("when its route has no other provider, is gone, or its text is nowhere to be read", () => {
    for (const [b, over] of [
      [routed({}, ["smsc-a"]), {}],
      [routed(), { route: "gone" }],
      [routed(), { source: null }],
    ] as const) {
      b.event(tried(1, over));
      b.receipt(rejected(1));
      ends(b, "rejected");
    }
  });

  it("when it has expired", () => {
    const b = routed();
    b.event(tried(1, { facts: facts("m", { expiresAt: 5_000 }) }));
    b.receipt(rejected(1));
    ends(b, "rejected");
  });

  it("when its bound leaves nothing", () => {
    const b = routed({ maxSpend: { times: 1 } });
    b.event(tried(1));
    b.receipt(rejected(1));
    ends(b, "rejected");
  });

  it("when a part of it was delivered, or another part failed for what cannot be helped", () => {
    for (const first of [receipt("1", "delivered"), receipt("1", "undelivered", { errorCode: "1" })]) {
      const b = routed();
      b.event(tried(1, { providerMessageIds: ["1", "2"], facts: facts("m", { segments: 2 }) }));
      b.receipt(first);
      b.receipt(receipt("2", "rejected"));
      ends(b, "undelivered");
    }
  });

  it("while a copy of it may be under way: it was in doubt, and its lane sends again", () => {
    const b = routed();
    b.event(event("in_doubt", "m", { errorClass: "unknown", source: SOURCE }));
    b.event(tried(1));
    b.receipt(rejected(1));
    ends(b, "rejected");
  });

  it("while the router has it in another attempt", () => {
    const b = routed();
    b.event(tried(1));
    b.event(event("postponed", "m", { attempt: 2, provider: null }));
    b.receipt(rejected(1));
    ends(b, "rejected");
  });
});

it("what was in doubt and held has ended for certain by its receipt, and is sent on", () => {
  const b = routed();
  const held = facts("m", { lane: "marketing" });
  b.event(event("in_doubt", "m", { errorClass: "unknown", source: SOURCE, facts: held }));
  b.receipt(receipt("1", "rejected", { messageId: "m" }));
  expect(types(b)).toContain("m/1/rerouted");
});

it("what further submissions may cost goes with the decision", () => {
  const b = routed({ maxSpend: { times: 3 } });
  b.event(tried(1));
  b.receipt(rejected(1));
  b.event(tried(2, { cost: 9_000 }));
  b.receipt(rejected(2));
  const left = b.events.filter((one) => one.event.type === "rerouted").map((one) => one.event.spendLeft);
  expect(left).toEqual([15_000, 6_000]);
});

describe("a receipt that does not come in time", () => {
  const otp = { receiptAfterMs: 20_000 };

  it("sends the message on with its reason stated; whoever delivers first ends it", () => {
    const b = routed(otp);
    b.event(tried(1));
    b.pass(21_999);
    expect(types(b)).toEqual([]);
    b.pass(22_000);
    expect(types(b)).toEqual(["m/1/rerouted"]);
    expect(b.events[0]!.event).toMatchObject({
      errorClass: "missing",
      errorCode: "receipt-missing",
      resubmitted: "receipt-missing",
      state: null,
    });
    b.event(tried(2, { resubmitted: "receipt-missing" }));
    b.receipt(receipt("2", "undelivered", { provider: "smsc-b", errorCode: "1" }));
    expect(b.finals(), "the first may deliver it yet").toEqual([]);
    b.receipt(receipt("1", "delivered"));
    expect(b.finals()).toEqual([["m/final", "delivered"]]);
  });

  it("is not waited for where a final receipt has come, nor where the route does not say so", () => {
    const b = routed(otp);
    b.event(tried(1));
    b.receipt(receipt("1", "delivered"));
    const other = routed();
    other.event(tried(1));
    for (const one of [b, other]) {
      one.pass(DEADLINE_MS);
      expect(types(one)).not.toContain("m/1/rerouted");
    }
  });

  it("is the end of a try only so often as a message may be in doubt, and never in a lane that holds", () => {
    const b = routed(otp);
    b.event(tried(1));
    b.pass(22_000);
    b.event(tried(2, { resubmitted: "receipt-missing", submittedAt: 22_000 }));
    b.pass(50_000);
    expect(types(b)).toEqual(["m/1/rerouted"]);
    const held = routed(otp);
    held.event(tried(1, { facts: facts("m", { lane: "marketing" }) }));
    held.pass(50_000);
    expect(types(held)).toEqual([]);
  });

  it("lets the next provider's failure be followed by a third, while the first may still deliver", () => {
    const b = routed(otp);
    b.event(tried(1));
    b.pass(22_000);
    b.event(tried(2, { resubmitted: "receipt-missing", submittedAt: 22_000 }));
    b.receipt(rejected(2), 23_000);
    expect(types(b)).toEqual(["m/1/rerouted", "m/2/1/rejected", "m/2/rerouted"]);
    expect(b.events.at(-1)!.event.resubmitted, "it may go out twice, and says so").toBe("receipt-missing");
  });
});

describe("a message on its way to another provider", () => {
  it("does not end at the first one's deadline, but by its validity, when the router says nothing", () => {
    const b = routed();
    b.event(tried(1, { facts: facts("m", { expiresAt: 300_000 }) }));
    b.receipt(rejected(1));
    b.pass(5_000 + DEADLINE_MS);
    expect(b.finals()).toEqual([]);
    b.pass(600_000);
    expect(b.finals()).toEqual([["m/final", "rejected"]]);
  });

  it("is unknown when the second try stays in doubt: the first receipt does not speak of it", () => {
    const b = routed();
    b.event(tried(1));
    b.receipt(rejected(1));
    b.event(event("in_doubt", "m", { attempt: 2, provider: "smsc-b", errorClass: "unknown", source: SOURCE }));
    expect(b.needsCopy("m", 2), "that the first was taken says nothing of the second").toBe(true);
    b.pass(5_000 + DEADLINE_MS);
    expect(b.finals()).toEqual([["m/final", "unknown"]]);
  });

  it("is known to the next owner as such, from the log and from what was kept, and decided once", () => {
    for (const keepAfterMs of [1_000, 120_000]) {
      const b = bench({ keepAfterMs }, undefined, oneRoute(PROVIDERS));
      const first = tried(1);
      b.event(first);
      b.receipt(rejected(1));
      b.pass(5_000);
      const next = bench({}, undefined, oneRoute(PROVIDERS));
      next.correlation.beginReplay();
      for (const [key, one] of b.kept)
        next.correlation.restoreKept(key, one, undefined, { ...next.out, keep: () => {} });
      if (b.kept.size === 0) for (const one of [first, ...b.events.map((of) => of.event)]) next.event(one);
      next.correlation.endReplay(next.out, 5_000, 5_000);
      expect(types(next)).toEqual([]);
      next.event(tried(2));
      next.receipt(receipt("2", "delivered", { provider: "smsc-b" }));
      expect(next.finals()).toEqual([["m/final", "delivered"]]);
    }
  });

  it("leaves nothing behind in what is kept", () => {
    const b = bench({ keepAfterMs: 1_000 }, undefined, oneRoute(PROVIDERS));
    b.event(tried(1));
    b.pass(4_000);
    b.receipt(rejected(1));
    expect([...b.kept.values()].map(({ type }) => type)).toEqual(["submitted", "receipt", "rerouted"]);
    b.event(event("closed", "m", { attempt: 2, state: "undelivered" }));
    expect(b.kept.size).toBe(0);
  });
});

it("that a copy may be under way is known to the next owner, also of a message that is kept", () => {
  const b = bench({ keepAfterMs: 1_000 }, undefined, oneRoute(PROVIDERS));
  b.event(event("in_doubt", "m", { errorClass: "unknown", source: SOURCE }));
  b.event(tried(1));
  b.pass(5_000);
  const next = bench({}, undefined, oneRoute(PROVIDERS));
  next.correlation.beginReplay();
  for (const [key, one] of b.kept) next.correlation.restoreKept(key, one, undefined, { ...next.out, keep: () => {} });
  next.correlation.endReplay(next.out, 5_000, 5_000);
  next.receipt(rejected(1));
  expect(types(next)).toEqual(["m/final"]);
});

describe("a provider that charges on delivery", () => {
  const later = (n: number, over: Partial<Event> = {}) => tried(n, { onDelivery: true, cost: 0, ...over });
  /** What the events say that each attempt owes. */
  const owed = (b: ReturnType<typeof bench>) =>
    b.events.flatMap(({ event: { type, attempt, cost, onDelivery } }) =>
      onDelivery && (type === "receipt" || type === "final") ? [`${type} ${attempt}: ${cost}`] : [],
    );

  it("is owed nothing by a message that fails, and its price once by one that it delivers", () => {
    const failed = routed({ on: [] });
    failed.event(later(1));
    failed.receipt(rejected(1));
    failed.receipt(receipt("1", "delivered"));
    expect(owed(failed)).toEqual(["final 1: 0"]);
    const delivered = routed();
    delivered.event(later(1));
    delivered.receipt(receipt("1", "delivered"));
    delivered.receipt(receipt("1", "delivered"));
    expect(owed(delivered)).toEqual(["final 1: 7500"]);
  });

  it("is owed each part that it delivers, of a message that does not arrive as well", () => {
    const b = routed({ on: [] });
    b.event(later(1, { facts: facts("m", { segments: 3 }), providerMessageIds: ["1", "y", "z"] }));
    b.receipt(receipt("1", "delivered"));
    b.receipt(receipt("y", "failed"));
    b.receipt(receipt("z", "delivered"));
    expect(b.finals()).toEqual([["m/final", "undelivered"]]);
    expect(owed(b)).toEqual(["receipt 1: 7500", "receipt 1: 7500", "final 1: 15000"]);
  });

  it("is owed its price when it delivers after another has, though its submission becomes known later still", () => {
    for (const known of [true, false]) {
      const b = routed();
      b.event(later(1));
      b.receipt(rejected(1));
      b.correlation.claimNext(b.events.at(-1)!.event);
      if (known) b.event(later(2));
      b.receipt(receipt("1", "delivered"));
      expect(b.finals()).toEqual([["m/final", "delivered"]]);
      if (!known) b.event(later(2));
      for (let n = 0; n < 2; n++) b.receipt(receipt("2", "delivered", { provider: "smsc-b" }));
      expect(owed(b)).toEqual(["receipt 1: 0", "final 1: 7500", "receipt 2: 7500"]);
      expect(b.finals()).toHaveLength(1);
    }
  });

  it("makes nothing of receipts for one that charges on submit", () => {
    const b = routed();
    b.event(later(1));
    b.receipt(rejected(1));
    b.event(tried(2));
    b.receipt(receipt("1", "delivered"));
    b.receipt(receipt("2", "delivered", { provider: "smsc-b" }));
    expect(owed(b)).toEqual(["receipt 1: 0", "final 1: 7500"]);
  });

  it("is owed by a submission in doubt that only its receipt shows to have been taken", () => {
    const b = routed();
    b.event(event("in_doubt", "m", { onDelivery: true, errorClass: "unknown", source: SOURCE }));
    b.receipt(receipt("1", "delivered", { messageId: "m" }));
    expect(b.events.map(({ event: { type, cost } }) => [type, cost])).toEqual([
      ["submitted", 0],
      ["final", 7_500],
    ]);
  });

  it("says one time of submission, though it was in doubt first and answered when a part had been delivered", () => {
    const b = routed();
    const of = facts("m", { segments: 2 });
    b.event(event("in_doubt", "m", { at: 2_000, facts: of, onDelivery: true, errorClass: "unknown", source: SOURCE }));
    b.receipt(receipt("1", "delivered", { messageId: "m" }));
    b.event(later(1, { at: 90_000, submittedAt: 90_000, facts: of, providerMessageIds: ["1", "2"] }));
    b.receipt(receipt("2", "delivered"));
    const told = b.events.filter(({ event: { type } }) => type !== "submitted");
    expect(told.map(({ event: { type, cost, submittedAt } }) => [type, cost, submittedAt])).toEqual([
      ["receipt", 7_500, 2_000],
      ["final", 15_000, 2_000],
    ]);
  });
});
