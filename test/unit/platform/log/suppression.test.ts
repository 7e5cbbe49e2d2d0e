import fc from "fast-check";
import { expect, test } from "vitest";
import { Suppression } from "../../../../platform/log/suppression.ts";

/** A clock that moves only when told to, running what falls due on the way. */
class ManualClock {
  time = 0;
  #timers: { at: number; callback: () => void }[] = [];

  now(): number {
    return this.time;
  }

  after(milliseconds: number, callback: () => void): void {
    this.#timers.push({ at: this.time + milliseconds, callback });
  }

  advance(milliseconds: number): void {
    const end = this.time + milliseconds;
    for (;;) {
      const due = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.splice(this.#timers.indexOf(due), 1);
      this.time = Math.max(this.time, due.at);
      due.callback();
    }
    this.time = end;
  }
}

test("the first line is written at once, the storm behind it as one line with its size", () => {
  const clock = new ManualClock();
  const suppression = new Suppression(clock);
  const lines: string[] = [];
  for (let i = 0; i < 1_000; i++) {
    suppression.offer("socket", 5_000, (suppressed) => lines.push(`${i}:${suppressed}`));
    clock.advance(1);
  }
  expect(lines).toEqual(["0:0"]);
  clock.advance(4_000);
  expect(lines).toEqual(["0:0", "999:999"]);
});

test("keys do not hold each other back", () => {
  const suppression = new Suppression(new ManualClock());
  const lines: string[] = [];
  for (const key of ["a", "b", "a"]) suppression.offer(key, 100, () => lines.push(key));
  expect(lines).toEqual(["a", "b"]);
});

test("a line after a quiet window is written at once with nothing suppressed", () => {
  const clock = new ManualClock();
  const suppression = new Suppression(clock);
  const counts: number[] = [];
  suppression.offer("a", 100, (suppressed) => counts.push(suppressed));
  clock.advance(100);
  suppression.offer("a", 100, (suppressed) => counts.push(suppressed));
  expect(counts).toEqual([0, 0]);
});

test("a line that overtakes a late timer reports the count, and the timer does not report it again", () => {
  const clock = new ManualClock();
  const suppression = new Suppression(clock);
  const counts: number[] = [];
  for (let i = 0; i < 3; i++) suppression.offer("a", 100, (suppressed) => counts.push(suppressed));
  clock.time = 150;
  suppression.offer("a", 100, (suppressed) => counts.push(suppressed));
  clock.advance(0);
  expect(counts).toEqual([0, 2]);
});

test("no line is lost from the count, and no window has more than one line", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(300), { maxLength: 60 }), (pauses) => {
      const clock = new ManualClock();
      const suppression = new Suppression(clock);
      const written: { at: number; suppressed: number }[] = [];
      for (const pause of pauses) {
        suppression.offer("a", 100, (suppressed) => written.push({ at: clock.time, suppressed }));
        clock.advance(pause);
      }
      clock.advance(1_000);
      // The line at a window's end is itself one of the lines that it counts.
      const told = written.reduce((sum, line) => sum + Math.max(1, line.suppressed), 0);
      expect(told).toBe(pauses.length);
      for (let i = 1; i < written.length; i++) expect(written[i]!.at - written[i - 1]!.at).toBeGreaterThanOrEqual(100);
    }),
  );
});

test("memory is bounded whatever the keys", () => {
  const suppression = new Suppression(new ManualClock());
  let written = 0;
  for (let i = 0; i < 5_000; i++) suppression.offer(`key-${i}`, 1_000, () => written++);
  suppression.offer("key-0", 1_000, () => written++);
  suppression.offer("key-4999", 1_000, () => written++);
  // key-0 was forgotten, so it is written again; key-4999 is still known.
  expect(written).toBe(5_001);
});
