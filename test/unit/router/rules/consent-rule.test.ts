import { describe, expect, it } from "vitest";
import type { ConsentWord } from "../../../../domain/consent/consent-word.ts";
import type { InRecord, OutRecord } from "../../../../platform/kafka/record.ts";
import type { Task } from "../../../../platform/kafka/task.ts";
import type { MessageFacts } from "../../../../schemas/generated/types.ts";
import { ConsentRule } from "../../../../services/router/rules/consent-rule.ts";
import { codecs, eventOf, HOME, inRecord, NOTHING_BEHIND, NOW, request, world } from "../router-world.ts";

const STOPPED: ConsentWord = { state: "opted_out", source: "keyword", at: NOW - 1_000, offset: 3 };

function guarded(word: ConsentWord | undefined) {
  const made = world();
  const state = { word, old: [] as number[] };
  made.rules.push(
    new ConsentRule({
      copy: {
        caughtUp: async () => true,
        overtakenIn: async () => [],
        oldAlone: (partition) => state.old.includes(partition),
      },
      guard: { against: () => state.word },
      monotonic: () => 0,
    }),
  );
  return { ...made, state };
}

/** What a sender has given back before it was submitted. */
function givenBack(facts: MessageFacts, text: string, errorClass: string, attempt = 2) {
  const retry = codecs.retry.encode({
    ...{ facts, text, attempt, tried: [{ provider: "a", errorClass, errorCode: errorClass }] },
    ...{ inDoubt: null, spendLeft: null, spendCurrency: null, charge: null },
  });
  return inRecord("sms.retry.0s", 0, retry, { headers: { due: String(NOW) } });
}

describe("a partition of whose recipients alone too little is known", () => {
  it("waits in the log, in order, but for who cancels; the others' routers go on", async () => {
    const { start, state } = guarded(undefined);
    const router = await start();
    const wait = (record: InRecord) => router.dueIn(record, NOTHING_BEHIND);
    const back = inRecord("sms.retry.0s", 0, Buffer.alloc(0));
    state.old = [HOME + 1];
    expect([wait(request()), wait(back)]).toEqual([0, 0]);
    state.old = [HOME];
    expect([wait(request()), wait(back)].every((ms) => ms > 0 && ms <= 100)).toBe(true);
    expect(wait(inRecord("sms.cancels", 0, Buffer.alloc(0)))).toBe(0);
    state.old = [];
    expect(wait(request())).toBe(0);
  });

  it("has what a sender gives back for it wait some seconds where the router knows enough itself, and go then", async () => {
    const { start, run, at } = guarded(undefined);
    const router = await start();
    const { effects } = run(router, request());
    const dispatch = codecs.dispatch.decode(effects[0]!.value!);
    if (!dispatch.ok) throw new Error(dispatch.detail);
    const { facts, text } = dispatch.value;
    const back = run(router, givenBack(facts, text, "consent-unknown"));
    expect(eventOf(back.decisions[0])).toMatchObject({
      ...{ type: "postponed", errorCode: "consent-unknown", due: NOW + 5_000 },
      reason: "what the sender knew of the recipient was too old to go by",
    });
    at(NOW + 5_000);
    const again = run(router, inRecord("sms.due", 0, back.effects[0]!.value!));
    expect(eventOf(again.decisions[0])).toMatchObject({ type: "routed" });
    const other = guarded(STOPPED);
    const stopped = other.run(await other.start(), givenBack(facts, text, "consent-unknown"));
    expect(eventOf(stopped.decisions[0])).toMatchObject({ type: "closed", errorCode: "opted-out" });
  });

  it.each([
    [1_000, 5_000],
    [1_001, 60_000],
    [4_000, 60_000],
    [4_001, 600_000],
  ])(
    "lets what has been given back over and over wait longer, so that its attempts last: the %ith for %i ms",
    async (attempt, ms) => {
      const { start, run } = guarded(undefined);
      const router = await start();
      const { effects } = run(router, request());
      const dispatch = codecs.dispatch.decode(effects[0]!.value!);
      if (!dispatch.ok) throw new Error(dispatch.detail);
      const { facts, text } = dispatch.value;
      const back = run(router, givenBack(facts, text, "consent-unknown", attempt));
      expect(eventOf(back.decisions[0])).toMatchObject({ type: "postponed", due: NOW + ms });
    },
  );
});

