import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Positions, parseSource } from "../../../../platform/kafka/positions.ts";
import { type Fence, headerText, type OutRecord } from "../../../../platform/kafka/record.ts";
import { runTransform, type Transform } from "../../../../platform/kafka/transform.ts";
import { SimulatedKafka } from "./simulated-kafka.ts";
import { DECISIONS, effectsOf, hasEffect, INPUTS, TransformWorld } from "./transform-world.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** SLUICE_PROPERTY_RUNS: how often each random history is tried. */
const RUNS = Number(process.env.SLUICE_PROPERTY_RUNS ?? 100);
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

async function until(what: string, condition: () => boolean): Promise<void> {
  for (let n = 0; n < 4_000 && !condition(); n++) await pass(20);
  expect(condition(), what).toBe(true);
}

test("whatever ends its owners and when: each record has its effect once, in order, and of one decision only", async () => {
  const histories = fc.array(
    fc.record({ afterMs: fc.integer({ min: 1, max: 200 }), how: fc.constantFrom("crash", "lose", "drain") }),
    { maxLength: 10 },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 0, max: 1 }),
      histories,
      async (seed, maxBatch, records, urgentInputs, script) => {
        const world = new TransformWorld(seed, maxBatch, urgentInputs);
        const random = world.kafka.random;
        const add = (count: number) => {
          for (let n = 0; n < count; n++) world.add(Math.floor(random() * INPUTS.length), String(n));
        };
        add(records);
        for (const { afterMs, how } of script) {
          const owner = world.start();
          await pass(afterMs);
          if (how === "crash") owner.crash();
          else if (how === "lose") {
            owner.lose();
            // Writes on the wire land before the partition is given away: a session is longer than a request.
            await pass(60);
          } else {
            owner.task.draining = true;
            owner.task.wake();
            let ended = false;
            void world.ended.then(() => {
              ended = true;
            });
            await until("a drained task ends", () => ended);
            owner.task.revoke();
          }
          add(Math.floor(random() * 100));
        }
        world.start();
        await until("all input is done", () => world.finished);
        expect(world.faults).toEqual([]);

        const positions = new Positions(INPUTS, 1);
        const decisionOf = new Map<string, string>();
        const effects: string[] = [];
        for (const name of INPUTS)
          for (const record of world.kafka.log(effectsOf(name))) {
            const src = headerText(record, "src")!;
            const { topic, partition, offset } = parseSource(src)!;
            const decision = record.value!.toString();
            expect(decisionOf.get(src) ?? decision, `decision of ${src}`).toBe(decision);
            decisionOf.set(src, decision);
            if (positions.advance(topic, partition, offset)) effects.push(src);
          }
        const positionsOf = (topic: string) => world.kafka.log(topic).map((record) => `${topic}/0/${record.offset}`);
        for (const topic of INPUTS)
          expect(effects.filter((src) => src.startsWith(`${topic}/`))).toEqual(
            positionsOf(topic).filter((_, offset) => hasEffect(offset)),
          );
        const decided = new Set(world.kafka.log(DECISIONS).map((record) => headerText(record, "src")!));
        expect([...decided].sort()).toEqual(INPUTS.flatMap(positionsOf).sort());
      },
    ),
    { numRuns: RUNS, interruptAfterTimeLimit: RUNS * 100, markInterruptAsFailure: false },
  );
});

function passing(log: string[], overrides: Partial<Transform> = {}): Transform {
  return {
    restore: async () => {},
    process: (record, _input, out) => {
      log.push(`${record.topic}/${record.offset}`);
      out.effect({ topic: "out", partition: 0, key: null, value: null });
    },
    state: () => "",
    ...overrides,
  };
}

