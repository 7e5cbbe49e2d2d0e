import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accountSchema } from "../../../../domain/catalog/account.ts";
import { snapshotOf } from "../../../../domain/catalog/snapshot.ts";
import { joined, messageHash, roomAt, type SentMessage } from "../../../../domain/routing/recent-messages.ts";
import type { OutRecord } from "../../../../platform/kafka/record.ts";
import type { Pending } from "../../../../services/router/routing-records.ts";
import { FrequencyRule } from "../../../../services/router/rules/frequency-rule.ts";
import type { Assigned } from "../../../../services/router/rules/message-rule.ts";
import { codecs, eventOf, inRecord, NOW, request, TO, world } from "../router-world.ts";

const HOUR = 3_600_000;
const ID = (n: number) => `0197a000-0000-7000-8000-${String(n).padStart(12, "0")}`;

/** A router whose account has these caps; `told`: what the copy of sms.frequency says. */
function capped(...caps: object[]) {
  const made = world();
  const told = new Map<string, SentMessage[]>();
  const copy = { caughtUp: async () => true, sent: (_: number, key: string) => told.get(key) ?? [] };
  const { catalog } = made.catalog.current;
  const acme = accountSchema.parse({ id: "acme", name: "Acme", frequencyCaps: caps });
  made.catalog.current = snapshotOf({ ...catalog, accounts: [acme] });
  const ruled = () => {
    made.rules.length = 0;
    made.rules.push(new FrequencyRule({ copy, codecs }));
  };
  ruled();
  const start = async (...given: Parameters<typeof made.start>) => {
    ruled();
    const router = await made.start(...given);
    router.prepare();
    return router;
  };
  /** Of one in the lane of marketing. */
  const send = (router: Awaited<ReturnType<typeof start>>, n: number, to = TO) => {
    const record = {
      ...request(n, { messageId: ID(n), to, validitySeconds: 172_800 }),
      topic: "sms.requests.marketing",
    };
    return made.run(router, { ...record, timestamp: NOW });
  };
  return { ...made, start, send, told };
}

const frequencyOf = (records: readonly OutRecord[]) =>
  records
    .filter(({ topic }) => topic === "sms.frequency")
    .map(({ key, value }) => {
      const decoded = codecs.frequency.decode(value!);
      if (!decoded.ok) throw new Error(decoded.detail);
      return { key, ...decoded.value };
    });

const TWO_A_DAY = { id: "daily", most: 2, hours: 24 };

