import fc from "fast-check";
import { afterEach, expect, vi } from "vitest";
import { headerText } from "../../../../platform/kafka/record.ts";
import type { DispatcherWorld, WorldOptions } from "./dispatcher-world.ts";
import type { Owner } from "./simulated-kafka.ts";

/** Random histories of a dispatcher, and what must hold after each. With fake timers. */

/** SLUICE_PROPERTY_RUNS: how often each random history is tried. */
export const RUNS = Number(process.env.SLUICE_PROPERTY_RUNS ?? 60);

export type Pass = (ms: number) => Promise<unknown>;

/** Lets time pass. */
export const pass: Pass = (ms) => vi.advanceTimersByTimeAsync(ms);

let tests = 0;
afterEach(() => {
  tests++;
});

/**
 * The same for a history that fast-check may give up when its time is over: it then stands still, and does not go on
 * beside the tests that follow.
 */
export function passUntilOver(): Pass {
  const mine = tests;
  return (ms) => (mine === tests ? pass(ms) : new Promise(() => {}));
}

export async function finish(world: DispatcherWorld, wait: Pass = pass): Promise<void> {
  for (let n = 0; n < 4_000 && !world.finished; n++) await wait(50);
  expect(world.finished, "all input is done").toBe(true);
}

export function expectPromises(world: DispatcherWorld): void {
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
    // What goes back comes later than those behind it; when its outcome was lost in a crash, by this way.
    if (world.options.handsBack === true) continue;
    const key = world.keyOf.get(id)!;
    expect(place.get(id)!, `order of ${key}`).toBeGreaterThan(lastOfKey.get(key) ?? -1);
    lastOfKey.set(key, place.get(id)!);
  }
}

export const worlds: fc.Arbitrary<WorldOptions> = fc.record({
  seed: fc.integer(),
  records: fc.integer({ min: 1, max: 400 }),
  keys: fc.integer({ min: 1, max: 200 }),
  step: fc.integer({ min: 1, max: 40 }),
  window: fc.integer({ min: 1, max: 40 }),
  workMs: fc.integer({ min: 1, max: 400 }),
  handsBack: fc.boolean(),
});

/** Ends an owner in one of the ways. */
export async function end(
  world: DispatcherWorld,
  owner: Owner,
  how: "crash" | "lose" | "drain",
  wait: Pass,
): Promise<void> {
  if (how === "crash") owner.crash();
  else if (how === "lose") owner.lose();
  else {
    owner.task.draining = true;
    owner.task.wake();
    let ended = false;
    void world.ended.then(() => {
      ended = true;
    });
    for (let n = 0; n < 4_000 && !ended; n++) await wait(50);
    expect(ended, "a drained task ends").toBe(true);
    owner.task.revoke();
  }
}
