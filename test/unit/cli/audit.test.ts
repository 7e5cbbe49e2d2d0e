import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BLANK_EVENT } from "../../../pipeline/records/event-record.ts";
import type { Event, Receipt } from "../../../schemas/generated/types.ts";
import { PartitionAudit } from "../../../services/cli/audit.ts";
import { type AuditCounts, addCounts, noCounts } from "../../../services/cli/audit-counts.ts";
import { auditHolds, auditLine, auditTable } from "../../../services/cli/audit-report.ts";
import { excuseNamesakes } from "../../../services/cli/namesakes.ts";
import { ProviderLedger } from "../../../services/cli/provider-ledger.ts";
import { SliceOverflow } from "../../../services/cli/slice.ts";

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
      networkSource: null,
      sentAs: null,
      segmentsSaved: 0,
      receiptTo: null,
    },
    attempt: 1,
    provider: "smsc-a",
    ...more,
  };
}

const TO = "491711234567";
const toOf = (n: number) => `4917112${String(n).padStart(5, "0")}`;

function receipt(provider: string, providerMessageId: string, messageId: string | null = null): Receipt {
  const fields = {
    state: "delivered",
    errorCode: null,
    doneAt: null,
    receivedAt: 1,
    inbound: null,
    parts: null,
    network: null,
  } as const;
  return { provider, providerMessageId, messageId, to: TO, ...fields };
}

const OTP = "sms.requests.otp";
const placeOf = (n: number) => `${OTP}/0/${n}`;

/** The n-th request record of the partition, with its decision when it is one. */
function request(audit: PartitionAudit, id: string, more: { n?: number; to?: string; home?: number | undefined } = {}) {
  const { n = 0, to = TO, home } = more;
  const says = { accountId: "acme", messageId: id, to, from: null, text: "hi" };
  audit.request({ id, to }, { topic: OTP, offset: n, says, home });
  if (home === undefined) audit.decision(placeOf(n));
}

/** All but the lists, whose order is that of the passes. */
function numbersOf(counts: AuditCounts): object {
  return Object.fromEntries(Object.entries(counts).filter(([, value]) => !Array.isArray(value)));
}

function audited(events: readonly Event[], sent: readonly number[] = []) {
  const audit = new PartitionAudit();
  request(audit, A);
  for (const one of events) audit.event(one);
  const ledger = new ProviderLedger();
  for (const [part, count] of sent.entries()) ledger.add(A, part + 1, count);
  return audit.finish(ledger).counts;
}

const submitted = (attempt: number, resubmitted: string | null = null) =>
  event(A, "submitted", { attempt, resubmitted });
const returned = (attempt: number, errorClass: string, reason: string | null = null) =>
  event(A, "returned", { attempt, errorClass, reason });
const rerouted = (attempt: number, more: Partial<Event> = {}) => event(A, "rerouted", { attempt, ...more });
const inDoubt = (attempt: number) => event(A, "in_doubt", { attempt, errorClass: "unknown" });
const final = (state: Event["state"]) => event(A, "final", { state });

