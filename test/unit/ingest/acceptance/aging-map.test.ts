import fc from "fast-check";
import { expect, it } from "vitest";
import { AgingMap } from "../../../../services/ingest/acceptance/aging-map.ts";

it("keeps an entry for at least one period and at most two, within twice its capacity", () => {
  const step = fc.record({
    key: fc.constantFrom("a", "b", "c", "d"),
    wait: fc.integer({ min: 0, max: 150 }),
    act: fc.constantFrom("set", "get", "delete"),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 4, max: 6 }), (steps, capacity) => {
      let now = 0;
      const map = new AgingMap<number>({ periodMs: 100, capacity }, now);
      const model = new Map<string, number>();
      for (const { key, wait, act } of steps) {
        now += wait;
        if (act === "set") {
          map.set("a", key, now, now);
          model.set(key, now);
        } else if (act === "delete") {
          map.delete("a", key);
          model.delete(key);
        } else {
          const [found, setAt] = [map.get("a", key, now), model.get(key)];
          if (setAt === undefined) expect(found).toBeUndefined();
          else if (now - setAt < 100) expect(found).toBe(setAt);
          else if (now - setAt >= 200) expect(found).toBeUndefined();
          else expect([undefined, setAt]).toContain(found);
        }
        expect(map.size).toBeLessThanOrEqual(2 * capacity);
      }
    }),
  );
});

it("drops the oldest when it is full before its time", () => {
  const map = new AgingMap<number>({ periodMs: 1_000, capacity: 10 }, 0);
  for (let i = 0; i < 100; i++) map.set("a", `k${i}`, i, 0);
  expect(map.size).toBeLessThanOrEqual(20);
  expect(map.get("a", "k99", 0)).toBe(99);
  expect(map.get("a", "k90", 0)).toBe(90);
  expect(map.get("a", "k0", 0)).toBeUndefined();
});

it("lets an owner who fills it push out their own entries only", () => {
  const map = new AgingMap<number>({ periodMs: 1_000, capacity: 100 }, 0);
  const others = Array.from({ length: 30 }, (_, i) => `o${i}`);
  for (const owner of others) map.set(owner, "k", 1, 0);
  for (let i = 0; i < 10_000; i++) {
    map.set("flood", `k${i}`, i, 0);
    expect(map.size).toBeLessThanOrEqual(200);
  }
  expect(others.map((owner) => map.get(owner, "k", 999))).toEqual(others.map(() => 1));
  expect(map.get("flood", "k9999", 999)).toBe(9_999);
  expect(map.get("flood", "k0", 999)).toBeUndefined();
  // Its time is over as for all.
  expect(others.map((owner) => map.get(owner, "k", 2_000))).toEqual(others.map(() => undefined));
  expect(map.size).toBe(0);
});

it("keeps its count whatever its owners do", () => {
  const step = fc.record({
    owner: fc.constantFrom("a", "b", "c"),
    key: fc.nat({ max: 8 }),
    wait: fc.constantFrom(0, 0, 0, 60, 150, 250),
    act: fc.constantFrom("set", "set", "delete"),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      let now = 0;
      const map = new AgingMap<number>({ periodMs: 100, capacity: 5 }, now);
      for (const { owner, key, wait, act } of steps) {
        now += wait;
        if (act === "delete") map.delete(owner, String(key));
        else {
          map.set(owner, String(key), now, now);
          expect(map.get(owner, String(key), now)).toBe(now);
        }
        expect(map.size).toBeLessThanOrEqual(10);
      }
      for (const owner of ["a", "b", "c"]) for (let key = 0; key <= 8; key++) map.delete(owner, String(key));
      expect(map.size).toBe(0);
    }),
  );
});
