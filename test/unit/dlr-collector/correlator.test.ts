import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MessageState, Retry } from "../../../schemas/generated/types.ts";
import {
  CORRELATION_TOPIC,
  DEAD_LETTER_TOPIC,
  DOUBT_TOPIC,
  EVENTS_TOPIC,
  RECEIPTS_TOPIC,
  retryTopic,
} from "../../../schemas/topics.ts";
import { event, facts, receipt, submitted } from "./records.ts";
import { COPY_WAIT_MS, codecs, Owner, SimulatedLog } from "./simulated-kafka.ts";

const DEADLINE_MS = 100_000;
const RETRY_NOW = retryTopic("0s");

/** One message: how it was submitted, what its provider reports, and the states it may end in. */
interface Script {
  readonly kind: "single" | "parts" | "closed" | "doubt" | "twice";
  /** By part; null: no receipt. */
  readonly states: readonly (MessageState | null)[];
  readonly repeats: number;
}

const state = fc.option(fc.constantFrom<MessageState>("delivered", "delivered", "undelivered", "expired"));
const script: fc.Arbitrary<Script> = fc.oneof(
  fc.record({ kind: fc.constant("single" as const), states: fc.tuple(state), repeats: fc.nat(2) }),
  fc.record({
    kind: fc.constant("parts" as const),
    states: fc.array(state, { minLength: 2, maxLength: 3 }),
    repeats: fc.nat(2),
  }),
  fc.record({ kind: fc.constant("closed" as const), states: fc.constant([]), repeats: fc.nat(2) }),
  fc.record({ kind: fc.constant("doubt" as const), states: fc.tuple(state), repeats: fc.nat(2) }),
  fc.record({ kind: fc.constant("twice" as const), states: fc.tuple(state, state), repeats: fc.nat(2) }),
);

type Append = (log: SimulatedLog) => void;

/** What providers and other services write about the message, in no order. */
function writes(one: Script, m: string): { events: Append[]; receipts: Append[] } {
  // A destination of its own: a receipt without a submission may be taken for that of another message in doubt there.
  const to = `4917${m.slice(1).padStart(8, "0")}`;
  const factsOf = (segments = 1) => facts(m, { to, segments });
  const of = (part: number, provider: string, messageId: string | null = null): Append[] => {
    const said = one.states[part];
    if (said === null || said === undefined) return [];
    const write: Append = (log) =>
      log.appendReceipt(receipt(`${m}-${part}`, said, { provider, messageId, to, receivedAt: log.now }));
    return [write, ...Array.from({ length: one.repeats }, () => write)];
  };
  const again = (write: Append): Append[] => [write, ...Array.from({ length: one.repeats }, () => write)];
  switch (one.kind) {
    case "single":
    case "parts": {
      const ids = one.states.map((_, part) => `${m}-${part}`);
      return {
        events: again((log) =>
          log.appendEvent(`${m}/1/submitted`, submitted(m, ids, { at: log.now, facts: factsOf(ids.length) })),
        ),
        receipts: one.states.flatMap((_, part) => of(part, "smsc-a")),
      };
    }
    case "closed":
      return {
        events: again((log) =>
          log.appendEvent(`${m}/1/closed`, event("closed", m, { at: log.now, facts: factsOf(), state: "rejected" })),
        ),
        receipts: [],
      };
    case "doubt":
      return {
        events: again((log) =>
          log.appendEvent(`${m}/1/in_doubt`, event("in_doubt", m, { at: log.now, facts: factsOf() })),
        ),
        receipts: of(0, "smsc-a", m),
      };
    case "twice":
      return {
        events: [
          ...again((log) =>
            log.appendEvent(`${m}/1/submitted`, submitted(m, [`${m}-0`], { at: log.now, facts: factsOf() })),
          ),
          ...again((log) =>
            log.appendEvent(
              `${m}/2/submitted`,
              submitted(m, [`${m}-1`], {
                at: log.now,
                facts: factsOf(),
                attempt: 2,
                provider: "smsc-b",
                resubmitted: "takeover",
              }),
            ),
          ),
        ],
        receipts: [...of(0, "smsc-a"), ...of(1, "smsc-b")],
      };
  }
}

/** The states that a message may end in; more than one only where the order of two submissions decides. */
function ends(one: Script): MessageState[] {
  const states = one.states.map((said) => said ?? "unknown");
  switch (one.kind) {
    case "single":
    case "doubt":
      return [states[0]!];
    case "parts": {
      if (new Set(states).size === 1) return [states[0]!];
      return [states.every((said) => said === "delivered" || said === "unknown") ? "unknown" : "undelivered"];
    }
    case "closed":
      return ["rejected"];
    case "twice":
      // A submission that ended before the other was read has ended the message.
      return [states[0]!, states[1]!];
  }
}

