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
          map.set(key, now, now);
          model.set(key, now);
        } else if (act === "delete") {
          map.delete(key);
          model.delete(key);
        } else {
          const [found, setAt] = [map.get(key, now), model.get(key)];
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
  for (let i = 0; i < 100; i++) map.set(`k${i}`, i, 0);
  expect(map.size).toBeLessThanOrEqual(20);
  expect(map.get("k99", 0)).toBe(99);
  expect(map.get("k90", 0)).toBe(90);
  expect(map.get("k0", 0)).toBeUndefined();
});
