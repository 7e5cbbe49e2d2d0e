import { describe, expect, it } from "vitest";
import { messageIdFromKey } from "../../../domain/message/message-id.ts";
import { type Circumstances, judgeReplay } from "../../../pipeline/dead-letters/judge-replay.ts";
import type { LetterContent, ReadContent } from "../../../pipeline/dead-letters/letter-content.ts";
import type { KnownEvent } from "../../../pipeline/dead-letters/message-history.ts";
import type { Letter, ReplayMark } from "../../../pipeline/dead-letters/replay-mark.ts";
import { DispatchLane } from "../../../platform/kafka/dispatch-lane.ts";
import { Positions } from "../../../platform/kafka/positions.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import type { DeadLetter, MessageFacts, SendRequest } from "../../../schemas/generated/types.ts";

const NOW = Date.UTC(2026, 0, 2);
const ID = "0197b7a0-0000-7000-8000-000000000001";
const TO = "491711234567";
const facts: MessageFacts = {
  ...{ messageId: ID, accountId: "acme", lane: "otp", to: TO, from: null, country: "DE", network: null },
  ...{
    networkSource: null,
    encoding: "gsm7",
    segments: 1,
    reference: null,
    callbackUrl: null,
    transliterate: false,
    sendAt: null,
    metadata: {},
  },
  ...{ acceptedAt: NOW, expiresAt: NOW + 1_000, sentAs: null, segmentsSaved: 0, receiptTo: null },
};
const request = (more: Partial<SendRequest> = {}): LetterContent => ({
  kind: "request",
  value: {
    ...{ messageId: ID, accountId: "acme", to: TO, text: "hi", metadata: {}, from: null, validitySeconds: null },
    ...{
      reference: null,
      callbackUrl: null,
      transliterate: false,
      sendAt: null,
      receiptTo: null,
      acceptedAt: NOW - 1_000,
      ...more,
    },
  },
});
const pending = { facts, text: "hi", tried: [], inDoubt: null, spendLeft: null, spendCurrency: null, charge: null };
const retry: LetterContent = { kind: "retry", value: { ...pending, attempt: 2 } };
const dispatch: LetterContent = {
  kind: "dispatch",
  value: {
    ...pending,
    attempt: 1,
    provider: "a",
    route: "r",
    price: 1,
    currency: "EUR",
    onDelivery: false,
    tariff: null,
  },
};
const event = (type: string, attempt = 1, state = ""): KnownEvent => ({
  ...{
    messageId: ID,
    to: TO,
    type,
    attempt,
    provider: "a",
    state,
    providerMessageIds: [],
    partition: 0,
    offset: attempt,
  },
});

function judge(
  content: LetterContent,
  topic: string,
  more: Partial<Circumstances & DeadLetter & Letter> & { events?: KnownEvent[] } = {},
) {
  const { events = [], reason = "undecodable", value = Buffer.from("as it was"), offset = 3, ...on } = more;
  const { headers = { id: Buffer.from("an id"), src: Buffer.from("sms.requests.otp/0/5") } } = more;
  const of: DeadLetter = {
    ...{ reason, detail: "", service: "s", at: NOW - 2_000, messageId: null, topic, partition: 0, offset: 7 },
    ...{ key: Buffer.from(TO), value, headers },
  };
  const letter: Letter = { partition: 0, offset, storedAt: NOW, content: of };
  return judgeReplay(letter, {
    codecs: {
      request: {
        encode: (of) => Buffer.from(JSON.stringify(of)),
        decode: () => ({ ok: false, code: "undecodable", detail: "" }),
      },
      callback: {
        encode: (of) => Buffer.from(JSON.stringify(of)),
        decode: () => ({ ok: false, code: "undecodable", detail: "" }),
      },
    },
    content: { ok: true, ...content } as ReadContent,
    claim: { state: "free" },
    goesAlready: () => false,
    ...{
      dealtWith: true,
      onItsWay: false,
      targetPartitions: 1,
      submissions: [],
      again: false,
      asNew: false,
      run: "me",
      now: NOW,
    },
    eventsOf: ({ messageId }) => (messageId === ID ? events : []),
    ...on,
  });
}
const code = (...of: Parameters<typeof judge>) => {
  const verdict = judge(...of);
  return verdict.ok ? "ok" : verdict.code;
};

