import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { end, expectPromises, finish, passUntilOver, RUNS, worlds } from "./dispatcher-histories.ts";
import { DispatcherWorld, PARTS } from "./dispatcher-world.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const machines: string[] = [];
afterEach(() => {
  for (const dir of machines.splice(0)) rmSync(dir, { recursive: true, force: true });
});
const machine = (): string => {
  const dir = mkdtempSync(join(tmpdir(), "sluice-journal-"));
  machines.push(dir);
  return dir;
};

/** A bit of each file turns, now and then. */
function damage(dir: string, random: () => number): void {
  for (const file of readdirSync(dir)) {
    const octets = readFileSync(join(dir, file));
    if (octets.length === 0 || random() < 0.5) continue;
    octets[Math.floor(random() * octets.length)]! ^= 1 << Math.floor(random() * 8);
    writeFileSync(join(dir, file), octets);
  }
}

test("with a journal on one machine, only what a crash left unanswered is asked about", async () => {
  let doubts = 0;
  await fc.assert(
    fc.asyncProperty(
      worlds,
      fc.array(fc.integer({ min: 1, max: 1_500 }), { maxLength: 8 }),
      async (options, script) => {
        const pass = passUntilOver();
        const world = new DispatcherWorld({ ...options, journalDir: machine() });
        for (const afterMs of script) {
          const owner = world.start();
          await pass(afterMs);
          owner.crash();
        }
        const last = world.start();
        await finish(world, pass);
        expectPromises(world);
        last.crash();
        expect(world.askedInVain).toEqual([]);
        doubts += world.doubts.reduce((sum, count) => sum + count, 0);
      },
    ),
    { numRuns: RUNS, interruptAfterTimeLimit: 8_000 * (RUNS / 60), markInterruptAsFailure: false },
  );
  expect(doubts, "crashes leave something unanswered").toBeGreaterThan(0);
});

test("whatever becomes of journals and machines, nothing is handed over twice without a word", async () => {
  const turns = fc.array(
    fc.record({
      afterMs: fc.integer({ min: 1, max: 1_500 }),
      how: fc.constantFrom("crash" as const, "crash" as const, "lose" as const, "drain" as const),
      next: fc.constantFrom("stay", "stay", "move", "damage", "none"),
      unled: fc.constantFrom(undefined, undefined, 0, 1, 2),
    }),
    { maxLength: 8 },
  );
  await fc.assert(
    fc.asyncProperty(worlds, turns, fc.constantFrom(0, 2_000), async (options, script, lateMs) => {
      const pass = passUntilOver();
      const [here, there] = [machine(), machine()];
      const world = new DispatcherWorld({ ...options, journalDir: here });
      world.kafka.lateMs = lateMs;
      for (const { afterMs, how, next, unled } of script) {
        if (unled !== undefined) world.lead(unled, world.kafka.random() < 0.4);
        const owner = world.start();
        await pass(afterMs);
        await end(world, owner, how, pass);
        if (how === "lose") for (let n = 0; n < 60; n++) await pass(50);
        if (next === "move") world.journalDir = world.journalDir === here ? there : here;
        else if (next === "none") world.journalDir = undefined;
        else world.journalDir ??= here;
        if (next === "damage") damage(here, world.kafka.random);
      }
      const last = world.start();
      await pass(500);
      for (let partition = 0; partition < PARTS; partition++) world.lead(partition, true);
      await finish(world, pass);
      expectPromises(world);
      last.crash();
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: 8_000 * (RUNS / 60), markInterruptAsFailure: false },
  );
});
