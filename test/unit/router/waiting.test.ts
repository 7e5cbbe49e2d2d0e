import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { InRecord } from "../../../platform/kafka/record.ts";
import type { Attempt, Lane } from "../../../schemas/generated/types.ts";
import { RETRY_DELAYS, requestTopic, retryTopic } from "../../../schemas/topics.ts";
import { BLANK_HEALTH } from "../pipeline/blank-health.ts";
import {
  codecs,
  dispatchOf,
  eventOf,
  HOME,
  inRecord,
  NOTHING_BEHIND,
  NOW,
  request,
  TO,
  world,
} from "./router-world.ts";

const STEP_MS = 100;
const PER_BATCH = 100;

interface Sent {
  /** Seconds from the beginning. */
  readonly at: number;
  readonly offset: number;
  readonly provider: string;
  readonly topic: string;
}

/** Which circuits are open, by time in seconds. */
type Outages = Readonly<Record<string, (second: number) => boolean>>;

/** A router with its retry tiers on a clock that is turned by hand. What providers are given they take at 100 a second. */
async function simulate(options: {
  readonly outages: Outages;
  /** Which providers are drained. */
  readonly drained?: Outages;
  readonly seconds: number;
  /** Requests by the second at which they come. */
  readonly requests: readonly { at: number; validity: number; lane?: Lane; from?: string }[];
  readonly rate?: number;
  /** Answers to submissions; none: taken. */
  readonly answers?: (provider: string, second: number) => Attempt | undefined;
}) {
  const { outages, drained = {}, seconds, requests, rate = 100, answers } = options;
  const w = world();
  const router = await w.start();
  const tiers = new Map<string, InRecord[]>(RETRY_DELAYS.map((delay) => [retryTopic(delay), []]));
  const ends = new Map<string, number>();
  const place = new Map<string, number>();
  const sent: Sent[] = [];
  const closed: { at: number; offset: number; state: string | null }[] = [];
  const backlog = new Map<string, number>();
  let carried = 0;
  const handle = (record: InRecord, second: number) => {
    const { decisions, effects } = w.run(router, record);
    for (const decision of decisions)
      if (decision.topic === "sms.events") {
        const { type, facts, state } = eventOf(decision);
        if (record.topic.startsWith("sms.requests")) place.set(facts.messageId, record.offset);
        if (type === "closed") closed.push({ at: second, offset: place.get(facts.messageId)!, state });
      }
    if (decisions.length === 0 && effects.length > 0) carried++;
    for (const { topic, value, headers } of effects) {
      if (topic.startsWith("sms.retry.")) append(topic, value!, headers);
      else {
        const { provider, facts, text, attempt, tried } = dispatchOf({ topic, value } as never);
        sent.push({ at: second, offset: place.get(facts.messageId)!, provider, topic });
        backlog.set(provider, (backlog.get(provider) ?? 0) + 1);
        const answer = answers?.(provider, second);
        if (answer === undefined) continue;
        const retry = {
          facts,
          text,
          attempt: attempt + 1,
          tried: [...tried, answer],
          inDoubt: null,
          spendLeft: null,
          spendCurrency: null,
          charge: null,
        };
        append("sms.retry.0s", codecs.retry.encode(retry), {});
      }
    }
  };
  let timestamp = NOW;
  let outBefore = "";
  const append = (topic: string, value: Buffer, headers: InRecord["headers"] = {}) => {
    const offset = ends.get(topic) ?? 0;
    ends.set(topic, offset + 1);
    tiers.get(topic)!.push(inRecord(topic, offset, value, { headers, timestamp }));
  };
  const coming = requests.map((one, offset) => ({ ...one, offset })).sort((a, b) => a.at - b.at);
  for (let ms = 0; ms <= seconds * 1_000; ms += STEP_MS) {
    const second = ms / 1_000;
    timestamp = NOW + ms;
    w.at(timestamp);
    const out = Object.keys(drained).filter((id) => drained[id]!(second));
    if (out.join() !== outBefore) w.catalog.current = w.drained(...out);
    outBefore = out.join();
    router.prepare();
    if (ms % 1_000 === 0)
      for (const [provider, isOpen] of Object.entries(outages)) {
        backlog.set(provider, Math.max(0, (backlog.get(provider) ?? 0) - rate));
        const waiting = backlog.get(provider)!;
        const circuit = isOpen(second) ? ("open" as const) : ("closed" as const);
        const word = { ...BLANK_HEALTH, provider, circuit, rate, at: timestamp };
        w.health.take({ ...word, backlog: waiting, queues: [0, waiting, 0, 0, 0, 0] }, ms);
      }
    while (coming[0] !== undefined && coming[0].at <= second) {
      const { offset, validity, lane = "otp", from } = coming.shift()!;
      const changes = { validitySeconds: validity, ...(from === undefined ? {} : { from }) };
      handle({ ...request(offset, changes, { timestamp }), topic: requestTopic(lane) }, second);
    }
    for (const [topic, records] of tiers)
      for (let n = 0; n < PER_BATCH && records.length > 0 && router.dueIn(records[0]!, NOTHING_BEHIND) <= 0; n++)
        handle(tiers.get(topic)!.shift()!, second);
  }
  return {
    sent,
    closed,
    waiting: [...tiers.values()].reduce((sum, { length }) => sum + length, 0),
    carried: () => carried,
  };
}

