import { expect, it } from "vitest";
import { BindGuard } from "../../../../../services/ingest/doors/smpp/bind-guard.ts";

it("each wrong password makes the next wait longer, up to half a minute; tries beside each other wait in turn, and beyond that are refused", () => {
  const guard = new BindGuard();
  let now = 0;
  const waits: (number | undefined)[] = [];
  for (let i = 0; i < 8; i++) {
    const wait = guard.delayMs("10.0.0.1", "acme", now)!;
    waits.push(wait);
    now += wait;
    guard.failed("10.0.0.1", "acme", now);
  }
  expect(waits).toEqual([0, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  expect([1, 2, 3].map(() => guard.delayMs("10.0.0.1", "acme", now))).toEqual([30_000, undefined, undefined]);
});

it("nobody else waits for it, and a right password ends it", () => {
  const guard = new BindGuard();
  guard.failed("10.0.0.1", "acme", 0);
  expect(guard.delayMs("10.0.0.2", "acme", 0)).toBe(0);
  expect(guard.delayMs("10.0.0.1", "globex", 0)).toBe(0);
  expect(guard.delayMs("10.0.0.1", "acme", 0)).toBe(1_000);
  guard.succeeded("10.0.0.1", "acme");
  expect(guard.delayMs("10.0.0.1", "acme", 0)).toBe(0);
});

it("one that goes before its turn leaves it to those behind", () => {
  const guard = new BindGuard();
  guard.failed("10.0.0.1", "acme", 0);
  for (let now = 0; now < 900; now += 100) {
    expect(guard.delayMs("10.0.0.1", "acme", now)).toBe(1_000 - now);
    guard.gaveUp("10.0.0.1", "acme", now + 50);
  }
});

it("remembers ten thousand at the most", () => {
  const guard = new BindGuard();
  for (let i = 0; i <= 10_000; i++) guard.failed("10.0.0.1", `guess-${i}`, 0);
  expect(guard.delayMs("10.0.0.1", "guess-0", 0)).toBe(0);
  expect(guard.delayMs("10.0.0.1", "guess-1", 0)).toBe(1_000);
});