describe("judgeReplay", () => {
  it("has a callback told once more, as if it had just happened, under the id that it had", () => {
    const value = {
      ...{
        id: "msg_1",
        type: "message.sent",
        at: NOW - 9e7,
        accountId: "acme",
        messageId: ID,
        lane: "otp",
        data: "{}",
      },
      ...{ url: "https://app.example/cb", since: NOW - 9e7, attempts: 12, failure: "answered 500" },
    } as const;
    const headers = { endpoint: Buffer.from("0123456789abcdef") };
    const topic = "sms.callbacks";
    // What waits there stands under its key: nobody has to have read past it.
    const content = { kind: "callback", value } as const;
    const verdict = judge(content, topic, { headers, dealtWith: false });
    expect(verdict).toMatchObject({ ok: true, messageId: ID, record: { topic, partition: 0, key: Buffer.from(TO) } });
    if (!verdict.ok) return;
    expect(JSON.parse(verdict.record.value!.toString())).toEqual({ ...value, since: NOW, attempts: 0, failure: null });
    expect(verdict.record.headers).toMatchObject({ ...headers, due: String(NOW), since: String(NOW) });
    expect(code(content, topic)).toBe("invalid");
    expect(code({ kind: "conversion", value: {} as never }, "sms.conversions", { dealtWith: false })).toBe("waiting");
  });

  it("lets a request of which nothing is known go back byte for byte", () => {
    const verdict = judge(request(), "sms.requests.otp");
    expect(verdict).toMatchObject({
      ok: true,
      messageId: ID,
      record: { partition: 0, value: Buffer.from("as it was") },
    });
    expect(verdict.ok && verdict.record.headers).toMatchObject({ "replay-of": "0/3/me", id: Buffer.from("an id") });
  });

  it("fixes id and time of a request that has none", () => {
    const verdict = judge(request({ messageId: null, acceptedAt: null }), "sms.requests.otp");
    const value = JSON.parse(String(verdict.ok && verdict.record.value));
    expect(value).toMatchObject({ acceptedAt: NOW - 2_000, messageId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  });

  it("refuses a request whose message has begun or ended, or whose time is over", () => {
    const topic = "sms.requests.otp";
    expect(code(request(), topic, { events: [event("routed")] })).toBe("under-way");
    expect(code(request(), topic, { events: [event("routed"), event("final", 1, "delivered")] })).toBe("ended");
    expect(code(request({ validitySeconds: 30, acceptedAt: NOW - 31_000 }), topic)).toBe("expired");
    expect(code(request(), topic, { reason: "id-reused" })).toBe("id-reused");
    expect(code(request({ text: "" }), topic)).toBe("invalid");
  });

  it("counts the validity of a request for later from its time on, and measures that time, as the router does", () => {
    const topic = "sms.requests.marketing";
    const later = { acceptedAt: NOW - 86_400_000, validitySeconds: 30 };
    expect(code(request({ ...later, sendAt: NOW + 3_600_000 }), topic)).toBe("ok");
    expect(code(request({ ...later, sendAt: NOW - 29_000 }), topic)).toBe("ok");
    expect(code(request({ ...later, sendAt: NOW - 31_000 }), topic)).toBe("expired");
    for (const sendAt of [later.acceptedAt - 601_000, later.acceptedAt + 36 * 86_400_000, 1e18])
      expect(code(request({ ...later, sendAt }), topic)).toBe("invalid");
  });

  it("sends a request for later as a new message at its time, and at once where that has passed", () => {
    const topic = "sms.requests.marketing";
    const ended = [event("closed", 0), event("final", 0, "rejected")];
    const sentAt = (sendAt: number) => {
      const verdict = judge(request({ sendAt, acceptedAt: NOW - 86_400_000 }), topic, { events: ended, asNew: true });
      return verdict.ok ? JSON.parse(String(verdict.record.value)).sendAt : verdict.code;
    };
    expect(sentAt(NOW + 3_600_000)).toBe(NOW + 3_600_000);
    expect(sentAt(NOW - 3_600_000)).toBeNull();
    expect(sentAt(NOW + 36 * 86_400_000)).toBe("invalid");
  });

  it("judges a request with a time of acceptance that is none, as anybody may write one", () => {
    expect(code(request({ acceptedAt: -1e17 }), "sms.requests.otp")).toBe("expired");
  });

  it("sends as a new message only what no provider can have had", () => {
    const topic = "sms.requests.otp";
    const ended = [event("closed", 0), event("final", 0, "rejected")];
    const verdict = judge(request(), topic, { events: ended, asNew: true });
    expect(verdict).toMatchObject({ ok: true, messageId: expect.not.stringContaining(ID) });
    expect(judge(request(), topic, { events: ended, asNew: true })).toEqual(verdict);
    expect(code(request(), topic, { events: ended })).toBe("ended");
    const had = [event("routed"), event("submitted"), event("final", 1, "undelivered")];
    expect(code(request(), topic, { events: had, asNew: true })).toBe("ended");
    expect(code(request(), topic, { events: [event("submitted")], asNew: true })).toBe("under-way");
  });

  it("gives all letters of one request the same new id, and what differs from it another", () => {
    const idOf = (more: Partial<SendRequest>, offset: number) => {
      const verdict = judge(request(more), "sms.requests.otp", { reason: "id-reused", asNew: true, offset });
      return verdict.ok && verdict.messageId;
    };
    const first = idOf({}, 3);
    expect(first).toMatch(/^[0-9a-f-]{36}$/);
    expect(idOf({}, 9)).toBe(first);
    const others = [{ text: "hi you" }, { to: "491711234568" }, { from: "ACME" }, { accountId: "shop" }];
    const ids = others.map((more) => idOf(more, 3));
    expect(new Set([first, ...ids, idOf({ messageId: ID.replace(/1$/, "2") }, 3)])).toHaveLength(6);
  });

  it("sends no request beside another letter of its message, nor again what went under the id of its letter's place", () => {
    const asked: string[] = [];
    const on = { reason: "id-reused", asNew: true };
    const goesAlready: Circumstances["goesAlready"] = ({ messageId }) => asked.push(messageId) > 0;
    expect(code(request(), "sms.requests.otp", { ...on, goesAlready })).toBe("waiting");
    expect(code(request(), "sms.requests.otp", { goesAlready })).toBe("waiting");
    expect(asked).toEqual([expect.not.stringContaining(ID), ID]);
    const ofPlace = messageIdFromKey("acme", "replay\n0/3");
    const eventsOf: Circumstances["eventsOf"] = ({ messageId }) => (messageId === ofPlace ? [event("routed")] : []);
    expect(code(request(), "sms.requests.otp", { ...on, eventsOf })).toBe("under-way");
  });

  it("lets a retry go back only after the event that it follows from", () => {
    const topic = "sms.retry.5s";
    expect(code(retry, topic, { events: [event("routed"), event("returned")] })).toBe("ok");
    expect(code(retry, topic, { events: [event("in_doubt")] })).toBe("ok");
    expect(code(retry, topic, { events: [event("in_doubt"), event("submitted")] })).toBe("under-way");
    expect(code(retry, topic, { events: [event("returned"), event("routed", 2)] })).toBe("under-way");
    expect(code(retry, topic, { events: [event("returned"), event("final", 1, "expired")] })).toBe("ended");
    expect(code(retry, topic)).toBe("unknown-message");
    expect(code(retry, "sms.doubt", { events: [event("returned")] })).toBe("under-way");
  });

  it("hands a dispatch over again only while it is the last word, and without its source position", () => {
    const topic = "sms.dispatch.a.otp";
    const verdict = judge(dispatch, topic, { events: [event("routed")] });
    expect(verdict.ok && verdict.record.headers).toMatchObject({ "replayed-src": Buffer.from("sms.requests.otp/0/5") });
    expect(verdict.ok && Object.keys(verdict.record.headers ?? {})).not.toContain("src");
    for (const type of ["submitted", "in_doubt", "returned"])
      expect(code(dispatch, topic, { events: [event("routed"), event(type)] })).toBe("under-way");
    expect(code(dispatch, topic, { events: [event("routed")], onItsWay: true })).toBe("waiting");
    expect(code(dispatch, "sms.dispatch.b.otp", { events: [event("routed")] })).toBe("invalid");
  });

  it("gives a sender's lane what it does not take for a repeat, though later ones of its source have passed", () => {
    const lane = new DispatchLane(0, 0, new Positions(["sms.requests.otp"], 1));
    const laid = (offset: number, headers: InRecord["headers"]): InRecord => ({
      ...{ topic: "sms.dispatch.a.otp", partition: 0, offset, key: null, value: null, headers, timestamp: NOW },
    });
    const later = laid(0, { src: Buffer.from("sms.requests.otp/0/6") });
    expect(lane.take(later)).toBe(true);
    lane.accept(later);
    expect(lane.take(laid(1, { src: Buffer.from("sms.requests.otp/0/5") }))).toBe(false);
    const verdict = judge(dispatch, "sms.dispatch.a.otp", { events: [event("routed")] });
    const replayed = laid(2, (verdict.ok && verdict.record.headers) || {});
    expect(lane.take(replayed)).toBe(true);
    // Nor does it make repeats of those that come.
    lane.accept(replayed);
    expect(lane.take(laid(3, { src: Buffer.from("sms.requests.otp/0/7") }))).toBe(true);
  });

  it("refuses what was replayed, is being replayed, or has not been dealt with", () => {
    const mark: ReplayMark = { letter: { partition: 0, offset: 3 }, state: "done", run: "other", at: 1, storedAt: NOW };
    const topic = "sms.requests.otp";
    expect(code(request(), topic, { claim: { state: "replayed", mark } })).toBe("replayed");
    expect(code(request(), topic, { claim: { state: "replayed", mark }, again: true })).toBe("ok");
    expect(code(request(), topic, { claim: { state: "taken", mark }, again: true })).toBe("replaying");
    expect(code(request(), topic, { dealtWith: false })).toBe("waiting");
    expect(code(request(), topic, { targetPartitions: undefined })).toBe("not-replayable");
    expect(code(request(), topic, { value: Buffer.alloc(1_500_000) })).toBe("cut");
    expect(code(request(), topic, { value: Buffer.alloc(700_000) })).toBe("too-large");
  });
});