const always = () => true;
const never = () => false;
const until = (end: number) => (second: number) => second < end;

/** So many seconds after a provider is back, what waits for it has gone. */
const BACK_WITHIN = 8;

describe("messages that wait for a provider", () => {
  it("go when it is back, long before they would have been looked at: down for 150 s, valid for 400 s", async () => {
    const requests = Array.from({ length: 300 }, (_, n) => ({ at: n / 2, validity: 400 }));
    const { sent, closed } = await simulate({ outages: { a: until(150), b: always }, seconds: 700, requests });
    expect(closed).toEqual([]);
    expect(new Set(sent.map(({ offset }) => offset)).size).toBe(300);
    expect(sent.length).toBe(300);
    expect(Math.max(...sent.map(({ at }) => at))).toBeLessThan(160);
  });

  it("end as expired within seconds of their end when nobody comes back, having been looked at until then", async () => {
    // Those that end last come first: nobody may stand behind them.
    const validity = [3_000, 1_000, 601, 599, 400, 100, 61, 30];
    const requests = validity.map((v) => ({ at: 0, validity: v }));
    const { sent, closed, waiting } = await simulate({ outages: { a: always, b: always }, seconds: 3_100, requests });
    expect(sent).toEqual([]);
    expect(waiting).toBe(0);
    expect(closed.map(({ offset }) => validity[offset])).toEqual(validity.toReversed());
    for (const { at, offset, state } of closed) {
      expect(state).toBe("expired");
      expect(at).toBeGreaterThanOrEqual(validity[offset]!);
      expect(at).toBeLessThanOrEqual(validity[offset]! + 5.5);
    }
  });

  it("make room for what comes meanwhile, and never more work than a little: 2,000 wait for 100 a second", async () => {
    const waiting = Array.from({ length: 2_000 }, (_, n) => ({ at: n / 100, validity: 3_600 }));
    const fresh = Array.from({ length: 40 }, (_, n) => ({ at: 400 + n / 2, validity: 600 }));
    const { sent, closed } = await simulate({
      outages: { a: until(400), b: always },
      seconds: 460,
      requests: [...waiting, ...fresh],
    });
    expect(closed).toEqual([]);
    const back = sent.filter(({ offset }) => offset < 2_000);
    expect(back.length).toBe(2_000);
    // What had waited stands behind: its sender takes the overflow after the lane.
    expect(new Set(back.filter(({ at }) => at < 405).map(({ topic }) => topic))).toEqual(
      new Set(["sms.dispatch.a.otp.overflow"]),
    );
    for (const { at, topic } of sent.filter(({ offset }) => offset >= 2_000))
      if (at < 405) expect(topic).toBe("sms.dispatch.a.otp");
    // 2 s of work ahead, and 100 a second from then on.
    for (let second = 400; second < 415; second++) {
      const given = back.filter(({ at }) => at >= 400 && at <= second).length;
      expect([second, given <= 210 + (second - 400) * 100]).toEqual([second, true]);
    }
    expect(Math.max(...back.map(({ at }) => at))).toBeLessThan(430);
  });

  it("stay where they are when they wait for another reason, and end in time", async () => {
    const refusal = (provider: string): Attempt => ({ provider, errorClass: "transient", errorCode: "ESME_RSYSERR" });
    const { sent, closed } = await simulate({
      outages: { a: (second) => second > 20 && second < 100, b: always },
      seconds: 320,
      requests: [{ at: 0, validity: 300 }],
      answers: refusal,
    });
    // By the rounds, but for 100: the look at 75 met open circuits, and only from then on the return of a provider counts.
    expect(sent.map(({ at }) => Math.floor(at))).toEqual([0, 5, 10, 15, 100, 160, 220, 280]);
    expect(closed.length).toBe(1);
  });

  it.each([
    ["is dark", { outages: { a: always, b: never } }],
    ["is drained", { outages: { a: never, b: never }, drained: { a: always } }],
  ])("are asked again in the rhythm of the rounds where one answers and the other %s", async (_, world) => {
    const { sent, closed } = await simulate({
      ...world,
      seconds: 1_400,
      requests: [{ at: 0, validity: 86_400 }],
      answers: (provider) => ({ provider, errorClass: "transient", errorCode: "ESME_RX_T_APPN" }),
    });
    expect(new Set(sent.map(({ provider }) => provider))).toEqual(new Set(["b"]));
    expect(sent.map(({ at }) => Math.floor(at))).toEqual([0, 5, 10, 15, 75, 135, 735, 1_335]);
    expect(closed).toMatchObject([{ state: "failed" }]);
    expect(closed[0]!.at).toBeGreaterThan(1_334);
  });

  it("wait for the one that was dark or drained where another has answered something else: it has them when it is back", async () => {
    for (const world of [
      { outages: { a: until(300), b: never } },
      { outages: { a: never, b: never }, drained: { a: until(300) } },
    ]) {
      const { sent } = await simulate({
        ...world,
        seconds: 400,
        requests: [{ at: 0, validity: 86_400 }],
        answers: (provider) =>
          provider === "b" ? { provider, errorClass: "transient", errorCode: "ESME_RX_T_APPN" } : undefined,
      });
      expect(sent.map(({ provider }) => provider)).toEqual(["b", "b", "b", "b", "b", "b", "a"]);
      expect(sent.at(-1)!.at).toBeLessThan(300 + BACK_WITHIN);
    }
  });

  it("are not lost sight of where the other gave them back with its circuit open: whoever is back first has them", async () => {
    const { sent } = await simulate({
      // What b has at 15 s comes back, and is not looked at again before 75 s.
      outages: { a: always, b: (second) => second > 15 && second < 40 },
      seconds: 70,
      requests: [{ at: 0, validity: 86_400 }],
      answers: (provider, second) =>
        second < 40 ? { provider, errorClass: "unsubmitted", errorCode: "circuit-open" } : undefined,
    });
    expect(sent.at(-1)!.at).toBeGreaterThanOrEqual(40);
    expect(sent.at(-1)!.at).toBeLessThan(40 + BACK_WITHIN);
  });

  it.each([
    ["dark", {}],
    ["drained", { drained: { b: (second: number) => second >= 10 && second < 1_000 } }],
  ])("do not stand in the way of those that wait for another provider that is %s", async (_, world) => {
    // Route all: a and b. What b has refused waits for a alone.
    const refused = (provider: string): Attempt | undefined =>
      provider === "b" ? { provider, errorClass: "refused", errorCode: "ESME_RINVDSTADR" } : undefined;
    const requests = [
      ...Array.from({ length: 50 }, () => ({ at: 0, validity: 3_600 })),
      ...Array.from({ length: 50 }, () => ({ at: 40, validity: 3_600 })),
    ];
    let phase = 0;
    const { sent, closed } = await simulate({
      // b takes part for the first 10 s, and is back at 1,000 s; a never.
      outages: { a: always, b: "drained" in world ? never : (second) => second >= 10 && second < 1_000 },
      ...world,
      seconds: 1_100,
      requests,
      answers: (provider, second) => {
        phase = second;
        return second < 10 ? refused(provider) : undefined;
      },
    });
    expect(phase).toBeGreaterThan(999);
    expect(closed).toEqual([]);
    const late = sent.filter(({ at }) => at >= 1_000);
    expect(new Set(late.map(({ offset }) => offset))).toEqual(new Set(Array.from({ length: 50 }, (_, n) => 50 + n)));
    expect(Math.max(...late.map(({ at }) => at))).toBeLessThan(1_010);
  });

  it("are never given to anybody after their end, nor ended before it, whatever comes and goes", async () => {
    const message = fc.record({ at: fc.integer({ min: 0, max: 300 }), validity: fc.integer({ min: 30, max: 900 }) });
    const outage = fc.tuple(fc.integer({ min: 0, max: 600 }), fc.integer({ min: 1, max: 600 }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { minLength: 1, maxLength: 25 }),
        fc.array(outage, { maxLength: 3 }),
        fc.array(outage, { maxLength: 3 }),
        async (requests, a, b) => {
          const down = (spans: readonly (readonly [number, number])[]) => (second: number) =>
            spans.some(([from, length]) => second >= from && second < from + length);
          const { sent, closed, waiting } = await simulate({
            outages: { a: down(a), b: down(b) },
            seconds: 1_210,
            requests,
          });
          expect(waiting).toBe(0);
          expect(sent.length + closed.length).toBe(requests.length);
          for (const { at, offset } of sent) expect(at).toBeLessThan(requests[offset]!.at + requests[offset]!.validity);
          for (const { at, offset } of closed) {
            const end = requests[offset]!.at + requests[offset]!.validity;
            expect(at).toBeGreaterThanOrEqual(end);
            expect(at).toBeLessThanOrEqual(end + 6);
          }
          // Whoever is back, and stays so, has them within seconds.
          const bothDown = (second: number) => down(a)(second) && down(b)(second);
          for (const { at, offset } of sent) {
            let back = 0;
            for (let second = requests[offset]!.at + 2; second < at; second++) {
              back = bothDown(second) ? 0 : back + 1;
              expect([offset, second, back <= BACK_WITHIN]).toEqual([offset, second, true]);
            }
          }
        },
      ),
      // The last one is back for a second, which is too short for its sender to be heard of.
      {
        numRuns: 25,
        examples: [
          [
            [{ at: 0, validity: 30 }],
            [
              [0, 11],
              [12, 4],
            ],
            [[0, 16]],
          ],
        ],
      },
    );
  }, 60_000);

  it("wait on where they are moved to, as long as they should", async () => {
    const w = world();
    const router = await w.start();
    const { facts } = eventOf(w.run(router, request(0, { validitySeconds: 7_200 })).decisions[0]);
    const tried: Attempt[] = [{ provider: null, errorClass: "unroutable", errorCode: "no-provider-left" }];
    const due = NOW + 420_000;
    const record = inRecord(
      "sms.retry.1m",
      0,
      codecs.retry.encode({
        facts,
        text: "x",
        attempt: 2,
        tried,
        inDoubt: null,
        spendLeft: null,
        spendCurrency: null,
        charge: null,
      }),
      {
        headers: { due: String(due) },
      },
    );
    w.at(NOW + 60_000);
    expect(router.dueIn(record, NOTHING_BEHIND)).toBeLessThanOrEqual(0);
    const { decisions, effects } = w.run(router, record);
    expect(decisions).toEqual([]);
    expect(effects.map((e) => [e.topic, e.partition, e.key, e.headers!.due])).toEqual([
      ["sms.retry.1m", HOME, TO, String(due)],
    ]);
    const kept = codecs.retry.decode(effects[0]!.value!);
    expect(kept).toMatchObject({ ok: true, value: { attempt: 2, tried } });
    w.at(due);
    expect(w.run(router, { ...record, offset: 1 }).effects[0]!.topic).toBe("sms.dispatch.a.otp");
  });
});

it("never counts a provider that is not heard of as one that is back", async () => {
  const requests = [{ at: 0, validity: 300 }];
  const { sent } = await simulate({ outages: { a: always, b: always }, seconds: 100, requests });
  expect(sent).toEqual([]);
  const both = await simulate({ outages: { a: never, b: never }, seconds: 5, requests });
  expect(both.sent.map(({ topic }) => topic)).toEqual(["sms.dispatch.a.otp"]);
});