describe("a message to who said stop", () => {
  it("ends as rejected with the reason, is sent to nobody, and is no dead letter", async () => {
    const { start, run } = guarded(STOPPED);
    const { decisions, effects } = run(await start(), request());
    expect(effects).toEqual([]);
    expect(decisions.map(({ topic }) => topic)).toEqual(["sms.events"]);
    expect(eventOf(decisions[0])).toMatchObject({
      type: "closed",
      state: "rejected",
      errorClass: "opted-out",
      errorCode: "opted-out",
      reason: `the recipient said stop on ${new Date(NOW - 1_000).toISOString()}`,
    });
  });

  it("goes when they have said start again", async () => {
    const { start, run, state } = guarded(STOPPED);
    const router = await start();
    run(router, request(0));
    state.word = undefined;
    expect(eventOf(run(router, request(1)).decisions[0])).toMatchObject({ type: "routed" });
  });

  it.each([
    ["with what the copy says", STOPPED, /^the recipient said stop/],
    ["also where the router's copy does not know it yet", undefined, /opted-out/],
  ])("that a sender has given back is ended and not tried again, %s", async (_, word, reason) => {
    const { start, run, state } = guarded(undefined);
    const router = await start();
    const { effects } = run(router, request());
    const dispatch = codecs.dispatch.decode(effects[0]!.value!);
    if (!dispatch.ok) throw new Error(dispatch.detail);
    const { facts, text } = dispatch.value;
    state.word = word;
    const back = run(router, givenBack(facts, text, "opted-out"));
    expect(back.effects).toEqual([]);
    expect(eventOf(back.decisions[0])).toMatchObject({ type: "closed", state: "rejected", errorCode: "opted-out" });
    expect(eventOf(back.decisions[0]).reason).toMatch(reason);
    expect(back.decisions.length).toBe(1);
  });
});

describe("a new owner", () => {
  it("works when its copy is at the log's end, and not when it was stopped before", async () => {
    const asked: number[] = [];
    const rule = (reached: boolean) =>
      new ConsentRule({
        copy: {
          caughtUp: async (partition) => {
            asked.push(partition);
            return reached;
          },
          overtakenIn: async () => [],
          oldAlone: () => false,
        },
        guard: { against: () => undefined },
        monotonic: () => 0,
      });
    const task = (alive: boolean) => ({ partition: 4, alive, draining: false }) as unknown as Task;
    await rule(true).restore(task(true));
    await expect(rule(false).restore(task(true))).rejects.toThrow("sms.consent");
    await rule(false).restore(task(false));
    expect(asked).toEqual([4, 4, 4]);
  });
});

it("writes once more, now and then, the latest words that do not stand last in the log", async () => {
  const asked: number[] = [];
  let now = 0;
  const found: OutRecord[] = [{ topic: "sms.consent", partition: 4, key: "acme:1", value: null }];
  const rule = new ConsentRule({
    copy: {
      caughtUp: async () => true,
      overtakenIn: async (partition) => {
        asked.push(partition);
        return found.splice(0);
      },
      oldAlone: () => false,
    },
    guard: { against: () => undefined },
    monotonic: () => now,
  });
  await rule.restore({ partition: 4, alive: true, draining: false } as unknown as Task);
  const written: OutRecord[] = [];
  const tick = async () => {
    rule.tick({ decide: (record) => void written.push(record), effect: () => expect.unreachable() });
    await Promise.resolve();
    await Promise.resolve();
  };
  await tick();
  await tick();
  await tick();
  expect([written.map(({ key }) => key), asked]).toEqual([["acme:1"], [4]]);
  now = 5_000;
  await tick();
  expect(asked).toEqual([4, 4]);
});