const step = fc.record({
  write: fc.nat(3),
  most: fc.tuple(fc.nat(4), fc.nat(4)),
  commit: fc.boolean(),
  crash: fc.option(fc.nat(4), { freq: 4 }),
  wait: fc.constantFrom(0, 0, 100, 5_000),
});

interface Run {
  readonly scripts: readonly Script[];
  /** Where the writes stand, by which they are sorted. */
  readonly order: readonly number[];
  readonly steps: readonly { write: number; most: number[]; commit: boolean; crash: number | null; wait: number }[];
}

const runs: fc.Arbitrary<Run> = fc.record({
  scripts: fc.array(script, { minLength: 1, maxLength: 6 }),
  order: fc.array(fc.nat(1_000), { minLength: 60, maxLength: 60 }),
  steps: fc.array(step, { maxLength: 30 }),
});

/** Every write and crash of one run; then all is read, and time passes until nothing is open. */
async function play({ scripts, order, steps }: Run, readBackEvents: number, repeatEvents: boolean) {
  const log = new SimulatedLog();
  const settings = { receiptDeadlineMs: DEADLINE_MS, limits: { keepAfterMs: 4_000, finished: 1_000 }, readBackEvents };
  const all = scripts.flatMap((one, i) => {
    const { events, receipts } = writes(one, `m${i}`);
    // Without a memory of what has ended, all that is submitted must be known before the first of it ends.
    const once: Append = (log) => {
      for (const write of new Set(events)) write(log);
    };
    return [...(repeatEvents ? events : [once]), ...receipts];
  });
  const queue = all
    .map((write, i) => ({ write, at: order[i % order.length]! }))
    .sort((a, b) => a.at - b.at)
    .map(({ write }) => write);
  let owner = await Owner.begin(log, settings);
  let crashes = 0;
  const act = async (most: readonly number[], commit: boolean, crash?: number | null) => {
    if (await owner.step(most, commit, crash ?? undefined)) return;
    crashes++;
    owner = await Owner.begin(log, settings);
  };
  for (const { write, most, commit, crash, wait } of steps) {
    for (const one of queue.splice(0, write)) one(log);
    log.now += wait;
    await act(most, commit, crash);
  }
  for (const one of queue.splice(0)) one(log);
  for (let turn = 0; turn < 20; turn++) await act([1_000, 1_000], turn % 3 === 0, turn === 2 ? 3 : undefined);
  log.now += 10 * DEADLINE_MS;
  for (let turn = 0; turn < 5; turn++) await act([1_000, 1_000], true, turn === 0 ? 2 : undefined);
  return { log, owner, crashes };
}

describe("whatever comes in whatever order, and whatever crashes", () => {
  async function check(one: Run, readBackEvents: number, repeatEvents: boolean) {
    const { log, owner } = await play(one, readBackEvents, repeatEvents);
    const finals = log.events().filter(({ event: { type } }) => type === "final");
    expect(finals.map(({ id }) => id).sort()).toEqual(one.scripts.map((_, i) => `m${i}/final`).sort());
    for (const { event: final } of finals)
      expect(ends(one.scripts[Number(final.facts.messageId.slice(1))]!)).toContain(final.state);
    expect(owner.correlator.correlation.size.open).toBe(0);
    // Nothing is left in the compacted topic: the last word of every key is a tombstone.
    const kept = new Map(log.records(CORRELATION_TOPIC).map(({ key, value }) => [String(key), value]));
    expect([...kept.values()].filter((value) => value !== null)).toEqual([]);
  }

  it("ends every message exactly once, in the state that its receipts give", async () => {
    await fc.assert(
      fc.asyncProperty(runs, (one) => check(one, 1_000, true)),
      { numRuns: 600 },
    );
  });

  it("does so when only what is open can be rebuilt", async () => {
    await fc.assert(
      fc.asyncProperty(runs, (one) => check(one, 0, false)),
      { numRuns: 600 },
    );
  });
});

