import { expect, test } from "vitest";
import { StoredMark } from "../../../../services/analytics-sink/abnormal/stored-mark.ts";

const marks = (...ends: number[]) => ends.map((high) => ({ low: 0, high }));

test("all is stored up to the newest moment whose ends its sink has committed, on every partition", () => {
  const mark = new StoredMark();
  expect(mark.until).toBe(Number.NEGATIVE_INFINITY);
  mark.sample(1_000, marks(10, 20), [10, 19]);
  expect(mark.until).toBe(Number.NEGATIVE_INFINITY);
  mark.sample(2_000, marks(15, 20), [14, 20]);
  expect(mark.until).toBe(1_000);
  mark.sample(3_000, marks(15, 20), [15, 20]);
  expect(mark.until).toBe(3_000);
});

test("a partition without records holds nothing up; one of which nothing is committed does", () => {
  const mark = new StoredMark();
  mark.sample(1_000, marks(0, 4), [-1, -1]);
  expect(mark.until).toBe(Number.NEGATIVE_INFINITY);
  mark.sample(2_000, marks(0, 4), [-1, 4]);
  expect(mark.until).toBe(2_000);
  // Retention has removed all that was there.
  const old = new StoredMark();
  old.sample(1_000, [{ low: 9, high: 9 }], [-1]);
  expect(old.until).toBe(1_000);
});

test("while the sink stands still it holds a bounded number of moments, and goes on when the sink does", () => {
  const mark = new StoredMark();
  for (let n = 1; n <= 10_000; n++) mark.sample(n, marks(n), [0]);
  expect(mark.until).toBe(Number.NEGATIVE_INFINITY);
  mark.sample(10_001, marks(10_001), [10_000]);
  expect(mark.until).toBe(64);
  mark.sample(10_002, marks(10_001), [10_001]);
  expect(mark.until).toBe(10_002);
});
