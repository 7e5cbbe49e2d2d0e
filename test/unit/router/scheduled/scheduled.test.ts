import { describe, expect, it } from "vitest";
import type { InRecord, OutRecord } from "../../../../platform/kafka/record.ts";
import type { Cancel } from "../../../../schemas/generated/types.ts";
import { ROUTER_INPUTS } from "../../../../schemas/topics.ts";
import { asRead, codecs, eventOf, HOME, inRecord, NOW, request, TO, world } from "../router-world.ts";

const ID = "3b0c1c62-7a2c-4f0e-9d55-0d6a37e1f001";
const KEY = `${ID}/${TO}/2`;
const HOUR = 3_600_000;
const later = (changes = {}) => request(0, { messageId: ID, sendAt: NOW + HOUR, ...changes });
const dueRecords = (effects: readonly OutRecord[]) => effects.filter(({ topic }) => topic === "sms.due");
/** Offsets of an owner who need not read the request again. */
const BEHIND_THE_REQUEST = ROUTER_INPUTS.map((_, i) => (i === 0 ? 1 : 0));
const topicsOf = (records: readonly OutRecord[]) => records.map(({ topic }) => topic);
const asInput = (record: OutRecord, offset: number): InRecord => asRead(record, offset);

/** A router that has put a message into sms.scheduled, and whose copy has it. */
async function withOneWaiting() {
  const w = world();
  const router = await w.start();
  const { decisions, effects } = w.run(router, later());
  w.copied(effects);
  return { ...w, router, event: eventOf(decisions[0]), scheduled: effects[0]!, store: w.scheduled };
}