describe("a frequency cap", () => {
  it("lets as many go as it allows, writes each down with its decision, and the next one waits until there is room", async () => {
    const { start, send, at } = capped(TWO_A_DAY);
    const router = await start();
    const first = send(router, 1);
    expect(eventOf(first.decisions.find(({ topic }) => topic === "sms.events")).type).toBe("routed");
    expect(frequencyOf(first.decisions)).toMatchObject([
      { key: `acme/daily:${TO}`, times: [NOW], messages: [messageHash(ID(1))] },
    ]);
    at(NOW + HOUR);
    expect(frequencyOf(send(router, 2).decisions)).toMatchObject([{ times: [NOW, NOW + HOUR] }]);
    const third = send(router, 3);
    expect(frequencyOf(third.decisions)).toEqual([]);
    expect(eventOf(third.decisions[0])).toMatchObject({
      type: "postponed",
      errorCode: "frequency-cap",
      due: NOW + 24 * HOUR,
    });
    at(NOW + 24 * HOUR);
    expect(eventOf(send(router, 4).decisions.find(({ topic }) => topic === "sms.events")).type).toBe("routed");
  });

  it("refuses where it is to, with the reason, and that is no dead letter", async () => {
    const { start, send } = capped({ ...TWO_A_DAY, most: 1, whenReached: "refuse" });
    const router = await start();
    send(router, 1);
    const { decisions, effects } = send(router, 2);
    expect(effects).toEqual([]);
    expect(decisions.map(({ topic }) => topic)).toEqual(["sms.events"]);
    expect(eventOf(decisions[0])).toMatchObject({
      type: "closed",
      state: "rejected",
      errorCode: "frequency-cap",
      reason: "daily: 1 in 24 hours have gone to the recipient",
    });
  });

  it("ends a message that would be over before there is room", async () => {
    const { start, send } = capped({ ...TWO_A_DAY, most: 1, hours: 100 });
    const router = await start();
    send(router, 1);
    expect(eventOf(send(router, 2).decisions[0])).toMatchObject({ type: "closed", errorCode: "frequency-cap" });
  });

  it("counts by recipient, and in its lanes alone", async () => {
    const { start, send, run } = capped({ ...TWO_A_DAY, most: 1 });
    const router = await start();
    send(router, 1);
    const { decisions } = run(router, request(2, { messageId: ID(2) }));
    expect(decisions.map(({ topic }) => topic)).toEqual(["sms.events"]);
    expect(eventOf(decisions[0]).type).toBe("routed");
  });

  it("counts a message once, however many providers are tried", async () => {
    const { start, send, run } = capped({ ...TWO_A_DAY, most: 1 });
    const router = await start();
    const { effects } = send(router, 1);
    const dispatch = codecs.dispatch.decode(effects[0]!.value!);
    if (!dispatch.ok) throw new Error(dispatch.detail);
    const { facts, text } = dispatch.value;
    const retry = codecs.retry.encode({
      ...{ facts, text, attempt: 2, inDoubt: null, spendLeft: null, spendCurrency: null, charge: null },
      tried: [{ provider: "a", errorClass: "transient", errorCode: "ESME_RSYSERR" }],
    });
    const back = run(router, inRecord("sms.retry.0s", 0, retry, { headers: { due: String(NOW) } }));
    expect(eventOf(back.decisions[0])).toMatchObject({ type: "routed", provider: "b" });
    expect(frequencyOf(back.decisions)).toEqual([]);
  });

  it("of several each must have room, and the last one to have it says when", async () => {
    const { start, send, at } = capped({ ...TWO_A_DAY, most: 1, hours: 1 }, { id: "two-days", most: 1, hours: 30 });
    const router = await start();
    send(router, 1);
    at(NOW + 2 * HOUR);
    expect(eventOf(send(router, 2).decisions[0])).toMatchObject({ type: "postponed", due: NOW + 30 * HOUR });
  });

  it("goes on from what was written, and from decisions whose count was not, after a takeover", async () => {
    const { start, send, told } = capped(TWO_A_DAY);
    const first = await start();
    send(first, 1);
    // The event stands in the log; the count was not written any more.
    const next = await start();
    const written: OutRecord[] = [];
    const out = { decide: (record: OutRecord) => written.push(record), effect: () => {} };
    next.tick(out);
    next.tick(out);
    expect(frequencyOf(written)).toMatchObject([{ times: [NOW], messages: [messageHash(ID(1))] }]);
    send(next, 1);
    expect(frequencyOf(send(next, 2).decisions)).toMatchObject([
      { times: [NOW, NOW], messages: [messageHash(ID(1)), messageHash(ID(2))].toSorted((a, b) => a - b) },
    ]);
    told.set(`acme/daily:${TO}`, [
      { at: NOW, message: messageHash(ID(1)) },
      { at: NOW, message: messageHash(ID(2)) },
    ]);
    const third = await start();
    expect(eventOf(send(third, 3).decisions[0])).toMatchObject({ type: "postponed" });
  });
});

