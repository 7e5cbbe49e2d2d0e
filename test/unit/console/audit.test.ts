import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BLANK_EVENT } from "../../../schemas/blank-event.ts";
import type { Event } from "../../../schemas/generated/types.ts";
import { addCounts, noCounts, PartitionAudit } from "../../../services/console/audit.ts";
import { auditHolds, auditLine, auditTable } from "../../../services/console/audit-report.ts";
import { ProviderLedger } from "../../../services/console/provider-ledger.ts";

const idOf = (n: number) => `0190a0b0-0000-7000-8000-${n.toString(16).padStart(12, "0")}`;
const A = idOf(1);

function event(messageId: string, type: Event["type"], more: Partial<Event> = {}): Event {
  return {
    ...BLANK_EVENT,
    type,
    at: 1,
    facts: {
      messageId,
      accountId: "acme",
      lane: "otp",
      to: "491711234567",
      from: null,
      country: "DE",
      network: null,
      encoding: "gsm7",
      segments: 1,
      reference: null,
      callbackUrl: null,
      metadata: {},
      acceptedAt: 0,
      expiresAt: 1_000,
    },
    attempt: 1,
    provider: "smsc-a",
    ...more,
  };
}

function audited(events: readonly Event[], sent: readonly number[] = []) {
  const audit = new PartitionAudit();
  audit.request(A);
  for (const one of events) audit.event(one);
  const ledger = new ProviderLedger();
  for (const [part, count] of sent.entries()) ledger.add(A, part + 1, count);
  return audit.finish(ledger).counts;
}

const submitted = (attempt: number, resubmitted: string | null = null) =>
  event(A, "submitted", { attempt, resubmitted });
const returned = (attempt: number, errorClass: string, reason: string | null = null) =>
  event(A, "returned", { attempt, errorClass, reason });
const final = (state: Event["state"]) => event(A, "final", { state });

