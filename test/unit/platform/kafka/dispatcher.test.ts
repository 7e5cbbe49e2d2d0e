import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { headerText, type InRecord } from "../../../../platform/kafka/record.ts";
import { end, expectPromises, finish, pass, passUntilOver, RUNS, worlds } from "./dispatcher-histories.ts";
import { DispatcherWorld, LANES, MAX_CHAINED, MAX_UNSTORED, PARTS, type WorldOptions } from "./dispatcher-world.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ends = fc.array(
  fc.record({
    afterMs: fc.integer({ min: 1, max: 1_500 }),
    how: fc.constantFrom("crash" as const, "lose" as const, "drain" as const),
  }),
  { maxLength: 8 },
);

const leaders = fc.array(fc.tuple(fc.integer({ min: 0, max: PARTS - 1 }), fc.boolean()), { maxLength: 3 });

test("the same while partitions of the outcome log lose their leaders and have them again", async () => {
  const turns = fc.array(fc.record({ turn: ends.map(([one]) => one), leaders }), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(worlds, turns, fc.constantFrom(0, 2_000), async (options, script, lateMs) => {
      const pass = passUntilOver();
      const world = new DispatcherWorld(options);
      world.kafka.lateMs = lateMs;
      for (const { turn, leaders } of script) {
        for (const [partition, isLed] of leaders) world.lead(partition, isLed);
        const owner = world.start();
        const { afterMs, how } = turn ?? { afterMs: 500, how: "crash" };
        await pass(afterMs / 2);
        for (const [partition, isLed] of leaders) if (world.kafka.random() < 0.3) world.lead(partition, !isLed);
        await pass(afterMs / 2);
        await end(world, owner, how, pass);
      }
      const last = world.start();
      await pass(500);
      for (let partition = 0; partition < PARTS; partition++) world.lead(partition, true);
      await finish(world, pass);
      expectPromises(world);
      last.crash();
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: 10_000 * (RUNS / 60), markInterruptAsFailure: false },
  );
});

test("whatever ends its owners and when: every record has its outcome, and none is handed over twice without a word", async () => {
  await fc.assert(
    fc.asyncProperty(worlds, ends, fc.constantFrom(0, 2_000), async (options, script, lateMs) => {
      const pass = passUntilOver();
      const world = new DispatcherWorld(options);
      world.kafka.lateMs = lateMs;
      for (const { afterMs, how } of script) {
        const owner = world.start();
        await pass(afterMs);
        await end(world, owner, how, pass);
        // An owner in the same process waits for the one before it; another process may begin at once.
        if (how === "lose" && world.kafka.random() < 0.5) for (let n = 0; n < 60; n++) await pass(50);
      }
      const last = world.start();
      await finish(world, pass);
      expectPromises(world);
      last.crash();
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: 10_000 * (RUNS / 60), markInterruptAsFailure: false },
  );
});

const calm: WorldOptions = { seed: 7, records: 3_000, keys: 3_000, step: 20, window: 30, workMs: 200 };

async function until(what: string, condition: () => boolean): Promise<void> {
  for (let n = 0; n < 2_000 && !condition(); n++) await pass(20);
  expect(condition(), what).toBe(true);
}

test("what a crash leaves in doubt is at most a step of each lane, what was in flight, and the outcomes not yet stored", async () => {
  let most = 0;
  for (let seed = 0; seed < 6; seed++) {
    const world = new DispatcherWorld({ ...calm, seed });
    const owner = world.start();
    await until("it is at work", () => world.handed.length > 300);
    owner.crash();
    world.start();
    await until("everything in doubt has been asked about", () => world.handed.length > 600);
    most = Math.max(most, world.doubts[1]!);
    expect(world.doubts[1]!).toBeLessThanOrEqual(calm.step * LANES.length + calm.window + MAX_UNSTORED);
  }
  expect(most, "a crash in mid-work leaves something in doubt").toBeGreaterThan(0);
});

test("with work in all lanes, what may be handed over before the next commit is less than a step of each", async () => {
  const world = new DispatcherWorld(calm);
  world.start();
  await until("it is at work", () => world.handed.length > 300);
  const samples: number[] = [];
  while (world.handed.length < 1_500) {
    await pass(20);
    const { h } = JSON.parse(world.kafka.committed.state) as { h: number[] };
    samples.push(h.reduce((sum, horizon, lane) => sum + Math.max(0, horizon - world.next[lane]!), 0));
  }
  // Offsets, repeats among them. The lanes share a step, but what one got while another was empty cannot be taken back.
  // With a step for each lane the mean is above 90.
  expect(samples.reduce((sum, sample) => sum + sample, 0) / samples.length).toBeLessThan(75);
});

test("works in doubt that are held are never handed over again", async () => {
  const world = new DispatcherWorld({ ...calm, hold: true, records: 1_000 });
  for (let n = 0; n < 6; n++) {
    const owner = world.start();
    await pass(700);
    owner.crash();
  }
  world.start();
  await finish(world);
  expectPromises(world);
  const ids = world.handed.map((one) => one.id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(world.outcomes.some((record) => record.value!.toString() === "held")).toBe(true);
});

test("a drained owner leaves nothing in doubt and nothing in flight", async () => {
  const world = new DispatcherWorld(calm);
  const owner = world.start();
  await until("it is at work", () => world.handed.length > 500);
  owner.task.draining = true;
  owner.task.wake();
  let ended = false;
  void world.ended.then(() => {
    ended = true;
  });
  await until("it ends", () => ended);
  const { offsets, state } = world.kafka.committed;
  expect((JSON.parse(state) as { h: number[] }).h).toEqual(offsets);
  expect(new Set(world.outcomes.map((record) => headerText(record, "id"))).size).toBe(world.handed.length);
  owner.task.revoke();
  world.start();
  await finish(world);
  expectPromises(world);
  expect(world.doubts[1]).toBe(0);
  expect(world.handed.length).toBe(world.expected.flat().length);
});

test("urgent lanes go first, and the others keep a share, each in turn", async () => {
  const world = new DispatcherWorld({ ...calm, window: 5 });
  world.start();
  await until("some are handed over", () => world.handed.length > 400);
  // The first ones come before the urgent lane has been read.
  const lanes = world.handed.slice(100, 400).map((one) => Number(world.keyOf.get(one.id)!.split("/")[0]));
  const share = (lane: number) => lanes.filter((one) => one === lane).length / lanes.length;
  expect(share(0)).toBeGreaterThan(0.85);
  expect(share(1)).toBeGreaterThan(0.015);
  expect(share(2)).toBeGreaterThan(0.015);
  expect(share(1) + share(2)).toBeLessThan(0.1);
});

test("room that is kept for the most urgent lane is that lane's alone, and the others wait until there is more", async () => {
  const world = new DispatcherWorld({ ...calm, window: 5, kept: 5, records: 600 });
  world.start();
  await pass(20_000);
  const lanes = new Set(world.handed.map((one) => Number(world.keyOf.get(one.id)!.split("/")[0])));
  expect([...lanes]).toEqual([0]);
  expect(world.handed.length).toBe(world.expected[0]!.length);
});

test("the order of urgency may be another than that of the inputs", async () => {
  const world = new DispatcherWorld({ ...calm, window: 5, urgency: [2, 0, 1] });
  world.start();
  await until("some are handed over", () => world.handed.length > 400);
  const lanes = world.handed.slice(100, 400).map((one) => Number(world.keyOf.get(one.id)!.split("/")[0]));
  expect(lanes.filter((one) => one === 2).length / lanes.length).toBeGreaterThan(0.85);
});

test("what comes steadily in the most urgent lane finds its horizon committed; without any more, that is taken back", async () => {
  const world = new DispatcherWorld({ ...calm, records: 300 });
  world.start();
  await finish(world);
  const ahead = () => {
    const { h } = JSON.parse(world.kafka.committed.state) as { h: number[] };
    return LANES.map((topic, lane) => h[lane]! - world.kafka.log(topic).length);
  };
  await pass(2_000);
  expect(ahead()).toEqual(LANES.map(() => 0));
  const waits: number[] = [];
  for (let n = 0; n < 60; n++) {
    for (const lane of [0, 1]) {
      const value = Buffer.from(`late/${lane}/${n}`);
      world.kafka.append({ topic: LANES[lane]!, partition: 0, key: `late${n}`, value });
    }
    await pass(50);
    waits.push(...ahead().slice(0, 1));
    expect(ahead()[1]).toBeLessThanOrEqual(0);
  }
  expect(waits.slice(20).every((records) => records >= 5 && records <= calm.step)).toBe(true);
  await pass(2_000);
  expect(ahead()).toEqual(LANES.map(() => 0));
  expect(world.faults).toEqual([]);
});

test("a state that was committed before an input was added is understood", async () => {
  const world = new DispatcherWorld(calm);
  world.kafka.committed = { offsets: LANES.map(() => 0), state: JSON.stringify({ h: [0, 0], e: [0], p: ["", ""] }) };
  world.start();
  await finish(world);
  expectPromises(world);
});

test("a key that does not move holds up only itself", async () => {
  const world = new DispatcherWorld({ ...calm, records: 600, keys: 40, stuckKey: "0/k1" });
  world.start();
  const others = world.expected.flat().filter((id) => world.keyOf.get(id) !== "0/k1").length;
  await until("all others are done", () => world.outcomes.length >= others);
  expect(world.handed.filter((one) => world.keyOf.get(one.id) === "0/k1").length).toBe(1);
});

test("a write that cannot succeed ends the loop with its error while the partition is still ours", async () => {
  const world = new DispatcherWorld(calm);
  const owner = world.start();
  const failure = world.ended.then(
    () => undefined,
    (error: Error) => error.message,
  );
  await until("it is at work", () => world.handed.length > 100);
  owner.refusal = new Error("too large");
  let message: string | undefined;
  void failure.then((text) => {
    message = text;
  });
  await until("it ends", () => message !== undefined);
  expect(message).toBe("too large");
});

test("an outcome that comes long after the partition was lost is stored all the same", async () => {
  const world = new DispatcherWorld({ ...calm, workMs: 20_000 });
  const owner = world.start();
  await until("works are in flight", () => world.handed.length === calm.window);
  owner.lose();
  await pass(30_000);
  expect(new Set(world.outcomes.map((record) => headerText(record, "id"))).size).toBe(world.handed.length);
  expect(world.followUps.length).toBe(0);
});

const idsOf = (records: readonly InRecord[]) => new Set(records.map((record) => headerText(record, "id")!));

/** Runs an owner until it fails; the message of its error. */
async function failureOf(world: DispatcherWorld): Promise<string> {
  world.start();
  let message: string | undefined;
  world.ended.catch((error: Error) => {
    message = error.message;
  });
  await until("it ends", () => message !== undefined);
  return message!;
}

test("a record that cannot be judged fails the task, and the outcomes of what was in flight are stored", async () => {
  const world: DispatcherWorld = new DispatcherWorld({
    ...calm,
    decode: () => {
      if (world.handed.length > 100) throw new Error("no judgement");
      return undefined;
    },
  });
  expect(await failureOf(world)).toBe("no judgement");
  expect(idsOf(world.outcomes)).toEqual(new Set(world.handed.map((one) => one.id)));
});

test("a fault in the submission of a work behind another of its key does not reach whoever settled that one", async () => {
  const world: DispatcherWorld = new DispatcherWorld({
    ...calm,
    records: 400,
    keys: 1,
    onSubmit: () => {
      if (world.handed.length === 20) throw new Error("no submission");
    },
  });
  expect(await failureOf(world)).toBe("no submission");
  expect(idsOf(world.outcomes)).toEqual(new Set(world.handed.map((one) => one.id)));
});

test("a lane waits for what a record needs, in order, while the others go on", async () => {
  let known = false;
  let asked = 0;
  let learn = () => {};
  const world = new DispatcherWorld({
    ...calm,
    records: 600,
    decode: (record, lane) => {
      if (known || lane !== 0 || record.offset < 20) return undefined;
      // The first time it cannot be had.
      if (++asked === 1) return { ok: false, wait: Promise.reject(new Error("unavailable")) };
      return {
        ok: false,
        wait: new Promise<void>((resolve) => {
          learn = resolve;
        }),
      };
    },
  });
  world.start();
  const others = world.expected[1]!.length + world.expected[2]!.length;
  await until("the others are done", () => world.handed.filter((one) => !isUrgent(world, one.id)).length === others);
  expect(world.next[0]).toBeLessThanOrEqual(20);
  expect(asked, "it asks once for each time that it waited").toBe(2);
  known = true;
  learn();
  await finish(world);
  expectPromises(world);
  expect(world.handed.length).toBe(world.expected.flat().length);
});

const isUrgent = (world: DispatcherWorld, id: string) => world.keyOf.get(id)!.startsWith("0/");

test("a task that drains while a lane waits ends, and the next owner begins with that record", async () => {
  const unknown = new DispatcherWorld({
    ...calm,
    records: 300,
    decode: (record, lane) =>
      lane === 0 && record.offset >= 20 && unknown.owners === 1
        ? { ok: false, wait: new Promise(() => {}) }
        : undefined,
  });
  const owner = unknown.start();
  await until("it is at work", () => unknown.handed.length > 100);
  owner.task.draining = true;
  owner.task.wake();
  let ended = false;
  void unknown.ended.then(() => {
    ended = true;
  });
  await until("it ends", () => ended);
  expect(unknown.kafka.committed.offsets[0]).toBeLessThanOrEqual(20);
  owner.task.revoke();
  unknown.start();
  await finish(unknown);
  expectPromises(unknown);
  expect(unknown.doubts[1]).toBe(0);
});

test("works of a crowded key are handed back, and other keys do not wait for them", async () => {
  // The stuck key alone has more than a lane may have pending.
  const world = new DispatcherWorld({ ...calm, records: 2_400, keys: 2, handsBack: true, stuckKey: "0/k1" });
  world.start();
  const others = world.expected.flat().filter((id) => world.keyOf.get(id) !== "0/k1");
  const left = () => {
    const ended = idsOf(world.outcomes);
    return others.filter((id) => !ended.has(id)).length;
  };
  for (let n = 0; n < 200 && left() > 0; n++) await pass(1_000);
  expect(left(), "others that have not ended").toBe(0);
  expect(world.faults).toEqual([]);
  const stuck = world.expected.flat().filter((id) => world.keyOf.get(id) === "0/k1");
  const ended = idsOf(world.outcomes);
  const open = stuck.filter((id) => !ended.has(id)).length;
  expect(open, "one in flight, some behind it").toBeGreaterThan(MAX_CHAINED);
  expect(open).toBeLessThanOrEqual(1 + MAX_CHAINED + MAX_UNSTORED);
});

/** Some works wait behind others of their key when its first owner is drained; the world as that owner leaves it. */
async function drainedWithChains(options: Partial<WorldOptions>): Promise<DispatcherWorld> {
  const world = new DispatcherWorld({ ...calm, records: 60, keys: 2, workMs: 400, handsBack: true, ...options });
  const owner = world.start();
  await until("some wait", () => world.handed.length > 12);
  const before = world.handed.length;
  await drain(world, owner);
  expect(world.handed.length - before, "one of a key may begin before the loop turns").toBeLessThanOrEqual(6);
  return world;
}

async function drain(world: DispatcherWorld, owner: ReturnType<DispatcherWorld["start"]>): Promise<void> {
  owner.task.draining = true;
  owner.task.wake();
  let ended = false;
  void world.ended.then(() => {
    ended = true;
  });
  await until("it ends", () => ended);
  owner.task.revoke();
}

const backIn = (world: DispatcherWorld) =>
  world.outcomes.filter((record) => record.value!.toString() === "crowded").length;

test("what waits behind others of its key at a drain stays where it is, in order and beyond doubt", async () => {
  const world = await drainedWithChains({});
  const { offsets, state } = world.kafka.committed;
  const { h, u } = JSON.parse(state) as { h: number[]; u?: string[] };
  expect(u, "it says what it has left behind").toBeDefined();
  expect(h.some((horizon, lane) => horizon > offsets[lane]!)).toBe(true);
  expect(backIn(world)).toBe(0);
  // The next ones are drained as well, before they have come through that.
  for (let owners = 0; owners < 3; owners++) {
    const owner = world.start();
    await pass(150 + owners * 300);
    await drain(world, owner);
  }
  world.start();
  await finish(world);
  world.options.handsBack = false; // nothing was: the order must be whole
  expectPromises(world);
  expect(world.doubts.reduce((sum, count) => sum + count)).toBe(0);
  expect(world.handed.length).toBe(world.expected.flat().length);
});

test("one work that is never answered keeps a drain from nothing but itself", async () => {
  const options: WorldOptions = { ...calm, records: 1_000, keys: 20, stuckKey: "0/k1" };
  const world = new DispatcherWorld(options);
  const owner = world.start();
  await until("it is at work", () => world.handed.length > 300);
  owner.task.draining = true;
  owner.task.wake();
  let ended = false;
  const began = performance.now();
  void world.ended.then(() => {
    ended = true;
  });
  await until("it ends", () => ended);
  expect(performance.now() - began, "in time for the group to leave").toBeLessThan(8_000);
  owner.task.revoke();
  delete options.stuckKey;
  world.start();
  await finish(world);
  expectPromises(world);
  expect(world.doubts[1]).toBe(1);
});

test("what an owner takes over from a drained one is in doubt when that owner dies", async () => {
  const world = await drainedWithChains({});
  const left = world.handed.length;
  const owner = world.start();
  await until("it has gone on with them", () => world.handed.length > left + 6);
  owner.crash();
  world.start();
  await finish(world);
  expectPromises(world);
  expect(world.doubts[2]).toBeGreaterThan(0);
});

test("what waits behind others of its key at a drain goes back when the last commit has no room for it", async () => {
  const world = await drainedWithChains({ maxMetadata: 300 });
  const { offsets, state } = world.kafka.committed;
  expect((JSON.parse(state) as { h: number[] }).h).toEqual(offsets);
  expect(backIn(world)).toBeGreaterThan(0);
  world.start();
  await finish(world);
  expectPromises(world);
  expect(world.doubts[1]).toBe(0);
});

test("what is over ends although nothing may be handed over, also after crashes, and what is not waits", async () => {
  for (let seed = 0; seed < 4; seed++) {
    let over = (_: string) => false;
    const world = new DispatcherWorld({ ...calm, seed, records: 600, window: 0, over: ({ id }) => over(id) });
    const first = world.start();
    await pass(2_000);
    expect(world.outcomes.length, "nothing has ended").toBe(0);
    const last = world.expected[1]!.at(-1)!;
    over = (id) => id !== last;
    await pass(300);
    first.crash();
    const second = world.start();
    for (let n = 0; n < 400; n++) await pass(50);
    const outcomes = new Set(world.outcomes.map((record) => headerText(record, "id")!));
    expect(world.expected.flat().filter((id) => !outcomes.has(id))).toEqual([last]);
    expect(world.handed).toEqual([]);
    over = () => true;
    await finish(world);
    expectPromises(world);
    second.lose();
  }
});

test("while nothing can be handed over for long, nothing is in doubt, and outcomes are read back from now on only", async () => {
  const world = new DispatcherWorld({ ...calm, records: 1_000 });
  const owner = world.start();
  await until("it is at work", () => world.handed.length > 200);
  (world.options as { window: number }).window = 0;
  for (let n = 0; n < 100; n++) await pass(50);
  const others = { topic: "events", partition: 0, key: null, value: Buffer.from("other"), headers: { id: "other" } };
  for (let n = 0; n < 5_000; n++) world.kafka.append(others);
  for (let n = 0; n < 100; n++) await pass(50);
  const committed = () => JSON.parse(world.kafka.committed.state) as { h: number[]; e: number[] };
  expect(committed().h).toEqual(world.kafka.committed.offsets);
  // It goes on as before, and who takes over then has only the last moments to read.
  const before = world.handed.length;
  (world.options as { window: number }).window = 30;
  await until("it is at work again", () => world.handed.length > before + 50);
  expect(committed().e[0]).toBeGreaterThan(5_000);
  owner.crash();
  world.start();
  await finish(world);
  expectPromises(world);
});

test("an owner that cannot tell where the outcome log ends keeps what the last one noted", async () => {
  const world = new DispatcherWorld({ ...calm, records: 1_000 });
  const owner = world.start();
  await until("it is at work", () => world.handed.length > 500);
  (world.options as { window: number }).window = 0;
  for (let n = 0; n < 100; n++) await pass(50);
  const committed = () => JSON.parse(world.kafka.committed.state) as { h: number[]; e: number[] };
  const noted = committed().e;
  expect(Math.min(...noted)).toBeGreaterThan(0);
  expect(committed().h, "nothing is in doubt").toEqual(world.kafka.committed.offsets);
  owner.crash();
  world.options.endUnknown = true;
  (world.options as { window: number }).window = 30;
  const before = world.handed.length;
  const next = world.start();
  // Longer than it takes to note an end of its own.
  await until("the next one is at work", () => world.handed.length > before + 200);
  for (let n = 0; n < 50; n++) await pass(50);
  expect(committed().e).toEqual(noted);
  next.crash();
  world.start();
  await finish(world);
  expectPromises(world);
});

const partOfId = (world: DispatcherWorld, id: string) => world.partOf(world.keyOf.get(id)!);

test("a new owner begins while a partition of the outcome log has no leader: only its works wait, in order, and are then known", async () => {
  const world = new DispatcherWorld({ ...calm, records: 1_500, keys: 60, maxUnstored: 600 });
  const owner = world.start();
  await until("it is at work", () => world.handed.length > 300);
  owner.crash();
  world.lead(1, false);
  const before = world.handed.length;
  const next = world.start();
  const others = world.expected.flat().filter((id) => partOfId(world, id) !== 1);
  await until("the others are done", () => {
    const ended = idsOf(world.outcomes);
    return others.every((id) => ended.has(id));
  });
  const later = () => world.handed.slice(before).filter(({ id }) => partOfId(world, id) === 1);
  expect(later(), "nothing of it is handed over before its outcomes are read").toEqual([]);
  const { e } = JSON.parse(world.kafka.committed.state) as { e: number[] };
  const read = [...e];
  await pass(5_000);
  expect((JSON.parse(world.kafka.committed.state) as { e: number[] }).e, "it is read from where it was").toEqual(read);
  world.lead(1, true);
  await finish(world);
  expectPromises(world);
  expect(later().length).toBeGreaterThan(0);
  next.crash();
});

test("what is set aside at a drain is left to the next owner: in doubt what was, and the rest beyond doubt", async () => {
  const world = new DispatcherWorld({ ...calm, records: 900, keys: 60, hold: true });
  const first = world.start();
  await until("it is at work", () => world.handed.length > 300);
  first.crash();
  world.lead(1, false);
  const second = world.start();
  await pass(3_000);
  const begun = performance.now();
  await drain(world, second);
  expect(performance.now() - begun, "the drain does not wait for it").toBeLessThan(3_000);
  world.lead(1, true);
  world.start();
  await finish(world);
  expectPromises(world);
  const ids = world.handed.map(({ id }) => id);
  expect(new Set(ids).size, "nothing goes twice").toBe(ids.length);
  expect(world.askedInVain.length, "only what the first one had may be in doubt").toBeLessThanOrEqual(
    calm.step * LANES.length + MAX_UNSTORED,
  );
});

test("what cannot be recorded is not handed over, and all else goes on, for as long as that lasts", async () => {
  const world = new DispatcherWorld({ ...calm, records: 600, keys: 60, maxUnstored: 600 });
  world.start();
  await until("it is at work", () => world.handed.length > 100);
  world.lead(1, false);
  const before = world.handed.length;
  const others = world.expected.flat().filter((id) => partOfId(world, id) !== 1);
  const left = () => {
    const ended = idsOf(world.outcomes);
    return others.filter((id) => !ended.has(id)).length;
  };
  for (let n = 0; n < 600 && left() > 0; n++) await pass(50);
  // Those whose outcomes were on their way beside such ones of it wait with these.
  expect(left()).toBe(0);
  const handed = world.handed.slice(before).filter(({ id }) => partOfId(world, id) === 1);
  expect(handed.length, "but for what waited behind a work of its key").toBeLessThan(calm.window);
  world.lead(1, true);
  await finish(world);
  expectPromises(world);
  expect(world.handed.length).toBe(world.expected.flat().length);
});

test("outcomes that wait for a leader leave the others their room once that is known", async () => {
  const world = new DispatcherWorld({ ...calm, records: 2_000, keys: 2_000 });
  world.start();
  await until("it is at work", () => world.handed.length > 100);
  world.knowsUnwritable = false;
  world.lead(0, false);
  await pass(20_000);
  const before = world.handed.length;
  await pass(5_000);
  expect(world.handed.length, "as many wait as may").toBe(before);
  world.knowsUnwritable = true;
  await pass(5_000);
  expect(world.handed.length - before, "the others go on").toBeGreaterThan(30);
  expect(world.handed.slice(before).filter(({ id }) => partOfId(world, id) === 0)).toEqual([]);
  world.lead(0, true);
  await finish(world);
  expectPromises(world);
});

test("a lane goes no further than its span beyond what is not done", async () => {
  const world = new DispatcherWorld({ ...calm, records: 900, keys: 300, stuckKey: "0/k1", maxSpan: 100 });
  world.start();
  const stuck = () => world.handed.find(({ id }) => world.keyOf.get(id) === "0/k1");
  await until("it is at work", () => stuck() !== undefined);
  await pass(10_000);
  expect(world.next[0]! - world.kafka.committed.offsets[0]!).toBeLessThanOrEqual(100 + calm.step);
  expect(world.next[1], "others go on").toBe(world.kafka.log("normal").length);
});

test("while the horizon is being taken back, what there is room for again is not handed over beyond it", async () => {
  const world = new DispatcherWorld({ ...calm, records: 1_000 });
  const owner = world.start();
  await until("it is at work", () => world.handed.length > 200);
  const options = world.options as { window: number };
  options.window = 0;
  const horizons = () => [...owner.statesOnWire].map((state) => (JSON.parse(state) as { h: number[] }).h);
  const stored = () => (JSON.parse(world.kafka.committed.state) as { h: number[] }).h;
  const goesBack = () => horizons().some((h) => h.some((offset, lane) => offset < stored()[lane]!));
  for (let n = 0; n < 20_000 && !goesBack(); n++) await pass(1);
  expect(goesBack()).toBe(true);
  const before = world.handed.length;
  options.window = calm.window;
  while (goesBack()) {
    expect(world.handed.length, "nothing beyond a horizon that may stand").toBe(before);
    owner.task.wake();
    await pass(1);
  }
  await finish(world);
  expectPromises(world);
});