describe("a message with a time", () => {
  it("is decided once, waits in sms.scheduled with all that is needed to send it, and goes to no provider", async () => {
    const { event, scheduled } = await withOneWaiting();
    expect(event).toMatchObject({
      type: "postponed",
      errorCode: "scheduled",
      errorClass: null,
      due: NOW + HOUR,
      attempt: 1,
    });
    expect(event.facts.expiresAt).toBe(NOW + HOUR + 86_400_000);
    expect(scheduled).toMatchObject({ topic: "sms.scheduled", partition: HOME, key: KEY });
    expect(scheduled.headers).toMatchObject({ due: String(NOW + HOUR), lane: "otp" });
    const retry = codecs.retry.decode(scheduled.value!);
    expect(retry).toMatchObject({ ok: true, value: { attempt: 2, text: "hello", facts: { messageId: ID } } });
  });

  it("goes at once when its time has passed a moment ago", async () => {
    const { start, run } = world();
    const { decisions } = run(await start(), later({ sendAt: NOW - 60_000 }));
    expect(eventOf(decisions[0])).toMatchObject({ type: "routed" });
  });

  it.each([
    ["send-at-past", NOW - 11 * 60_000],
    ["send-at-too-far", NOW + 35 * 86_400_000 + 1_000],
    ["send-at-invalid", 300_000_000_000_000],
  ])("is refused as %s, by the field's name", async (code, sendAt) => {
    const { start, run } = world();
    const { decisions } = run(await start(), later({ sendAt }));
    expect(eventOf(decisions[0])).toMatchObject({ type: "closed", state: "rejected", errorCode: code });
    expect(eventOf(decisions[0]).reason).toContain("sendAt: ");
  });

  it("is not released before its time, and is then, into sms.due with its key", async () => {
    const { router, tick, at } = await withOneWaiting();
    at(NOW + HOUR - 100);
    expect((await tick(router)).effects).toEqual([]);
    at(NOW + HOUR);
    const { effects } = await tick(router);
    expect(effects).toHaveLength(1);
    expect(effects[0]).toMatchObject({ topic: "sms.due", partition: HOME, key: TO, headers: { scheduled: KEY } });
  });

  it("is released once, however long the copy still has it", async () => {
    const { router, tick, at } = await withOneWaiting();
    at(NOW + HOUR);
    expect((await tick(router)).effects).toHaveLength(1);
    at(NOW + HOUR + 1_000);
    expect((await tick(router)).effects).toEqual([]);
  });

  it("goes to a provider when it comes back, and with the decision it waits no more", async () => {
    const { router, run, tick, at, copied, store } = await withOneWaiting();
    at(NOW + HOUR);
    const [due] = (await tick(router)).effects;
    const { decisions, effects } = run(router, asInput(due!, 0));
    expect(eventOf(decisions[0])).toMatchObject({ type: "routed", provider: "a", attempt: 2 });
    expect(topicsOf(effects)).toEqual(["sms.dispatch.a.otp", "sms.scheduled"]);
    expect(effects[1]).toMatchObject({ key: KEY, value: null });
    copied(effects);
    expect(store.has(HOME, KEY)).toBe(false);
    at(NOW + HOUR + 1_000);
    expect((await tick(router)).effects).toEqual([]);
  });

  it("waits no more when its record cannot be processed and is put aside", async () => {
    const { router, tick, at, copied, store } = await withOneWaiting();
    at(NOW + HOUR);
    const [due] = (await tick(router)).effects;
    const effects: OutRecord[] = [];
    router.refuse(asInput(due!, 0), new Error("no"), { decide: () => {}, effect: (record) => effects.push(record) });
    expect(effects).toMatchObject([{ topic: "sms.scheduled", key: KEY, value: null }]);
    copied(effects);
    expect(store.has(HOME, KEY)).toBe(false);
  });

  it("is sent once when two owners have released it", async () => {
    const w = await withOneWaiting();
    w.at(NOW + HOUR);
    const [first] = (await w.tick(w.router)).effects;
    const next = await w.start(BEHIND_THE_REQUEST);
    const [second] = (await w.tick(next)).effects;
    expect(second).toMatchObject({ topic: "sms.due" });
    expect(topicsOf(w.run(next, asInput(first!, 0)).effects)).toEqual(["sms.dispatch.a.otp", "sms.scheduled"]);
    const { decisions, effects } = w.run(next, asInput(second!, 1));
    expect(decisions).toEqual([]);
    expect(topicsOf(effects)).toEqual(["sms.scheduled"]);
  });

  it("is known as sent also to an owner who remembers no decision, since it does not wait", async () => {
    const w = await withOneWaiting();
    w.at(NOW + HOUR);
    const [due] = (await w.tick(w.router)).effects;
    w.copied(w.run(w.router, asInput(due!, 0)).effects);
    w.log.length = 0;
    const { decisions, effects } = w.run(await w.start(), asInput(due!, 1));
    expect(decisions).toEqual([]);
    expect(topicsOf(effects)).toEqual(["sms.scheduled"]);
  });

  it("is carried out as decided by an owner who finds the decision, though it waits no more", async () => {
    const w = await withOneWaiting();
    w.at(NOW + HOUR);
    const [due] = (await w.tick(w.router)).effects;
    const input = asInput(due!, 0);
    w.copied(w.run(w.router, input).effects);
    const { decisions, effects } = w.run(await w.start(), input);
    expect(decisions).toEqual([]);
    expect(topicsOf(effects)).toEqual(["sms.dispatch.a.otp", "sms.scheduled"]);
  });

  it("is not put back by an owner who repeats the decision that let it wait, after it has gone", async () => {
    const w = world();
    const first = await w.start();
    const { effects } = w.run(first, later());
    const next = await w.start();
    // The next owner's copy has it, and its request is still to be read again.
    w.copied(effects);
    w.at(NOW + HOUR);
    expect(dueRecords((await w.tick(next)).effects)).toEqual([]);
    expect(topicsOf(w.run(next, later()).effects)).toEqual(["sms.scheduled"]);
    w.at(NOW + HOUR + 1_000);
    const [due] = dueRecords((await w.tick(next)).effects);
    w.run(next, asInput(due!, 0));
    const third = await w.start();
    w.run(third, asInput(due!, 0));
    expect(topicsOf(w.run(third, later()).effects)).toEqual([]);
  });

  it("goes by lane: an otp is released before marketing that was due earlier", async () => {
    const w = world();
    const router = await w.start();
    const of = (n: number) => `3b0c1c62-7a2c-4f0e-9d55-0d6a37e1f00${n}`;
    const marketing = { ...request(0, { messageId: of(1), sendAt: NOW + 1_000 }), topic: "sms.requests.marketing" };
    const otp = { ...request(1, { messageId: of(2), sendAt: NOW + 2_000 }) };
    w.copied([...w.run(router, marketing).effects, ...w.run(router, otp).effects]);
    w.at(NOW + 2_000);
    const ids = dueRecords((await w.tick(router)).effects).map(({ headers }) => String(headers!.id).slice(0, 36));
    expect(ids).toEqual([of(2), of(1)]);
  });

  it("waits while the copy has not been read to its end: nothing is released, and what was is held", async () => {
    const w = world();
    let reached: (is: boolean) => void = () => {};
    w.scheduled.follow({ caughtUp: () => new Promise((resolve) => (reached = resolve)), lag: 1 });
    const router = await w.start();
    const due = inRecord("sms.due", 0, Buffer.alloc(0));
    const cancel = inRecord("sms.cancels", 0, Buffer.alloc(0));
    expect(router.dueIn(due, { peek: () => undefined })).toBeGreaterThan(0);
    expect(router.dueIn(cancel, { peek: () => undefined })).toBeGreaterThan(0);
    expect(router.dueIn(request(), { peek: () => undefined })).toBe(0);
    reached(true);
    await new Promise((resolve) => setImmediate(resolve));
    expect(router.dueIn(due, { peek: () => undefined })).toBe(0);
    // Where all partitions must be known it still waits.
    expect(router.dueIn(cancel, { peek: () => undefined })).toBeGreaterThan(0);
  });
});