test("a record that must wait holds up its own input only, and goes when it is due", async () => {
  const kafka = new SimulatedKafka(1, 2);
  const due = performance.now() + 5_000;
  kafka.append({ topic: "first", partition: 0, key: null, value: null, headers: { due: String(due) } });
  for (let n = 0; n < 30; n++) kafka.append({ topic: "second", partition: 0, key: null, value: null });
  const log: string[] = [];
  const owner = kafka.assign(INPUTS);
  let at = 0;
  const transform = passing(log, {
    dueIn: (record) => Number(headerText(record, "due") ?? 0) - performance.now(),
    process: (record) => {
      log.push(record.topic);
      if (record.topic === "first") at = performance.now();
    },
  });
  void runTransform(owner.task, transform, { producer: owner.producer });
  await until("the other input is through", () => log.length === 30);
  expect(log).not.toContain("first");
  await until("the offsets are committed without effects", () => kafka.committed.offsets[1] === 30);
  expect(kafka.committed.offsets[0]).toBe(0);
  await until("the waiting one is through", () => log.length === 31);
  expect(at).toBeGreaterThanOrEqual(due);
  expect(at - due).toBeLessThan(50);
  owner.crash();
});

test("effects wait for the commit, and a refused commit ends the loop without them", async () => {
  const kafka = new SimulatedKafka(2, 2);
  for (let n = 0; n < 10; n++) kafka.append({ topic: "first", partition: 0, key: null, value: null });
  const owner = kafka.assign(INPUTS);
  owner.commit = async () => false;
  const log: string[] = [];
  let ended = false;
  void runTransform(owner.task, passing(log), { producer: owner.producer }).then(() => {
    ended = true;
  });
  await until("the loop ends", () => ended);
  expect(log.length).toBeGreaterThan(0);
  expect(kafka.log("out").length).toBe(0);
});

test("a write that cannot succeed ends the loop with its error while the partition is still ours", async () => {
  const kafka = new SimulatedKafka(3, 2);
  kafka.append({ topic: "first", partition: 0, key: null, value: null });
  const owner = kafka.assign(INPUTS);
  const producer = {
    send: (records: readonly OutRecord[]) =>
      records.length === 0 ? Promise.resolve() : Promise.reject(new Error("too large")),
  };
  let failure = "";
  runTransform(owner.task, passing([]), { producer }).catch((error: Error) => {
    failure = error.message;
  });
  await until("it fails", () => failure !== "");
  expect(failure).toBe("too large");
  owner.crash();
});

test("it has caught up when all that was in the log has been processed, empty inputs included", async () => {
  const kafka = new SimulatedKafka(4, 2);
  for (let n = 0; n < 200; n++) kafka.append({ topic: "first", partition: 0, key: null, value: null });
  const owner = kafka.assign(INPUTS);
  const log: string[] = [];
  const seen: [boolean, number][] = [];
  void runTransform(owner.task, passing(log, { tick: (_out, caughtUp) => void seen.push([caughtUp, log.length]) }), {
    producer: owner.producer,
    maxBatchPerInput: 20,
  });
  await until("it has caught up", () => seen.some(([caughtUp]) => caughtUp));
  for (const [caughtUp, processed] of seen) expect(caughtUp).toBe(processed === 200);
  owner.crash();
});

test("a record that the processor throws for is put aside, without what it had given out, and the next go on", async () => {
  const kafka = new SimulatedKafka(3, 1);
  for (const value of ["a", "bad", "b"])
    kafka.append({ topic: "first", partition: 0, key: null, value: Buffer.from(value) });
  const owner = kafka.assign(["first"]);
  const out = (topic: string, record: { value: Buffer | null }): OutRecord => ({
    topic,
    partition: 0,
    key: null,
    value: record.value,
  });
  const transform: Transform = {
    restore: async () => {},
    process: (record, _, outputs) => {
      outputs.decide(out(DECISIONS, record));
      outputs.effect(out("effects", record));
      if (record.value?.toString() === "bad") throw new Error("no");
    },
    refuse: (record, _, outputs) => {
      outputs.effect(out("ended", record));
      return out("aside", record);
    },
    state: () => "",
  };
  const ended = runTransform(owner.task, transform, { producer: owner.producer });
  await until("all three are done", () => kafka.committed.offsets[0] === 3);
  owner.task.draining = true;
  owner.task.wake();
  await pass(1_000);
  await ended;
  const values = (topic: string) => kafka.log(topic).map(({ value }) => value?.toString());
  expect([values(DECISIONS), values("effects"), values("aside")]).toEqual([["a", "b"], ["a", "b"], ["bad"]]);
  expect(values("ended")).toEqual(["bad"]);
});