describe("one owner", () => {
  it("leaves routed and returned events undecoded", async () => {
    const log = new SimulatedLog();
    for (const kind of ["routed", "returned"])
      log.append({ topic: EVENTS_TOPIC, key: "1", value: Buffer.from("garbage"), headers: { id: `m/1/${kind}` } });
    const owner = await Owner.begin(log, { receiptDeadlineMs: DEADLINE_MS });
    await owner.step([10, 10], true);
    expect(owner.counters.undecodable).toBe(0);
    expect(log.records(DEAD_LETTER_TOPIC)).toEqual([]);
  });

  it("puts what it cannot read into the dead letters, byte for byte, and goes on", async () => {
    const log = new SimulatedLog();
    log.append({ topic: RECEIPTS_TOPIC, key: "49170", value: Buffer.from("garbage"), headers: { id: "x" } });
    log.appendEvent("m/1/submitted", submitted("m", ["1"]));
    log.appendReceipt(receipt("1", "delivered"));
    const owner = await Owner.begin(log, { receiptDeadlineMs: DEADLINE_MS });
    await owner.step([10, 10], true);
    const [letter] = log.records(DEAD_LETTER_TOPIC);
    const decoded = codecs.deadLetter.decode(letter!.value!);
    expect(decoded).toMatchObject({ value: { reason: "undecodable", topic: RECEIPTS_TOPIC, offset: 0 } });
    expect(log.events().at(-1)).toMatchObject({ id: "m/final" });
  });

  it("does not let a deadline pass while there is unread backlog", async () => {
    const log = new SimulatedLog();
    log.appendEvent("m/1/submitted", submitted("m", ["1"]));
    const owner = await Owner.begin(log, { receiptDeadlineMs: DEADLINE_MS });
    await owner.step([10, 10], true);
    log.now += 2 * DEADLINE_MS;
    for (let i = 0; i < 3; i++) log.appendReceipt(receipt(`other-${i}`, "delivered"));
    log.appendReceipt(receipt("1", "delivered"));
    for (let i = 0; i < 5; i++) await owner.step([10, 1], true);
    expect(log.events().filter((one) => one.event.type === "final")).toMatchObject([{ event: { state: "delivered" } }]);
  });

  it("restores from its commit only what is open, and commits from where that can be rebuilt", async () => {
    const log = new SimulatedLog();
    const settings = { receiptDeadlineMs: DEADLINE_MS, readBackEvents: 0 };
    log.appendReceipt(receipt("7", "delivered"));
    log.appendReceipt(receipt("9", "delivered"));
    log.appendEvent("a/1/submitted", submitted("a", ["7"]));
    log.appendEvent("b/1/submitted", submitted("b", ["8"]));
    const owner = await Owner.begin(log, settings);
    await owner.step([10, 10], true);
    expect(log.committed).toEqual({ offsets: [2, 2, 0], state: "1:1:1" });
    const next = await Owner.begin(log, settings);
    expect(next.correlator.correlation.size).toEqual({ open: 1, kept: 0, early: 1 });
  });
});

describe("a takeover", () => {
  it.each([
    ["from sms.events", 0, 0],
    ["from sms.correlation", 5_000, 1],
  ])("goes on with the trace of a message that it rebuilds %s", async (_, passes, kept) => {
    const log = new SimulatedLog();
    const settings = { receiptDeadlineMs: DEADLINE_MS, readBackEvents: 0, limits: { keepAfterMs: 2_500 } };
    log.appendEvent("m/1/submitted", submitted("m", ["7"]), { traceparent: "the-trace" });
    const first = await Owner.begin(log, settings);
    await first.step([10, 10], true);
    log.now += passes;
    await first.step([10, 10], true);
    expect(first.correlator.correlation.size).toMatchObject({ open: 1, kept });
    const next = await Owner.begin(log, settings);
    log.appendReceipt(receipt("7", "delivered"));
    await next.step([10, 10], true);
    const final = log.records(EVENTS_TOPIC).at(-1)!;
    expect([String(final.headers.id), String(final.headers.traceparent)]).toEqual(["m/final", "the-trace"]);
  });

  it("keeps what receipts say of a message that the last owner had only begun to keep", async () => {
    const log = new SimulatedLog();
    const settings = { receiptDeadlineMs: DEADLINE_MS, readBackEvents: 0, limits: { keepAfterMs: 2_500 } };
    log.appendReceipt(receipt("7", "undelivered"));
    const first = await Owner.begin(log, settings);
    await first.step([0, 1], true);
    log.appendEvent("m/1/submitted", submitted("m", ["7", "8"]));
    await first.step([10, 10], false);
    log.now += 5_000;
    expect(await first.step([10, 10], false, 1)).toBe(false);
    // Its submission stands in sms.correlation, the receipt of its first part does not.
    expect(log.records(CORRELATION_TOPIC)).toHaveLength(1);
    const second = await Owner.begin(log, settings);
    await second.step([10, 10], true);
    const third = await Owner.begin(log, settings);
    log.now += 2 * DEADLINE_MS;
    await third.step([10, 10], true);
    expect(log.events().at(-1)).toMatchObject({ id: "m/final", event: { state: "undelivered" } });
  });
});

