import { afterEach, expect, test, vi } from "vitest";
import { providerSchema } from "../../../domain/catalog/provider.ts";
import { createCodecs } from "../../../pipeline/records/codecs.ts";
import type { Outcome, Work } from "../../../platform/kafka/dispatcher.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import type { Task } from "../../../platform/kafka/task.ts";
import type { Dispatch } from "../../../schemas/generated/types.ts";
import { DispatchTask, type DispatchTaskOptions } from "../../../services/sender/dispatch-task.ts";
import { Outcomes } from "../../../services/sender/outcomes.ts";
import { dispatchOf } from "./dispatches.ts";
import { goesBack, world } from "./provider-world.ts";

afterEach(() => void vi.useRealTimers());

const record = { value: Buffer.from([0]), headers: {} } as unknown as InRecord;

test("a dispatch of an unknown schema waits until the schema has been loaded", async () => {
  const loaded: number[] = [];
  const codecs = {
    dispatch: { decode: () => ({ ok: false, code: "unknown-schema", detail: "not loaded", schemaId: 9 }) },
    loadSchema: (id: number) => Promise.resolve(loaded.push(id)),
  };
  const task = new DispatchTask({} as Task, { codecs } as unknown as DispatchTaskOptions);
  const decision = task.decode(record);
  expect(decision).toEqual({ ok: false, wait: expect.any(Promise) });
  expect(loaded).toEqual([9]);
});

test("what has expired while it waited goes back as expired; the rest waits on", () => {
  const returned: unknown[][] = [];
  const outcomes = {
    returned: (...parts: unknown[]) => {
      returned.push(parts.slice(1));
      return { events: [], followUp: [] };
    },
  };
  let now = 87_399_999;
  const options = { outcomes, sender: goesBack, now: () => now } as unknown as DispatchTaskOptions;
  const task = new DispatchTask({} as Task, options);
  const work = { record, value: dispatchOf() } as unknown as Work<Dispatch>;
  expect(task.over(work)).toBeUndefined();
  now++;
  task.over(work)!();
  expect(returned).toEqual([["unsubmitted", "expired", now]]);
});

test("what is too much for one number goes back unsubmitted", () => {
  const returned: unknown[][] = [];
  const outcomes = {
    returned: (...parts: unknown[]) => {
      returned.push(parts.slice(1));
      return { events: [], followUp: [] };
    },
  };
  const owner = { draining: false };
  const sender = { ...goesBack, room: () => 7 };
  const options = { outcomes, sender, now: () => 5 } as unknown as DispatchTaskOptions;
  const task = new DispatchTask(owner as Task, options);
  const work = { record, value: dispatchOf() } as unknown as Work<Dispatch>;
  task.crowded(work);
  expect([task.room(false), task.room(true)]).toEqual([7, 7]);
  owner.draining = true;
  task.crowded(work);
  expect(returned).toEqual([
    ["unsubmitted", "destination-busy", 5],
    ["unsubmitted", "stopping", 5],
  ]);
});

test("what is too much for one number goes back no faster than the router can follow, and holds up nobody who is more urgent", async () => {
  vi.useFakeTimers({ now: 2_000_000 });
  const { sender } = world();
  const outcomes = { returned: () => ({ events: [], followUp: [] }) };
  const room = () => 100;
  const options = { outcomes, sender: { handBack: sender.handBack, room }, now: Date.now };
  const task = new DispatchTask({ draining: false } as Task, options as unknown as DispatchTaskOptions);
  await vi.advanceTimersByTimeAsync(1_100);
  const flood = (lane: "otp" | "marketing") => {
    const work = { record, value: dispatchOf({ facts: { lane } }) } as unknown as Work<Dispatch>;
    let back = 0;
    for (; back < 10_000 && task.room(lane === "otp") > 0; back++) task.crowded(work);
    return back;
  };
  expect(flood("marketing")).toBeLessThan(400);
  expect([task.room(false), task.room(true)]).toEqual([0, 100]);
  expect(flood("otp")).toBeLessThan(400);
  expect(task.room(true)).toBe(0);
  await vi.advanceTimersByTimeAsync(50);
  expect(task.room(true)).toBe(100);
  await sender.stop();
});

