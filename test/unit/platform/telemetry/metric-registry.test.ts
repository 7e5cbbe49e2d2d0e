import fc from "fast-check";
import { expect, test } from "vitest";
import { Histogram, MetricRegistry } from "../../../../platform/telemetry/metric-registry.ts";

const help = "for a test";

test("a counter only grows", () => {
  const counter = new MetricRegistry().counter("things_total", { help }).with();
  counter.add();
  counter.add(2.5);
  for (const bad of [-1, 0, Number.NaN]) counter.add(bad);
  expect(counter.value).toBe(3.5);
});

test("the same labels in any order are the same series, and the same name is the same metric", () => {
  const registry = new MetricRegistry();
  const family = registry.counter("things_total", { help });
  expect(family.with({ a: "1", b: "2" })).toBe(registry.counter("things_total", { help }).with({ b: "2", a: "1" }));
  expect(family.with({ a: "1" })).not.toBe(family.with({ a: "2" }));
});

test("series beyond the limit are added up in one that says so", () => {
  const family = new MetricRegistry().counter("things_total", { help, maxSeries: 2 });
  for (let i = 0; i < 10; i++) family.with({ id: String(i) }).add();
  expect([...family.entries()].map(([labels, { value }]) => ({ labels, value }))).toEqual([
    { labels: { id: "0" }, value: 1 },
    { labels: { id: "1" }, value: 1 },
    { labels: { "otel.metric.overflow": "true" }, value: 8 },
  ]);
});

test("names that Prometheus would change, and names of another kind, are refused", () => {
  const registry = new MetricRegistry();
  registry.gauge("depth", { help });
  expect(() => registry.counter("depth", { help })).toThrow("not a counter");
  expect(() => registry.counter("things", { help })).toThrow("_total");
  expect(() => registry.gauge("depth_total", { help })).toThrow("_total");
  expect(() => registry.gauge("Depth-Now", { help })).toThrow("snake_case");
  expect(() => registry.observe("depth", "gauge", help, () => 1)).toThrow("exists already");
  expect(() => registry.histogram("wait_seconds", { help, bounds: [1, 1] })).toThrow("ascending");
});

test("a histogram counts like the naive search over its inclusive bounds", () => {
  const value = fc.double({ min: -10, max: 110 });
  const bounds = fc.uniqueArray(fc.integer({ min: -5, max: 100 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(bounds, fc.array(fc.oneof(value, fc.integer({ min: -10, max: 110 }))), (unsorted, values) => {
      const sorted = unsorted.sort((a, b) => a - b);
      const histogram = new Histogram(sorted);
      const expected = new Array<number>(sorted.length + 1).fill(0);
      let sum = 0;
      for (const item of values) {
        histogram.record(item);
        if (Number.isNaN(item)) continue;
        const index = sorted.findIndex((bound) => item <= bound);
        expected[index === -1 ? sorted.length : index]!++;
        sum += item;
      }
      expect([...histogram.counts]).toEqual(expected);
      expect(histogram.sum).toBe(sum);
    }),
  );
});

test("a record costs far less than 0.2 microseconds", () => {
  const registry = new MetricRegistry();
  const counter = registry.counter("things_total", { help }).with({ provider: "p1" });
  const histogram = registry.histogram("wait_seconds", { help }).with({ provider: "p1" });
  const rounds = 200_000;
  let best = Number.POSITIVE_INFINITY;
  // The best of several tries: this asks what the code costs, not how busy the machine is.
  for (let attempt = 0; attempt < 10; attempt++) {
    const before = performance.now();
    for (let i = 0; i < rounds; i++) {
      counter.add();
      histogram.record((i & 1_023) / 100);
    }
    best = Math.min(best, ((performance.now() - before) * 1_000) / rounds);
  }
  expect(best).toBeLessThan(0.2);
});

test("labels and endings that Prometheus keeps for its own kinds are refused", () => {
  const registry = new MetricRegistry();
  for (const label of ["quantile", "le", "camelCase", "0"])
    expect(() => registry.gauge("depth", { help: "Depth" }).with({ [label]: "1" }), label).toThrow(TypeError);
  for (const name of ["depth_count", "depth_sum", "depth_bucket"])
    expect(() => registry.gauge(name, { help: "Depth" }), name).toThrow("its ending belongs to histograms");
});