/** A rule by itself, and a copy that has what is put into `told`. */
function alone() {
  const told = new Map<string, SentMessage[]>();
  const rule = new FrequencyRule({
    copy: { caughtUp: async () => true, sent: (_, key) => told.get(key) ?? [] },
    codecs,
  });
  const caps = [{ ...TWO_A_DAY, most: 1 }];
  const { catalog } = world().catalog.current;
  rule.begin(
    snapshotOf({ ...catalog, accounts: [accountSchema.parse({ id: "acme", name: "Acme", frequencyCaps: caps })] }),
  );
  const pending = (n: number, id = n, attempt = 1) => {
    const facts = { accountId: "acme", lane: "marketing", to: String(491_500_000_000 + n), messageId: ID(id) };
    return { attempt, facts: { ...facts, expiresAt: NOW + 100 * HOUR } } as unknown as Pending;
  };
  const out = { decide: () => {}, effect: () => {} };
  /** A batch of a hundred each. */
  const send = (n: number, at = NOW) => {
    rule.assigned(pending(n), {} as Assigned, at, out);
    if (n % 100 === 0) rule.tick(out);
  };
  const tick = () => rule.tick(out);
  const judge = (n: number, id: number, attempt = 1) => rule.judge(pending(n, id, attempt), NOW);
  /** The copy has read a message's record. */
  const read = (n: number) =>
    void told.set(`acme/daily:${491_500_000_000 + n}`, [{ at: NOW, message: messageHash(ID(n)) }]);
  return { send, tick, judge, read };
}

describe("what a copy that is behind has not read", () => {
  it("still counts, of however many recipients", () => {
    const { send, judge } = alone();
    for (let n = 0; n < 20_000; n++) send(n);
    expect(judge(0, 90_000)).toMatchObject({ verdict: "wait", due: NOW + 24 * HOUR });
  });

  it("lets messages under a cap wait when it has become too much, until it has been read", () => {
    const { send, tick, judge, read } = alone();
    for (let n = 0; n < 50_000; n++) send(n);
    const wait = { verdict: "wait", due: NOW + 5_000, code: "frequency-cap" };
    expect(judge(60_000, 60_000)).toMatchObject(wait);
    // Attempts are numbered: it must not be given up for it before its validity is over.
    expect(judge(60_000, 60_000, 1_001)).toMatchObject({ ...wait, due: NOW + 60_000 });
    expect(judge(60_000, 60_000, 4_001)).toMatchObject({ ...wait, due: NOW + 600_000 });
    read(0);
    tick();
    expect(judge(60_000, 60_000)).toBeUndefined();
  });

  it("is forgotten when no cap reaches back to it, though the copy has forgotten it before", () => {
    const { send, judge, read } = alone();
    const old = NOW - 32 * 24 * HOUR;
    for (let n = 0; n < 4_000; n++) send(n, old);
    for (let n = 4_000; n < 60_000; n++) {
      send(n);
      read(n);
    }
    expect(judge(60_000, 60_000)).toBeUndefined();
  });

  it("is forgotten when it has been read", () => {
    const { send, judge, read } = alone();
    for (let n = 0; n < 60_000; n++) {
      send(n);
      read(n);
    }
    expect(judge(60_000, 60_000)).toBeUndefined();
    expect(judge(0, 90_000)).toMatchObject({ verdict: "wait", due: NOW + 24 * HOUR });
  });
});

describe("what counts", () => {
  const sent = fc.array(fc.record({ at: fc.integer({ min: 0, max: 20 }), message: fc.integer({ min: 0, max: 9 }) }), {
    maxLength: 12,
  });

  it("is the same in whatever order and however often it is joined", () => {
    fc.assert(
      fc.property(sent, sent, fc.integer({ min: 1, max: 5 }), (a, b, most) => {
        const both = joined(a, b, 100);
        expect(joined(b, a, 100)).toEqual(both);
        expect(joined(both, both, 100)).toEqual(both);
        expect(joined(joined(a, [], most), joined(b, [], most), most).length).toBeLessThanOrEqual(most);
      }),
    );
  });

  it("never lets more go in any window than the cap allows, and no later than need be", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 30 }), { maxLength: 40 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 50 }),
        (gaps, most, window) => {
          let now = 0;
          const gone: number[] = [];
          let known: SentMessage[] = [];
          for (const [n, gap] of gaps.entries()) {
            now += gap;
            const due = roomAt(known, most, window, now);
            const within = gone.filter((at) => at + window > now).length;
            expect(due === undefined).toBe(within < most);
            if (due !== undefined) {
              expect(gone.filter((at) => at + window > due).length).toBeLessThan(most);
              expect(gone.filter((at) => at + window > due - 1).length).toBe(most);
              continue;
            }
            gone.push(now);
            known = joined(known, [{ at: now, message: n }], most);
          }
        },
      ),
    );
  });
});