describe("a copy of a message in doubt", () => {
  const copy = (messageId: string): Retry => ({
    facts: facts(messageId),
    text: "the text",
    attempt: 2,
    tried: [{ provider: "smsc-a", errorClass: "unknown", errorCode: "response-timeout" }],
    inDoubt: "response-timeout",
    spendLeft: null,
    spendCurrency: null,
    charge: null,
  });
  const settings = { receiptDeadlineMs: DEADLINE_MS };

  function inDoubt() {
    const log = new SimulatedLog();
    log.appendEvent("m/1/in_doubt", event("in_doubt", "m", { errorClass: "unknown" }));
    log.appendCopy(copy("m"), { traceparent: "the-trace" });
    return log;
  }

  it("goes back to the router when its wait is over and nothing has come, as it is", async () => {
    const log = inDoubt();
    const owner = await Owner.begin(log, settings);
    await owner.step([10, 10], true);
    log.now += COPY_WAIT_MS;
    await owner.step([10, 10], true);
    // The time up to which all was read is a little behind.
    expect(log.records(RETRY_NOW)).toEqual([]);
    log.now += 2_100;
    for (let i = 0; i < 2; i++) await owner.step([10, 10], true);
    const [released] = log.records(RETRY_NOW);
    expect(codecs.retry.decode(released!.value!)).toEqual({ ok: true, value: copy("m") });
    expect(String(released!.key)).toBe(facts("m").to);
    expect(String(released!.headers.id)).toBe("m/2/retry");
    expect(String(released!.headers.traceparent)).toBe("the-trace");
    expect(log.records(RETRY_NOW)).toHaveLength(1);
  });

  it("waits for what was written before it and has not been read, however late that is", async () => {
    const log = inDoubt();
    log.appendReceipt(receipt("5501", "delivered"));
    const owner = await Owner.begin(log, settings);
    log.now += 60_000;
    for (let i = 0; i < 5; i++) await owner.step([10, 0], true);
    expect(log.records(RETRY_NOW)).toEqual([]);
    for (let i = 0; i < 3; i++) await owner.step([10, 10], true);
    expect(log.records(RETRY_NOW)).toEqual([]);
    expect(log.events().map(({ id }) => id)).toEqual(["m/1/in_doubt", "m/1/submitted", "m/final"]);
    expect(owner.counters).toMatchObject({ copiesDropped: 1, copiesReleased: 0 });
  });

  it("is decided again after a crash, and dropped when an answer has come meanwhile", async () => {
    const log = inDoubt();
    const first = await Owner.begin(log, settings);
    await first.step([10, 10], true);
    log.now += 60_000;
    log.appendEvent("m/1/submitted", submitted("m", ["5501"]));
    const next = await Owner.begin(log, settings);
    for (let i = 0; i < 3; i++) await next.step([10, 10], true);
    expect(log.records(RETRY_NOW)).toEqual([]);
  });

  it("does not hold up events, receipts or deadlines", async () => {
    const log = inDoubt();
    log.appendEvent("n/1/submitted", submitted("n", ["8"], { facts: facts("n", { to: "33611111111" }) }));
    const owner = await Owner.begin(log, { receiptDeadlineMs: 1_000 });
    for (let i = 0; i < 4; i++) {
      log.now += 1_000;
      await owner.step([10, 10, 0], true);
    }
    expect(log.events().map(({ id }) => id)).toContain("n/final");
  });

  it("that cannot be read is put aside", async () => {
    const log = new SimulatedLog();
    log.append({ topic: DOUBT_TOPIC, key: "1", value: Buffer.from("not a record") });
    const owner = await Owner.begin(log, settings);
    for (let i = 0; i < 3; i++) {
      log.now += 10_000;
      await owner.step([10, 10], true);
    }
    expect(log.records(DEAD_LETTER_TOPIC)).toHaveLength(1);
    expect(log.committed.offsets[2]).toBe(1);
  });
});

it("keeps a receipt that nobody claims as a dead letter, found by its reason", async () => {
  const log = new SimulatedLog();
  log.appendReceipt(receipt("5501", "delivered"));
  const owner = await Owner.begin(log, { receiptDeadlineMs: DEADLINE_MS });
  await owner.step([10, 10], true);
  log.now += 700_000;
  for (let i = 0; i < 2; i++) await owner.step([10, 10], true);
  const letters = log.records(DEAD_LETTER_TOPIC).map(({ value }) => codecs.deadLetter.decode(value!));
  expect(letters).toMatchObject([
    {
      value: { reason: "unclaimed-receipt", topic: RECEIPTS_TOPIC, partition: 0, offset: 0, service: "dlr-collector" },
    },
  ]);
});

it("lets no deadline pass before receipts without a number have been placed, and lets it pass when they have", async () => {
  const log = new SimulatedLog();
  log.claimsBehindMs = 60_000;
  log.appendEvent("m/1/submitted", submitted("m", ["1"]));
  const owner = await Owner.begin(log, { receiptDeadlineMs: 10_000 });
  const ended = () => log.events().some(({ id }) => id === "m/final");
  const pass = async (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      log.now += 1_000;
      await owner.step([10, 10], true);
    }
  };
  await pass(60);
  expect(ended()).toBe(false);
  await pass(30);
  expect(ended()).toBe(true);
});