describe("a cancel", () => {
  const cancelRecord = (changes: Partial<Cancel> = {}, offset = 0) =>
    inRecord(
      "sms.cancels",
      offset,
      codecs.cancel.encode({
        messageId: ID,
        accountId: "acme",
        at: NOW,
        scheduled: null,
        outcome: null,
        to: null,
        answers: 1,
        ...changes,
      }),
    );
  const answersOf = (effects: readonly OutRecord[]) =>
    effects
      .filter(({ topic }) => topic === "sms.cancel-answers")
      .map(({ value }) => {
        const decoded = codecs.cancel.decode(value!);
        if (!decoded.ok) throw new Error(decoded.detail);
        return decoded.value;
      });

  it("finds where the message waits, and goes to the owner of that partition", async () => {
    const { run, router } = await withOneWaiting();
    const { effects } = run(router, cancelRecord());
    expect(effects.map(({ topic, partition }) => [topic, partition])).toEqual([["sms.cancels", HOME]]);
    expect(codecs.cancel.decode(effects[0]!.value!)).toMatchObject({ ok: true, value: { scheduled: KEY } });
  });

  it("goes to the attempt that waits last, where the one before it has not been taken out yet: one answer for a destination", async () => {
    const { run, router, scheduled, copied } = await withOneWaiting();
    const again = `${ID}/${TO}/10`;
    copied([{ ...scheduled, key: again }]);
    const { effects } = run(router, cancelRecord());
    expect(effects.map(({ value }) => codecs.cancel.decode(value!))).toMatchObject([
      { ok: true, value: { scheduled: again, answers: 1 } },
    ]);
  });

  it("ends the message by a decision, takes it out of sms.scheduled, and says so", async () => {
    const { run, router, tick, at, copied } = await withOneWaiting();
    const { decisions, effects } = run(router, cancelRecord({ scheduled: KEY }));
    expect(decisions).toHaveLength(1);
    expect(eventOf(decisions[0])).toMatchObject({
      type: "closed",
      state: "rejected",
      errorClass: "cancelled",
      errorCode: "cancelled",
    });
    expect(answersOf(effects)).toMatchObject([{ outcome: "cancelled", to: TO }]);
    expect(effects[1]).toMatchObject({ topic: "sms.scheduled", key: KEY, value: null });
    at(NOW + HOUR);
    expect((await tick(router)).effects).toEqual([]);
    copied(effects);
    expect(answersOf(run(router, cancelRecord({ scheduled: KEY }, 1)).effects)).toMatchObject([{ outcome: "gone" }]);
  });

  it("that comes between release and decision wins, and what was released is dropped", async () => {
    const { run, router, tick, at } = await withOneWaiting();
    at(NOW + HOUR);
    const [due] = (await tick(router)).effects;
    expect(answersOf(run(router, cancelRecord({ scheduled: KEY })).effects)).toMatchObject([{ outcome: "cancelled" }]);
    const { decisions, effects } = run(router, asInput(due!, 0));
    expect(decisions).toEqual([]);
    expect(topicsOf(effects)).toEqual(["sms.scheduled"]);
  });

  it("that comes after the decision says that it is gone", async () => {
    const { run, router, tick, at } = await withOneWaiting();
    at(NOW + HOUR);
    const [due] = (await tick(router)).effects;
    run(router, asInput(due!, 0));
    const { decisions, effects } = run(router, cancelRecord({ scheduled: KEY }));
    expect(decisions).toEqual([]);
    expect(answersOf(effects)).toMatchObject([{ outcome: "gone", to: TO }]);
  });

  describe("of a message that is held anew when its time comes", () => {
    const ANEW = `${ID}/${TO}/3`;
    /** Decided to wait for another hour; the copy has not read that. */
    const heldAnew = async () => {
      const w = world();
      w.rules.push({
        judge: (_pending, now) =>
          now < NOW + 2 * HOUR
            ? { verdict: "wait", due: NOW + 2 * HOUR, code: "quiet-hours", detail: "night" }
            : undefined,
      });
      const router = await w.start();
      w.copied(w.run(router, later()).effects);
      w.at(NOW + HOUR);
      const [due] = dueRecords((await w.tick(router)).effects);
      const { effects } = w.run(router, asInput(due!, 0));
      expect(effects).toMatchObject([{ key: ANEW }, { key: KEY, value: null }]);
      return { ...w, router, effects };
    };

    it.each(["has not read it", "has read that it waits anew", "has read all"])(
      "cancels it, where the copy %s",
      async (what) => {
        const w = await heldAnew();
        w.copied(w.effects.slice(0, ["has not read it", "has read that it waits anew", "has read all"].indexOf(what)));
        const { decisions, effects } = w.run(w.router, cancelRecord({ scheduled: KEY }));
        expect(eventOf(decisions[0])).toMatchObject({ type: "closed", errorCode: "cancelled", attempt: 3 });
        expect(answersOf(effects)).toMatchObject([{ outcome: "cancelled", to: TO }]);
        expect(effects[1]).toMatchObject({ topic: "sms.scheduled", key: ANEW, value: null });
        w.copied([...w.effects, ...effects]);
        w.at(NOW + 2 * HOUR);
        expect(dueRecords((await w.tick(w.router)).effects)).toEqual([]);
      },
    );

    it("takes out what it ended also as an owner who finds the decision", async () => {
      const w = await heldAnew();
      w.run(w.router, cancelRecord({ scheduled: KEY }));
      w.copied(w.effects);
      const { effects } = w.run(await w.start(), cancelRecord({ scheduled: KEY }));
      expect(answersOf(effects)).toMatchObject([{ outcome: "cancelled", to: TO }]);
      expect(effects[1]).toMatchObject({ topic: "sms.scheduled", key: ANEW, value: null });
    });

    it("tells another account nothing", async () => {
      const w = await heldAnew();
      const { decisions, effects } = w.run(w.router, cancelRecord({ scheduled: KEY, accountId: "globex" }));
      expect(decisions).toEqual([]);
      expect(answersOf(effects)).toMatchObject([{ outcome: "none", to: null }]);
    });
  });

  it("of another account is told nothing, also between the decision and its record in sms.scheduled", async () => {
    const { run, router, tick, at } = await withOneWaiting();
    at(NOW + HOUR);
    const [due] = (await tick(router)).effects;
    run(router, asInput(due!, 0));
    const { effects } = run(router, cancelRecord({ scheduled: KEY, accountId: "globex" }));
    expect(answersOf(effects)).toMatchObject([{ outcome: "none", to: null }]);
  });

  it("of what waits and cannot be understood finds nothing: nobody knows whose it is", async () => {
    const { run, router, scheduled, copied } = await withOneWaiting();
    copied([{ ...scheduled, value: Buffer.from("garbage") }]);
    const { decisions, effects } = run(router, cancelRecord({ scheduled: KEY }));
    expect(decisions).toEqual([]);
    expect(answersOf(effects)).toMatchObject([{ outcome: "none", to: null }]);
  });

  it("is answered again, as it was decided, by an owner who finds the decision", async () => {
    const w = await withOneWaiting();
    w.run(w.router, cancelRecord({ scheduled: KEY }));
    const { decisions, effects } = w.run(await w.start(ROUTER_INPUTS.map(() => 0)), cancelRecord({ scheduled: KEY }));
    expect(decisions).toEqual([]);
    expect(answersOf(effects)).toMatchObject([{ outcome: "cancelled" }]);
    expect(effects[1]).toMatchObject({ topic: "sms.scheduled", key: KEY, value: null });
  });

  it("of nothing that waits, and of another account's message, finds nothing", async () => {
    const { run, router } = await withOneWaiting();
    expect(answersOf(run(router, cancelRecord({ messageId: ID.replace("3", "4") })).effects)).toMatchObject([
      { outcome: "none", to: null },
    ]);
    const { decisions, effects } = run(router, cancelRecord({ scheduled: KEY, accountId: "globex" }, 1));
    expect(decisions).toEqual([]);
    expect(answersOf(effects)).toMatchObject([{ outcome: "none", to: null }]);
  });
});
