import { describe, expect, it } from "vitest";
import { validateSendRequest } from "../../../domain/message/validation.ts";
import { explain } from "../../../domain/routing/explain.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import type { Attempt } from "../../../schemas/generated/types.ts";
import { ROUTER_INPUTS } from "../../../schemas/topics.ts";
import { BLANK_HEALTH } from "../pipeline/blank-health.ts";
import {
  codecs,
  dispatchOf,
  eventOf,
  HOME,
  inRecord,
  NOTHING_BEHIND,
  NOW,
  P,
  request,
  TO,
  world,
} from "./router-world.ts";

describe("router", () => {
  it("writes the decision with its source, then the dispatch for the same provider", async () => {
    const w = world();
    const { decisions, effects } = w.run(await w.start(), request(7));
    const event = eventOf(decisions[0]);
    expect(event).toMatchObject({ type: "routed", attempt: 1, provider: "a", route: "all", price: 10_000 });
    expect(decisions[0]!.headers).toMatchObject({
      id: `${event.facts.messageId}/1/routed`,
      src: `sms.requests.otp/${HOME}/7`,
    });
    expect(effects.map((e) => [e.topic, e.partition, e.key])).toEqual([["sms.dispatch.a.otp", 0, TO]]);
    expect(dispatchOf(effects[0])).toMatchObject({ provider: "a", attempt: 1, text: "hello" });
  });

  it("writes why the others were not chosen, in the words of sluice explain", async () => {
    const w = world();
    w.health.take({ ...BLANK_HEALTH, provider: "a", circuit: "open", at: NOW }, 0);
    const event = eventOf(w.run(await w.start(), request(0)).decisions[0]);
    expect(event).toMatchObject({ type: "routed", provider: "b", reason: "weighted", verdicts: "a: circuit-open" });
    const asked = validateSendRequest({ to: `+${TO}`, text: "hello" });
    if (!asked.ok) throw new Error("request");
    const health = () => ({ ...BLANK_HEALTH, backlogSeconds: 0, open: true, circuit: "open" as const });
    const of = (id: string) => (id === "a" ? health() : undefined);
    const said = explain(w.catalog.current, { request: asked.request, account: "acme", at: NOW, health: of });
    const others = said.candidates.filter(({ verdict }) => verdict !== "chosen");
    expect(others.map(({ provider, verdict }) => `${provider}: ${verdict}`).join(", ")).toBe(event.verdicts);
  });

  it("writes nothing of others where a route has one provider", async () => {
    const w = world();
    w.catalog.current = w.only("b");
    const router = await w.start();
    router.prepare();
    expect(eventOf(w.run(router, request(0)).decisions[0])).toMatchObject({ provider: "b", verdicts: null });
  });

  it("carries a recorded decision out again after a takeover, whatever it would choose now", async () => {
    let draw = 0;
    const w = world(() => draw);
    const first = w.run(await w.start(), request(0));
    draw = 0.99;
    const again = w.run(await w.start(), request(0));
    expect(again.decisions).toEqual([]);
    expect(again.effects).toEqual(first.effects);
    // Without the log the other provider would have been drawn.
    const other = world(() => draw);
    expect(dispatchOf(other.run(await other.start(), request(0)).effects[0]).provider).toBe("b");
  });

  it("decides a batch by one version of the catalog, and the next batch by the newest", async () => {
    const w = world();
    const router = await w.start();
    router.prepare();
    w.catalog.current = w.only("b");
    expect(dispatchOf(w.run(router, request(0)).effects[0]).provider).toBe("a");
    router.prepare();
    expect(dispatchOf(w.run(router, request(1)).effects[0]).provider).toBe("b");
  });

  it("carries no decision out for a provider that the catalog does not know: its partition would be a guess", async () => {
    const w = world();
    w.run(await w.start(), request(0));
    w.catalog.current = w.only("b");
    const next = await w.start();
    expect(() => w.run(next, request(0))).toThrow("The catalog has no provider a");
  });

  it("puts what an account has above its share behind the others, and there again after a takeover", async () => {
    const w = world();
    const router = await w.start();
    const behind = (queues: readonly number[]) =>
      w.health.take({ ...BLANK_HEALTH, rate: 60, effectiveRate: 60, backlog: 300, queues, at: NOW }, 0);
    behind([240, 0, 0, 0, 0, 0]);
    // 60 a second over 6 partitions: what is above ten at once is above the share.
    const flood = Array.from({ length: 12 }, (_, n) => w.run(router, request(n)));
    expect(flood.map(({ effects }) => effects[0]!.topic)).toEqual([
      ...Array.from({ length: 10 }, () => "sms.dispatch.a.otp"),
      ...Array.from({ length: 2 }, () => "sms.dispatch.a.otp.overflow"),
    ]);
    expect(eventOf(flood[11]!.decisions[0]).errorCode).toBe("account-busy");
    // The next owner has its own count, and nothing is behind any more: yet a repeat must meet its like.
    behind([0, 0, 0, 0, 0, 0]);
    const next = await w.start();
    expect(w.run(next, request(11)).effects).toEqual(flood[11]!.effects);
    expect(w.run(next, request(12)).effects[0]!.topic).toBe("sms.dispatch.a.otp");
  });

  it("lets the next owner find the decisions it found itself, as long as they are not committed", async () => {
    const w = world();
    const first = w.run(await w.start(), request(0));
    const second = await w.start();
    // Long after, before anything was committed: the place to read back from must still lie before the decision.
    w.at(NOW + 600_000);
    w.noteEnds(w.log.length);
    second.tick({ decide() {}, effect() {} });
    w.at(NOW + 700_000);
    const third = await w.start(undefined, second.state(ROUTER_INPUTS.map(() => 0)));
    expect(w.run(third, request(0)).effects).toEqual(first.effects);
    expect(w.log.length).toBe(1);
  });

  it("carries a decision out only for the message it was made for, whoever stands at its place now", async () => {
    let draw = 0;
    const w = world(() => draw);
    w.run(await w.start(), request(0, { messageId: "0b9f2d3e-7c1a-8a5e-9a53-3f1f0d5b6a7c" }));
    // The topic was created anew.
    draw = 0.99;
    const { decisions, effects } = w.run(
      await w.start(),
      request(0, { messageId: "0b9f2d3e-7c1a-8a5e-9a53-3f1f0d5b6a7d" }),
    );
    expect(eventOf(decisions[0])).toMatchObject({ type: "routed", provider: "b" });
    expect(dispatchOf(effects[0]).provider).toBe("b");
  });

  it("drops a request and a retry whose attempt was decided, also by an earlier owner", async () => {
    const w = world();
    const id = "0b9f2d3e-7c1a-8a5e-9a53-3f1f0d5b6a7c";
    const router = await w.start();
    w.run(router, request(0, { messageId: id }));
    expect(w.run(router, request(1, { messageId: id }))).toEqual({ decisions: [], effects: [] });
    const next = await w.start([1, ...ROUTER_INPUTS.slice(1).map(() => 0)]);
    expect(w.run(next, request(1, { messageId: id }))).toEqual({ decisions: [], effects: [] });
  });

  it.each([null, "", " ", "\0", "00000000-0000-0000-0000-000000000000"])(
    "sends every message whose id is %j",
    async (messageId) => {
      const w = world();
      const router = await w.start();
      const sent = Array.from({ length: 3 }, (_, n) => w.run(router, request(n, { messageId, text: `text ${n}` })));
      const ids = sent.map(({ effects }) => dispatchOf(effects[0]).facts.messageId);
      expect(new Set(ids).size).toBe(3);
    },
  );

  it("sends one id to two numbers of one partition, each once, also after a takeover", async () => {
    const w = world();
    const other = Array.from({ length: 90 }, (_, n) => `49151123456${n + 10}`).find(
      (to) => partitionFor(to, P) === HOME,
    )!;
    for (const messageId of ["0b9f2d3e-7c1a-8a5e-9a53-3f1f0d5b6a7c", "order-1"]) {
      const router = await w.start([100, ...ROUTER_INPUTS.slice(1).map(() => 0)]);
      const to = (number: string, offset: number) =>
        request(offset, { messageId, to: number }, { key: Buffer.from(number) });
      expect(w.run(router, to(TO, 100)).effects.map((e) => e.key)).toEqual([TO]);
      expect(w.run(router, to(other, 101)).effects.map((e) => e.key)).toEqual([other]);
      const next = await w.start([102, ...ROUTER_INPUTS.slice(1).map(() => 0)]);
      expect(w.run(next, to(TO, 102)).effects).toEqual([]);
      expect(w.run(next, to(other, 103)).effects).toEqual([]);
    }
  });

  it("puts aside an id that comes again with another text, sender or account", async () => {
    const w = world();
    const messageId = "0b9f2d3e-7c1a-8a5e-9a53-3f1f0d5b6a7c";
    const router = await w.start();
    w.run(router, request(0, { messageId }));
    for (const [n, other] of [{ text: "another" }, { from: "ACME" }].entries()) {
      const { decisions, effects } = w.run(router, request(n + 1, { messageId, ...other }));
      expect(effects).toEqual([]);
      const letter = codecs.deadLetter.decode(decisions[0]!.value!);
      expect(letter).toMatchObject({ ok: true, value: { reason: "id-reused", offset: n + 1, messageId } });
    }
    expect(w.run(router, request(3, { messageId }))).toEqual({ decisions: [], effects: [] });
  });

  it("does not go back to a provider within a round, and waits when there is nobody left", async () => {
    const w = world();
    const router = await w.start();
    const facts = eventOf(w.run(router, request(0)).decisions[0]).facts;
    const retry = (attempt: number, tried: Attempt[]) =>
      inRecord(
        "sms.retry.0s",
        attempt,
        codecs.retry.encode({
          facts,
          text: "hello",
          attempt,
          tried,
          inDoubt: null,
          spendLeft: null,
          spendCurrency: null,
          charge: null,
        }),
      );
    const back = { provider: "a", errorClass: "transient", errorCode: "ESME_RSYSERR" };
    expect(dispatchOf(w.run(router, retry(2, [back])).effects[0]).provider).toBe("b");
    const left = retry(3, [back, { ...back, provider: "b" }]);
    const nobody = w.run(router, left);
    expect(eventOf(nobody.decisions[0])).toMatchObject({ type: "postponed", attempt: 3, errorClass: "unroutable" });
    expect(nobody.effects.map((e) => [e.topic, e.headers!.due])).toEqual([["sms.retry.5s", String(NOW + 5_000)]]);
    // A new owner writes the same retry again, and no provider gets the message before it.
    w.at(NOW + 20_000);
    const next = await w.start();
    expect(w.run(next, left)).toEqual({ decisions: [], effects: nobody.effects });
    const waited = codecs.retry.decode(nobody.effects[0]!.value!);
    expect(waited).toMatchObject({ ok: true, value: { attempt: 4 } });
  });

  /** Sends a message round until it ends or waits; `says`: each provider's class and code, which do not change. */
  async function roundOf(says: Readonly<Record<string, readonly [errorClass: string, errorCode: string]>>) {
    const w = world();
    const router = await w.start();
    let { decisions, effects } = w.run(router, request(0));
    const asked: string[] = [];
    for (let n = 1; effects[0]?.topic.startsWith("sms.dispatch."); n++) {
      const { facts, attempt, tried, provider } = dispatchOf(effects[0]);
      asked.push(provider);
      const [errorClass, errorCode] = says[provider]!;
      const next = [...tried, { provider, errorClass, errorCode }];
      const retry = {
        facts,
        text: "hello",
        attempt: attempt + 1,
        tried: next,
        inDoubt: null,
        spendLeft: null,
        spendCurrency: null,
        charge: null,
      };
      ({ decisions, effects } = w.run(router, inRecord("sms.retry.0s", n, codecs.retry.encode(retry))));
    }
    return { w, router, asked, event: eventOf(decisions[0]), decisions, effects };
  }

  it("asks the next provider when one refuses a message, and rejects it when all refuse, with the last one's code", async () => {
    const { asked, event, decisions } = await roundOf({
      a: ["refused", "ESME_RINVDSTADR"],
      b: ["refused", "0x00000433"],
    });
    expect(asked).toEqual(["a", "b"]);
    expect(event).toMatchObject({
      type: "closed",
      state: "rejected",
      provider: "b",
      errorClass: "refused",
      errorCode: "0x00000433",
    });
    expect(event.reason).toContain("b: 0x00000433, a: ESME_RINVDSTADR");
    const letter = codecs.deadLetter.decode(decisions[1]!.value!);
    expect(letter).toMatchObject({ ok: true, value: { reason: "refused", detail: event.reason } });
  });

  it("asks the next provider after a failed receipt, and says that the message was not delivered when nobody is left", async () => {
    const { asked, event, decisions } = await roundOf({ a: ["undelivered", "8"], b: ["undelivered", "99"] });
    expect(asked).toEqual(["a", "b"]);
    expect(event).toMatchObject({
      type: "closed",
      attempt: 3,
      state: "undelivered",
      provider: "b",
      errorClass: "undelivered",
      errorCode: "99",
    });
    expect(decisions, "a provider took it: it is no dead letter").toHaveLength(1);
    expect((await roundOf({ a: ["undelivered", "8"], b: ["refused", "x"] })).event.state).toBe("rejected");
    expect((await roundOf({ a: ["refused", "x"], b: ["missing", "receipt-missing"] })).event.state).toBe("unknown");
  });

  it("writes no dead letter for it after a takeover either", async () => {
    const { w, decisions } = await roundOf({ a: ["undelivered", "8"], b: ["undelivered", "99"] });
    const src = String(decisions[0]!.headers!.src).split("/");
    const next = await w.start();
    const bound = { spendLeft: null, spendCurrency: null, charge: null };
    const retry = { facts: eventOf(decisions[0]).facts, text: "hello", attempt: 3, tried: [], inDoubt: null, ...bound };
    const again = w.run(next, inRecord("sms.retry.0s", Number(src.at(-1)), codecs.retry.encode(retry)));
    expect(again).toEqual({ decisions: [], effects: [] });
  });

  it("keeps what a message may cost with it, and leaves out who is above it", async () => {
    const w = world();
    const router = await w.start();
    const facts = eventOf(w.run(router, request(0)).decisions[0]).facts;
    const retry = (n: number, spendLeft: number) => {
      const tried = [{ provider: "a", errorClass: "undelivered", errorCode: "8" }];
      const pending = {
        facts,
        text: "hello",
        attempt: n + 1,
        tried,
        inDoubt: null,
        spendLeft,
        spendCurrency: "EUR",
        charge: null,
      };
      return inRecord("sms.retry.0s", n, codecs.retry.encode(pending));
    };
    const price = dispatchOf(w.run(router, retry(1, 1e6)).effects[0]).price!;
    expect(dispatchOf(w.run(router, retry(2, price)).effects[0])).toMatchObject({
      provider: "b",
      spendLeft: price,
      spendCurrency: "EUR",
    });
    expect(eventOf(w.run(router, retry(3, price - 1)).decisions[0])).toMatchObject({
      type: "closed",
      state: "undelivered",
      errorCode: "8",
    });
    w.health.take({ ...BLANK_HEALTH, provider: "b", circuit: "open", at: NOW }, 0);
    const waiting = codecs.retry.decode(w.run(router, retry(4, price)).effects[0]!.value!);
    expect(waiting).toMatchObject({ ok: true, value: { spendLeft: price, spendCurrency: "EUR" } });
  });

  it("waits for a provider that may take it yet, and does not ask the one that has refused again", async () => {
    const first = await roundOf({ a: ["refused", "ESME_RX_R_APPN"], b: ["transient", "ESME_RSYSERR"] });
    expect(first.asked).toEqual(["a", "b"]);
    expect(first.event.type).toBe("postponed");
    const waited = codecs.retry.decode(first.effects[0]!.value!);
    if (!waited.ok) throw new Error(waited.detail);
    const again = first.w.run(first.router, inRecord("sms.retry.5s", 0, codecs.retry.encode(waited.value)));
    expect(dispatchOf(again.effects[0]).provider).toBe("b");
  });

  it("rejects at once, over Kafka, a sender that no provider carries", async () => {
    const w = world();
    const router = await w.start();
    for (const [n, from] of ["ΩMEGA", "Müller", "   ", "---"].entries()) {
      const { decisions, effects } = w.run(router, request(n, { from }));
      expect(effects).toEqual([]);
      expect(eventOf(decisions[0])).toMatchObject({ type: "closed", state: "rejected", errorCode: "sender-invalid" });
    }
  });

  it("stops where it was told that nobody may be asked", async () => {
    const { asked, event } = await roundOf({ a: ["permanent", "21610"], b: ["transient", "x"] });
    expect([asked, event.type, event.state, event.errorCode]).toEqual([["a"], "closed", "rejected", "21610"]);
  });

  it("lets only retries wait, and none longer than its topic says", async () => {
    const w = world();
    const router = await w.start();
    const due = { due: "9999999999999999" };
    expect(router.dueIn(request(0, {}, { headers: due }), NOTHING_BEHIND)).toBe(0);
    expect(router.dueIn(inRecord("sms.retry.5s", 0, Buffer.alloc(0), { headers: due }), NOTHING_BEHIND)).toBe(5_000);
    expect(router.dueIn(inRecord("sms.retry.5s", 0, Buffer.alloc(0)), NOTHING_BEHIND)).toBe(0);
  });

  it("passes on a trace context, and nothing else under its name", async () => {
    const w = world();
    const router = await w.start();
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const traced = w.run(router, request(0, {}, { headers: { traceparent } }));
    expect(traced.effects[0]!.headers!.traceparent).toBe(traceparent);
    const hostile = w.run(router, request(1, {}, { headers: { traceparent: "x".repeat(800_000) } }));
    expect(hostile.decisions[0]!.headers!.traceparent).toBeUndefined();
  });

  it("leaves a provider whose circuit is open", async () => {
    const w = world();
    w.health.take({ ...BLANK_HEALTH, circuit: "open", reason: "dark", rate: 100, at: NOW }, 0);
    expect(dispatchOf(w.run(await w.start(), request(0)).effects[0]).provider).toBe("b");
  });

  it("closes what has expired, with a dead letter that holds the original", async () => {
    const w = world();
    const late = request(0, { validitySeconds: 60 });
    w.at(NOW + 60_000);
    const { decisions, effects } = w.run(await w.start(), late);
    expect(effects).toEqual([]);
    expect(eventOf(decisions[0])).toMatchObject({ type: "closed", state: "expired" });
    const letter = codecs.deadLetter.decode(decisions[1]!.value!);
    expect(letter).toMatchObject({ ok: true, value: { reason: "expired", value: late.value } });
  });

  it("rejects an invalid request, naming every field; puts aside what cannot be read", async () => {
    const w = world();
    const router = await w.start();
    const bad = w.run(router, request(0, { text: "", accountId: "nobody" }));
    const closed = eventOf(bad.decisions[0]);
    expect(closed).toMatchObject({ type: "closed", state: "rejected", attempt: 0, errorClass: "invalid" });
    expect(closed.reason).toMatch(/text: .*accountId: /);
    const seconds = w.run(router, request(2, { acceptedAt: NOW / 1_000 }));
    expect(eventOf(seconds.decisions[0]).reason).toContain("acceptedAt");
    const garbage = w.run(router, inRecord("sms.requests.otp", 1, Buffer.from("garbage")));
    expect(garbage.decisions.map((d) => d.topic)).toEqual(["sms.dead-letter"]);
    expect(garbage.effects).toEqual([]);
  });

  it("moves a request to its destination's partition, under an id that no longer depends on where it stood", async () => {
    const w = world();
    const router = await w.start();
    const away = request(5, { to: `+${TO}` }, { key: Buffer.from(`+${TO}`) });
    const { decisions, effects } = w.run(router, away);
    expect(decisions).toEqual([]);
    expect(effects.map((e) => [e.topic, e.partition, e.key])).toEqual([["sms.requests.otp", HOME, TO]]);
    const moved = codecs.request.decode(effects[0]!.value!);
    expect(moved).toMatchObject({ ok: true, value: { to: TO, messageId: effects[0]!.headers!.id } });
    expect(effects[0]!.headers!.src).toBe(`sms.requests.otp/${HOME}/5`);
    expect(w.run(router, away).effects).toEqual(effects);
  });
});