describe("an audit of one partition", () => {
  it("counts a message once, however often its records come", () => {
    const audit = new PartitionAudit();
    for (let n = 0; n < 3; n++) audit.request(A);
    for (let n = 0; n < 3; n++) audit.event(submitted(1));
    for (let n = 0; n < 3; n++) audit.event(final("delivered"));
    const { counts } = audit.finish();
    expect(counts).toMatchObject({ accepted: 1, terminal: 1, missing: 0, duplicated: 0, contradicting: 0 });
    expect(counts.byState.delivered).toBe(1);
    expect(auditLine(counts)).toBe("audit: accepted=1 terminal=1 missing=0 duplicated=0 resubmitted=0 unknown=0");
    expect(auditHolds(counts)).toBe(true);
  });

  it("names what is missing", () => {
    const counts = audited([submitted(1)]);
    expect(counts).toMatchObject({ accepted: 1, terminal: 0, missing: 1, missingIds: [A] });
    expect(auditHolds(counts)).toBe(false);
    expect(auditTable({ ...counts, ledgers: 0, whole: true })).toContain(A);
  });

  it("keeps the first terminal state and tells of another one", () => {
    const counts = audited([final("delivered"), final("unknown")]);
    expect(counts.byState).toMatchObject({ delivered: 1, unknown: 0 });
    expect(counts.contradicting).toBe(1);
  });

  it.each([
    ["after it was handed back", [submitted(1), returned(1, "transient"), submitted(2)], 0],
    ["for a stated reason", [returned(1, "unknown", "no response"), submitted(2, "no response")], 0],
    ["in a later attempt without a reason", [submitted(1), submitted(2)], 1],
    ["in whatever order the events come", [submitted(3), submitted(1)], 1],
    ["after a repeat with a reason", [submitted(1), submitted(1, "takeover"), submitted(2)], 1],
    ["only once, in a later attempt", [returned(1, "throttled"), submitted(2)], 0],
  ])("looks at a message submitted again %s", (_, events, duplicated) => {
    expect(audited([...events, final("delivered")]).duplicated).toBe(duplicated);
  });

  it.each([
    ["once", [submitted(1)], [1, 1], 0],
    ["twice, and the events tell of one", [submitted(1)], [1, 2], 1],
    ["twice, the second time for a stated reason", [submitted(1, "takeover")], [2], 0],
    ["twice, the first time without an answer", [returned(1, "unknown"), submitted(2, "no response")], [2], 0],
    ["three times, and one reason is stated", [returned(1, "unknown"), submitted(2, "no response")], [3], 1],
    ["twice, although it said that it did not", [returned(1, "transient"), submitted(2)], [2], 1],
    [
      "three times, twice without an answer",
      [returned(1, "unknown"), returned(2, "unknown"), submitted(3, "x")],
      [3],
      0,
    ],
    ["in part, and then whole elsewhere", [returned(1, "refused", "partial"), submitted(2, "partial")], [2, 1], 0],
    ["although no event says so", [], [1], 0],
  ])("compares with a provider that accepted it %s", (_, events, sent, duplicated) => {
    const counts = audited([...events, final("delivered")], sent);
    expect(counts).toMatchObject({ duplicated, sent: 1 });
  });

  it("wants a dead letter for what no one can read", () => {
    const audit = new PartitionAudit();
    audit.unreadable("sms.requests.otp/0/5");
    audit.unreadable("sms.requests.otp/0/9");
    audit.deadLetter("sms.requests.otp/0/5");
    const { counts } = audit.finish();
    expect(counts).toMatchObject({ accepted: 0, unreadable: 2, missing: 1 });
    expect(counts.missingIds[0]).toContain("sms.requests.otp/0/9");
  });

  it("follows a request that belongs elsewhere, unless it ended where it stood", () => {
    const audit = new PartitionAudit();
    audit.request(A, 3);
    audit.request(idOf(2), 4);
    audit.event(event(idOf(2), "final", { state: "rejected" }));
    const { counts, elsewhere } = audit.finish();
    expect([...elsewhere]).toEqual([[A, 3]]);
    expect(counts).toMatchObject({ accepted: 1, terminal: 1, misplaced: 2, unrequested: 0 });
  });

  it("tells of receipts and terminal events that belong to nothing", () => {
    const audit = new PartitionAudit();
    audit.request(A);
    audit.event(event(A, "submitted", { providerMessageIds: ["17", "18"] }));
    audit.event(event(idOf(9), "final", { state: "delivered" }));
    audit.receipt("smsc-a", "17", null);
    audit.receipt("smsc-b", "17", null);
    audit.receipt("http-c", "SM1", A);
    expect(audit.finish().counts).toMatchObject({ unrequested: 1, orphanReceipts: 1 });
  });

  it("decodes only what it counts", () => {
    const audit = new PartitionAudit();
    const wanted = ["1/submitted", "1/resubmitted", "2/returned", "0/closed", "final"];
    for (const kind of wanted) expect([kind, audit.wants(`${A}/${kind}`)]).toEqual([kind, true]);
    for (const kind of ["1/routed", "1/in_doubt", "1/2/delivered"])
      expect([kind, audit.wants(`${A}/${kind}`)]).toEqual([kind, false]);
    expect(audit.wants(undefined)).toBe(false);
    expect(audit.wants("nonsense/final")).toBe(false);
  });

  it("agrees with a naive count for any traffic in any order", () => {
    const message = fc.record({
      final: fc.option(fc.constantFrom("delivered" as const, "failed" as const)),
      repeats: fc.integer({ min: 1, max: 3 }),
      resubmitted: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 40 }), fc.infiniteStream(fc.nat()), (messages, shuffle) => {
        const audit = new PartitionAudit();
        const events: Event[] = [];
        for (const [n, { final: state, repeats, resubmitted }] of messages.entries()) {
          for (let r = 0; r < repeats; r++) {
            audit.request(idOf(n));
            events.push(event(idOf(n), "submitted", { resubmitted: resubmitted ? "takeover" : null }));
            if (state !== null) events.push(event(idOf(n), "final", { state }));
          }
        }
        const keyed = events.map((one) => ({ one, key: shuffle.next().value as number }));
        for (const { one } of keyed.sort((a, b) => a.key - b.key)) audit.event(one);
        const { counts } = audit.finish();
        const ended = messages.filter((m) => m.final !== null);
        expect(counts).toMatchObject({
          accepted: messages.length,
          terminal: ended.length,
          missing: messages.length - ended.length,
          resubmitted: messages.filter((m) => m.resubmitted).length,
          duplicated: 0,
        });
        expect(counts.byState.delivered).toBe(ended.filter((m) => m.final === "delivered").length);
        expect(counts.missingIds.length).toBe(Math.min(20, counts.missing));
      }),
    );
  });
});

describe("counts of several partitions", () => {
  it("add up, and name at most twenty", () => {
    const one = { ...noCounts(), accepted: 15, missing: 15, missingIds: Array.from({ length: 15 }, (_, n) => idOf(n)) };
    one.byState.delivered = 2;
    const sum = noCounts();
    addCounts(sum, one);
    addCounts(sum, one);
    expect(sum).toMatchObject({ accepted: 30, missing: 30, byState: { delivered: 4 } });
    expect(sum.missingIds.length).toBe(20);
  });
});