describe("an audit of one partition", () => {
  it("counts a message once, however often its records come", () => {
    const audit = new PartitionAudit();
    for (let n = 0; n < 3; n++) request(audit, A, { n });
    for (let n = 0; n < 3; n++) audit.event(submitted(1));
    for (let n = 0; n < 3; n++) audit.event(final("delivered"));
    const { counts } = audit.finish();
    expect(counts).toMatchObject({ accepted: 1, terminal: 1, missing: 0, duplicated: 0, contradicting: 0 });
    expect(counts.byState.delivered).toBe(1);
    expect(auditLine(counts)).toBe(
      "audit: accepted=1 terminal=1 missing=0 duplicated=0 contradicting=0 resubmitted=0 unknown=0",
    );
    expect(auditHolds(counts)).toBe(true);
  });

  it("names what is missing", () => {
    const counts = audited([submitted(1)]);
    expect(counts).toMatchObject({ accepted: 1, terminal: 0, missing: 1, missingIds: [A] });
    expect(auditHolds(counts)).toBe(false);
    expect(auditTable({ ...counts, ledgers: 0, whole: true })).toContain(A);
  });

  it("misses nothing that waits for a time to come, and all that has not ended when it has", () => {
    const waiting = event(A, "postponed", { provider: null, due: 5_000, errorCode: "scheduled" });
    const failing = event(A, "postponed", { provider: null, due: 5_000, errorClass: "unroutable" });
    const at = (now: number, ...events: Event[]) => {
      const audit = new PartitionAudit({ now });
      request(audit, A);
      for (const one of events) {
        expect(audit.wants(`${A}/1/${one.type}`, TO)).toBe(true);
        audit.event(one);
      }
      return audit.finish().counts;
    };
    const counts = at(4_999, waiting);
    expect(counts).toMatchObject({ accepted: 1, terminal: 0, waiting: 1, missing: 0 });
    expect(auditHolds(counts)).toBe(true);
    expect(auditLine(counts)).toMatch(/ unknown=0 waiting=1$/);
    expect(at(5_000, waiting)).toMatchObject({ waiting: 0, missing: 1 });
    expect(at(4_999, failing), "for a provider").toMatchObject({ waiting: 0, missing: 1 });
    expect(at(4_999, waiting, final("rejected")), "cancelled").toMatchObject({ terminal: 1, waiting: 0, missing: 0 });
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
    ["after its receipt had said that it failed", [submitted(1), rerouted(1), submitted(2)], 0],
    [
      "after its receipt, by the provider after the next",
      [submitted(1), rerouted(1), returned(2, "refused"), submitted(3)],
      0,
    ],
    ["twice after one failed receipt", [submitted(1), rerouted(1), submitted(2), submitted(3)], 1],
    ["before a receipt of the second time", [submitted(1), submitted(2), rerouted(2)], 1],
    ["after two failed receipts", [submitted(1), rerouted(1), submitted(2), rerouted(2), submitted(3)], 0],
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
    ["three times, after two takeovers in one attempt", [submitted(1, "takeover")], [3], 0],
    ["twice, and was then refused after a takeover", [returned(1, "permanent", "takeover")], [2], 0],
    ["in part, and then whole elsewhere", [returned(1, "refused", "partial"), submitted(2, "partial")], [2, 1], 0],
    ["although no event says so", [], [1], 0],
    ["twice, the first time in doubt", [inDoubt(1), submitted(2, "takeover")], [2], 0],
    ["three times, and was in doubt once", [inDoubt(1), submitted(2, "takeover")], [3], 1],
    ["twice, each time in doubt", [inDoubt(1), inDoubt(2)], [2], 0],
    ["twice, once in doubt, by an answer that came late", [inDoubt(1), submitted(1)], [2], 1],
    ["twice, and is only said to be in doubt once", [inDoubt(1)], [2], 1],
    [
      "twice, with a refusal in between",
      [inDoubt(1), returned(2, "refused", "takeover"), submitted(3, "takeover")],
      [2],
      0,
    ],
    ["three times, after a takeover before the doubts", [submitted(1, "takeover"), inDoubt(2)], [3], 0],
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
    request(audit, A, { n: 0, home: 3 });
    request(audit, idOf(2), { n: 1, home: 4 });
    audit.decision(placeOf(1));
    audit.event(event(idOf(2), "final", { state: "rejected" }));
    const { counts, elsewhere } = audit.finish();
    expect([...elsewhere]).toEqual([[placeOf(0), { id: A, to: TO, home: 3 }]]);
    expect(counts).toMatchObject({ accepted: 1, terminal: 1, misplaced: 2, unrequested: 0 });
  });

  it("tells two numbers apart that one id was given to", () => {
    const audit = new PartitionAudit();
    request(audit, A, { n: 0, to: toOf(1) });
    request(audit, A, { n: 1, to: toOf(2) });
    audit.event({ ...final("delivered"), facts: { ...final("delivered").facts, to: toOf(1) } });
    expect(audit.finish().counts).toMatchObject({ accepted: 2, terminal: 1, missing: 1, missingIds: [A] });
  });

  it("explains what providers accepted of one id by all the numbers that it was given to, and by no more", () => {
    const sentTo = (sent: number) => {
      const ledger = new ProviderLedger();
      ledger.add(A, 1, sent);
      const results = [toOf(1), toOf(2)].map((to, partition) => {
        const audit = new PartitionAudit({ partition });
        const says = { accountId: "acme", messageId: A, to, from: null, text: "hi" };
        audit.request({ id: A, to }, { topic: OTP, offset: 0, says });
        audit.decision(`${OTP}/${partition}/0`);
        audit.event({ ...final("delivered"), facts: { ...final("delivered").facts, to } });
        return audit.finish(ledger);
      });
      const found = results.map(({ counts }) => counts);
      excuseNamesakes(
        found,
        results.map(({ suspects }) => suspects),
      );
      return found.map(({ duplicated, duplicatedIds }) => [duplicated, duplicatedIds.length]);
    };
    const none = [
      [0, 0],
      [0, 0],
    ];
    expect(sentTo(1)).toEqual(none);
    expect(sentTo(2)).toEqual(none);
    expect(sentTo(3)).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });

  it("names a request that was dropped although it repeats no other one", () => {
    const audit = new PartitionAudit();
    request(audit, A, { n: 0 });
    const says = { accountId: "acme", messageId: A, to: TO, from: null };
    audit.request({ id: A, to: TO }, { topic: OTP, offset: 1, says: { ...says, text: "hi" } });
    audit.request({ id: A, to: TO }, { topic: OTP, offset: 2, says: { ...says, text: "another" } });
    audit.event(final("delivered"));
    const { counts } = audit.finish();
    expect(counts).toMatchObject({ accepted: 1, terminal: 1, repeats: 1, missing: 1 });
    expect(counts.missingIds[0]).toContain(placeOf(2));
  });

  it("tells of receipts and terminal events that belong to nothing", () => {
    const audit = new PartitionAudit();
    request(audit, A);
    audit.event(event(A, "submitted", { providerMessageIds: ["17", "18"] }));
    audit.event(event(idOf(9), "final", { state: "delivered" }));
    audit.receipt(receipt("smsc-a", "17"), "sms.receipts/0/1");
    audit.receipt(receipt("smsc-b", "123417"), "sms.receipts/0/2");
    audit.receipt(receipt("smsc-b", "123417"), "sms.receipts/0/3");
    audit.receipt(receipt("http-c", "SM1", A), "sms.receipts/0/4");
    const { counts } = audit.finish();
    expect(counts).toMatchObject({
      unrequested: 1,
      orphanReceipts: 1,
      orphanReceiptIds: ["smsc-b …3417 at sms.receipts/0/2"],
    });
    expect(auditTable({ ...counts, ledgers: 0, whole: true })).toContain("smsc-b …3417 at sms.receipts/0/2");
  });

  it("knows the receipts of a submission in doubt by the ids that its end states, and ids in either notation", () => {
    const audit = new PartitionAudit();
    request(audit, A);
    audit.event(event(A, "final", { state: "delivered", providerMessageIds: ["77"] }));
    audit.event(event(A, "submitted", { providerMessageIds: ["1f"] }));
    audit.receipt(receipt("smsc-a", "77"), "x");
    audit.receipt(receipt("smsc-a", "31"), "x");
    expect(audit.finish().counts.orphanReceipts).toBe(0);
  });

  it("states the reasons of what went out again, once for each submission", () => {
    const counts = audited([
      ...[submitted(1), submitted(2, "takeover"), submitted(2, "takeover"), submitted(3, "response-timeout")],
      final("delivered"),
    ]);
    expect(counts).toMatchObject({
      resubmitted: 1,
      duplicated: 0,
      resubmittedBy: { takeover: 1, "response-timeout": 1 },
      resubmittedIds: [`${A} in attempt 2: takeover`, `${A} in attempt 3: response-timeout`],
    });
    const table = auditTable({ ...counts, ledgers: 0, whole: true });
    expect(table).toMatch(/takeover +1 {2}submissions/);
    expect(table).toContain(`${A} in attempt 3: response-timeout`);
  });

  it("decodes only what it counts", () => {
    const audit = new PartitionAudit();
    const wanted = ["1/postponed", "1/submitted", "1/resubmitted", "2/returned", "final"];
    for (const kind of wanted) expect([kind, audit.wants(`${A}/${kind}`, TO)]).toEqual([kind, true]);
    for (const kind of ["1/routed", "0/closed", "1/2/delivered"])
      expect([kind, audit.wants(`${A}/${kind}`, TO)]).toEqual([kind, false]);
    expect(audit.wants(undefined, TO)).toBe(false);
    expect(audit.wants("nonsense/final", TO)).toBe(false);
  });

  it("decodes nothing of other slices", () => {
    const slices = Array.from({ length: 7 }, (_, index) => new PartitionAudit({ slice: { index, of: 7 } }));
    // One slice for the message, and one, perhaps the same, for its receipts.
    expect(slices.filter((slice) => slice.wants(`${A}/1/submitted`, Buffer.from(TO))).length).toBeOneOf([1, 2]);
    expect(slices.filter((slice) => slice.wantsReceipt(Buffer.from(TO))).length).toBe(1);
  });

  it.each([
    ["messages", (audit: PartitionAudit, n: number) => request(audit, idOf(n), { n })],
    [
      "ids",
      (audit: PartitionAudit, n: number) => audit.event(event(A, "submitted", { providerMessageIds: [`x${n}`] })),
    ],
    [
      "receipts without a message",
      (audit: PartitionAudit, n: number) => audit.receipt(receipt("smsc-a", `y${n}`), "x"),
    ],
  ])("gives up on more %s than it may hold", (_, add) => {
    const audit = new PartitionAudit({ maxMessages: 10 });
    expect(() => {
      for (let n = 0; n < 100; n++) add(audit, n);
    }).toThrow(SliceOverflow);
  });

  it("finds the same in slices as in one pass, and as a naive count, for any traffic", () => {
    const message = fc.record({
      home: fc.constantFrom(undefined, undefined, undefined, 3),
      state: fc.option(fc.constantFrom("delivered" as const, "failed" as const, "unknown" as const)),
      submissions: fc.array(fc.constantFrom(null, null, "takeover", "response-timeout"), { maxLength: 3 }),
      receipts: fc.array(fc.constantFrom("own", "stray", "named"), { maxLength: 3 }),
      unreadable: fc.constantFrom("no", "no", "dead", "lost"),
    });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 40 }), fc.integer({ min: 2, max: 9 }), (messages, of) => {
        const feed = (audit: PartitionAudit) => {
          messages.forEach((m, n) => {
            request(audit, idOf(n), { n, to: toOf(n), home: m.home });
            if (m.home !== undefined && m.state !== null) audit.decision(placeOf(n));
            if (m.unreadable !== "no") audit.unreadable(placeOf(100 + n));
          });
          messages.forEach((m, n) => {
            if (m.unreadable === "dead") audit.deadLetter(placeOf(100 + n));
            const facts = { ...event(idOf(n), "final").facts, to: toOf(n) };
            const give = (kind: string, one: Event) => {
              if (audit.wants(`${idOf(n)}/${kind}`, toOf(n))) audit.event({ ...one, facts });
            };
            m.submissions.forEach((resubmitted, at) => {
              const more = { attempt: at + 1, resubmitted, providerMessageIds: [`${n}-${at}`] };
              give(
                `${at + 1}/${resubmitted === null ? "submitted" : "resubmitted"}`,
                event(idOf(n), "submitted", more),
              );
            });
            if (m.state !== null) give("final", event(idOf(n), "final", { state: m.state }));
          });
          messages.forEach((m, n) => {
            if (!audit.wantsReceipt(toOf(n))) return;
            for (const kind of m.receipts) {
              const one = receipt(
                "smsc-a",
                kind === "own" ? `${n}-0` : `${n}-${kind}`,
                kind === "named" ? idOf(n) : null,
              );
              audit.receipt({ ...one, to: toOf(n) }, "x");
            }
          });
        };
        const whole = new PartitionAudit();
        feed(whole);
        const sum = noCounts();
        const elsewhere = new Map<string, unknown>();
        for (let index = 0; index < of; index++) {
          const part = new PartitionAudit({ slice: { index, of } });
          feed(part);
          const result = part.finish();
          addCounts(sum, result.counts);
          for (const [id, home] of result.elsewhere) elsewhere.set(id, home);
        }
        const once = whole.finish();
        expect(numbersOf(sum)).toEqual(numbersOf(once.counts));
        expect(new Map([...elsewhere].sort())).toEqual(new Map([...once.elsewhere].sort()));

        const here = messages.filter((m) => m.home === undefined || m.state !== null);
        const anyEvent = (m: (typeof messages)[number]) => m.submissions.length > 0 || m.state !== null;
        const orphans = messages.map((m) => {
          const own = m.submissions.length > 0;
          const ids = new Set(m.receipts.filter((k) => k === "stray" || (k === "own" ? !own : !anyEvent(m))));
          return ids.size;
        });
        expect(sum).toMatchObject({
          accepted: here.length,
          terminal: here.filter((m) => m.state !== null).length,
          unreadable: messages.filter((m) => m.unreadable !== "no").length,
          missing: here.filter((m) => m.state === null).length + messages.filter((m) => m.unreadable === "lost").length,
          misplaced: messages.filter((m) => m.home !== undefined).length,
          orphanReceipts: orphans.reduce((a, b) => a + b, 0),
          unrequested: 0,
        });
      }),
    );
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
            request(audit, idOf(n), { n: n * 3 + r });
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
