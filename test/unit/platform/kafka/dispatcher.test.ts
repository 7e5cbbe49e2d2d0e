import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { headerText } from "../../../../platform/kafka/record.ts";
import { DispatcherWorld, type WorldOptions } from "./dispatcher-world.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** SLUICE_PROPERTY_RUNS: how often each random history is tried. */
const RUNS = Number(process.env.SLUICE_PROPERTY_RUNS ?? 60);

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

async function finish(world: DispatcherWorld): Promise<void> {
  for (let n = 0; n < 4_000 && !world.finished; n++) await pass(50);
  expect(world.finished, "all input is done").toBe(true);
}

function expectPromises(world: DispatcherWorld): void {
  expect(world.faults).toEqual([]);
  const outcomes = new Set(world.outcomes.map((record) => headerText(record, "id")!));
  const followUps = new Set(world.followUps.map((record) => headerText(record, "id")!));
  for (const id of world.expected.flat()) {
    expect(outcomes.has(id), `outcome of ${id}`).toBe(true);
    expect(followUps.has(id), `follow-up of ${id}`).toBe(true);
  }
  const seen = new Set<string>();
  const lastOfKey = new Map<string, number>();
  const place = new Map(world.expected.flatMap((ids) => ids.map((id, n) => [id, n] as const)));
  for (const { id, doubt, outcomeStood } of world.handed) {
    expect(outcomeStood, `${id} was handed over although its outcome stood in the log`).toBe(false);
    if (seen.has(id)) {
      expect(doubt, `${id} was handed over again without a word`).toBe(true);
      continue;
    }
    seen.add(id);
    const key = world.keyOf.get(id)!;
    expect(place.get(id)!, `order of ${key}`).toBeGreaterThan(lastOfKey.get(key) ?? -1);
    lastOfKey.set(key, place.get(id)!);
  }
}

const worlds: fc.Arbitrary<WorldOptions> = fc.record({
  seed: fc.integer(),
  records: fc.integer({ min: 1, max: 400 }),
  keys: fc.integer({ min: 1, max: 200 }),
  step: fc.integer({ min: 1, max: 40 }),
  window: fc.integer({ min: 1, max: 40 }),
  workMs: fc.integer({ min: 1, max: 400 }),
});
const ends = fc.array(
  fc.record({ afterMs: fc.integer({ min: 1, max: 1_500 }), how: fc.constantFrom("crash", "lose", "drain") }),
  { maxLength: 8 },
);

test("whatever ends its owners and when: every record has its outcome, and none is handed over twice without a word", async () => {
  await fc.assert(
    fc.asyncProperty(worlds, ends, fc.constantFrom(0, 2_000), async (options, script, lateMs) => {
      const world = new DispatcherWorld(options);
      world.kafka.lateMs = lateMs;
      for (const { afterMs, how } of script) {
        const owner = world.start();
        await pass(afterMs);
        if (how === "crash") owner.crash();
        else if (how === "lose") owner.lose();
        else {
          owner.task.draining = true;
          owner.task.wake();
          let ended = false;
          void world.ended.then(() => {
            ended = true;
          });
          for (let n = 0; n < 4_000 && !ended; n++) await pass(50);
          expect(ended, "a drained task ends").toBe(true);
          owner.task.revoke();
        }
        // An owner in the same process waits for the one before it; another process may begin at once.
        if (how === "lose" && world.kafka.random() < 0.5) for (let n = 0; n < 60; n++) await pass(50);
      }
      world.start();
      await finish(world);
      expectPromises(world);
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: 10_000 * (RUNS / 60), markInterruptAsFailure: false },
  );
});