test("what an earlier owner may have submitted is in doubt, whatever its lane; its stored outcome gives the same record again", async () => {
  const provider = providerSchema.parse({
    id: "alpha",
    kind: "smpp",
    rate: 10,
    prices: [],
    currency: "EUR",
    smpp: { host: "127.0.0.1", port: 2775, systemId: "s", password: "p" },
  });
  let nextId = 1;
  const codecs = await createCodecs({ idOf: async () => nextId++, schemaOf: async () => undefined });
  const outcomes = new Outcomes(codecs, provider, 6);
  const counted: unknown[] = [];
  const sender = { mayHaveTaken: (...what: unknown[]) => counted.push(what) };
  const options = { codecs, outcomes, sender, now: () => 5 } as unknown as DispatchTaskOptions;
  const task = new DispatchTask({ partition: 2 } as Task, options);
  for (const [lane, copies] of [
    ["otp", 1],
    ["marketing", 0],
  ] as const) {
    const work = { record, value: dispatchOf({ facts: { lane }, tariff: 50_000 }) } as unknown as Work<Dispatch>;
    const { events, followUp } = task.inDoubt(work)!;
    expect(events[0]!.headers!.id).toMatch(/\/1\/in_doubt$/);
    expect(followUp.map(({ topic }) => topic)).toEqual(Array(copies).fill("sms.doubt"));
    expect(task.recover(work, { kind: "in_doubt", value: events[0]!.value })).toEqual(followUp);
    expect(task.recover(work, { kind: "in_doubt", value: null })).toEqual([]);
    expect(task.recover(work, { kind: "submitted", value: null })).toEqual([]);
  }
  expect(counted).toEqual([
    [2, 1, 50_000],
    [2, 1, 50_000],
  ]);
});

test("the place that the router decided on is known of each dispatch, for whoever must read its text again", () => {
  const sources: unknown[] = [];
  const sender = { submit: (_: unknown, { source }: { source?: string }) => sources.push(source) };
  const task = new DispatchTask({} as Task, { sender } as unknown as DispatchTaskOptions);
  const src = Buffer.from("sms.requests.otp/3/7");
  for (const headers of [{ src }, {}])
    task.submit({ record: { ...record, headers }, value: dispatchOf() } as unknown as Work<Dispatch>, () => {});
  expect(sources).toEqual(["sms.requests.otp/3/7", undefined]);
});

test("of a replayed dispatch the place is known as well, unless its header names none", () => {
  const sources: unknown[] = [];
  const sender = { submit: (_: unknown, { source }: { source?: string }) => sources.push(source) };
  const task = new DispatchTask({} as Task, { sender } as unknown as DispatchTaskOptions);
  const submit = (headers: Record<string, string>) =>
    task.submit({ record: { ...record, headers }, value: dispatchOf() } as unknown as Work<Dispatch>, () => {});
  submit({ "replayed-src": "sms.requests.otp/3/7" });
  // What comes from the router says it itself.
  submit({ src: "sms.retry.5s/1/2", "replayed-src": "sms.requests.otp/3/7" });
  expect(sources).toEqual(["sms.requests.otp/3/7", "sms.retry.5s/1/2"]);
  sources.length = 0;
  for (const text of ["", "sms.requests.otp", "sms.requests.otp/3/-1", "sms.requests.otp/x/7", "/3/7", "a/1/9e99"])
    submit({ "replayed-src": text });
  expect(sources).toEqual(Array(6).fill(undefined));
});

test("what the last owner noted and could not store is counted, unless the count that it told has it", async () => {
  const { provider } = world();
  let nextId = 1;
  const codecs = await createCodecs({ idOf: async () => nextId++, schemaOf: async () => undefined });
  const outcomes = new Outcomes(codecs, provider, 6);
  const counted: unknown[] = [];
  const sender = { mayHaveTaken: (...what: unknown[]) => counted.push(what) };
  const work = { record, value: dispatchOf() } as unknown as Work<Dispatch>;
  const order = { dispatch: work.value, traceparent: undefined };
  const taken = (at: number) => outcomes.submitted(order, ["1"], 3, at);
  const retell = (countedBy: number | undefined, outcome: Outcome) => {
    const options = { codecs, sender, countedBy } as unknown as DispatchTaskOptions;
    new DispatchTask({ partition: 2 } as Task, options).retold(work, outcome);
  };
  retell(100, taken(100));
  retell(100, outcomes.returned(order, "refused", "ESME_RINVDSTADR", 200));
  retell(100, { events: [], followUp: [] });
  expect(counted).toEqual([]);
  retell(100, taken(101));
  retell(undefined, outcomes.inDoubt(order, "link-lost", 50));
  expect(counted).toEqual([
    [2, 3, null],
    [2, 1, null],
  ]);
});

test("what cannot be recorded now is told of the partitions of its own share, and asked about only while writes fail", () => {
  let asked = 0;
  const writes = {
    hasFailing: false,
    isHeldUp: (topic: string, partition: number) => {
      asked++;
      return topic === "sms.events" && (partition === 1 || partition === 2);
    },
  };
  const options = { writes, provider: { partitions: 2 }, outcomes: { partitions: 6 } };
  const task = new DispatchTask({ partition: 1 } as Task, options as unknown as DispatchTaskOptions);
  expect([task.unwritable(), asked]).toEqual([undefined, 0]);
  writes.hasFailing = true;
  expect(task.unwritable()).toEqual(new Set([1]));
});