test("what is urgent is decided while a batch of all inputs is being written; its effects come behind that batch's", async () => {
  const kafka = new SimulatedKafka(5, 2);
  const owner = kafka.assign(INPUTS);
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const producer = {
    send: async (records: readonly OutRecord[], fence?: Fence) => {
      if (records.some(({ topic }) => topic === effectsOf("second"))) await held;
      return owner.producer.send(records, fence);
    },
  };
  const transform: Transform = {
    restore: async () => {},
    process: ({ topic }, _, out) => {
      out.decide({ topic: DECISIONS, partition: 0, key: null, value: Buffer.from(topic) });
      out.effect({ topic: effectsOf(topic), partition: 0, key: null, value: null });
    },
    state: () => "",
  };
  const add = (topic: string) => kafka.append({ topic, partition: 0, key: null, value: null });
  const decided = (topic: string) => kafka.log(DECISIONS).filter(({ value }) => value?.toString() === topic).length > 0;
  add("second");
  void runTransform(owner.task, transform, { producer, urgentInputs: 1 });
  await until("a batch of all inputs is being written", () => decided("second"));
  add("first");
  await until("the urgent record is decided", () => decided("first"));
  await pass(1_000);
  expect(kafka.log(effectsOf("first"))).toEqual([]);
  expect(kafka.committed.offsets).toEqual([0, 0]);
  release();
  await until("both are done", () => kafka.committed.offsets.every((offset) => offset === 1));
  expect(kafka.log(effectsOf("first")).length).toBeGreaterThan(0);
  owner.crash();
});

test("a transform is told what has been committed, and nothing before", async () => {
  const world = new TransformWorld(1, 5);
  for (let n = 0; n < 20; n++) world.add(n % 2, String(n));
  const owner = world.start();
  await until("all input is done", () => world.finished);
  await pass(100);
  expect(world.told).toEqual([10, 10]);
  expect(world.faults).toEqual([]);
  owner.crash();
});

test("what a tick has ended is committed although no offset has moved, and not when its write has failed", async () => {
  for (const fails of [false, true]) {
    const kafka = new SimulatedKafka(4, 2);
    kafka.append({ topic: "first", partition: 0, key: null, value: null });
    const owner = kafka.assign(INPUTS);
    const states: string[] = [];
    const from = performance.now();
    const { commit } = owner;
    owner.commit = (task, offsets, state) => {
      states.push(state);
      return commit.call(owner, task, offsets, state);
    };
    let waits = true;
    let isUnsaved = false;
    const transform = passing([], {
      process: () => {},
      tick: (out) => {
        if (!waits || states.length === 0 || performance.now() < from + 1_000) return;
        [waits, isUnsaved] = [false, true];
        out.decide({ topic: "out", partition: 0, key: null, value: null });
      },
      state: () => (waits ? "one waits" : "none waits"),
      unsaved: () => isUnsaved,
      committed: () => {
        isUnsaved = false;
      },
    });
    const send = (records: readonly OutRecord[], fence?: Fence) =>
      fails && records.length > 0 ? Promise.reject(new Error("no")) : owner.producer.send(records, fence);
    let hasEnded = false;
    const end = () => {
      hasEnded = true;
    };
    void runTransform(owner.task, transform, { producer: { send }, idleMs: 1 }).then(end, end);
    await until("the tick has ended it", () => !waits);
    await pass(2_000);
    expect(states).toEqual(fails ? ["one waits"] : ["one waits", "none waits"]);
    expect(hasEnded).toBe(fails);
    owner.crash();
  }
});
