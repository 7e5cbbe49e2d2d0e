import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { metrics } from "@opentelemetry/api";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EventLoopLag } from "../../../../platform/telemetry/event-loop-lag.ts";
import { MetricRegistry } from "../../../../platform/telemetry/metric-registry.ts";
import { observeProcess } from "../../../../platform/telemetry/process-metrics.ts";
import { type PrometheusEndpoint, prometheusEndpoint } from "../../../../platform/telemetry/prometheus.ts";

let registry: MetricRegistry;
let endpoint: PrometheusEndpoint;
let scrape: () => Promise<string>;
let stop: () => Promise<void>;

beforeEach(async () => {
  registry = new MetricRegistry();
  endpoint = prometheusEndpoint(registry);
  const server = createServer(endpoint.handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  scrape = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await endpoint.close();
  };
});
afterEach(() => stop());

function values(text: string, name: string): string[] {
  return text.split("\n").filter((line) => line.startsWith(name));
}

test("counters, gauges and histograms are written as Prometheus reads them", async () => {
  registry.counter("sent_total", { help: "Sent" }).with({ provider: 'p"1', lane: "fast" }).add(3);
  registry.gauge("depth", { help: "Depth" }).with().set(-2);
  const histogram = registry.histogram("wait_seconds", { help: "Wait", bounds: [0.1, 1] }).with({ provider: "p1" });
  for (const value of [0.05, 0.1, 0.5, 7]) histogram.record(value);
  const text = await scrape();
  expect(text).toContain("# HELP sent_total Sent\n# TYPE sent_total counter\n");
  expect(values(text, "sent_total")).toEqual(['sent_total{provider="p\\"1",lane="fast"} 3']);
  expect(values(text, "depth")).toEqual(["depth -2"]);
  expect(values(text, "wait_seconds")).toEqual([
    'wait_seconds_count{provider="p1"} 4',
    'wait_seconds_sum{provider="p1"} 7.65',
    'wait_seconds_bucket{provider="p1",le="0.1"} 2',
    'wait_seconds_bucket{provider="p1",le="1"} 3',
    'wait_seconds_bucket{provider="p1",le="+Inf"} 4',
  ]);
});

test("observed values are read at each scrape, and one that throws hides no other", async () => {
  let depth = 0;
  registry.observe("broken", "gauge", "Broken", () => {
    throw new Error("x");
  });
  registry.observe("depth", "gauge", "Depth", () => ++depth);
  registry.observe("lag", "gauge", "Lag", () => [{ value: 5, labels: { partition: "0" } }]);
  expect(values(await scrape(), "depth")).toEqual(["depth 1"]);
  const text = await scrape();
  expect(values(text, "depth")).toEqual(["depth 2"]);
  expect(values(text, "lag")).toEqual(['lag{partition="0"} 5']);
});

test("instruments made through the OpenTelemetry API appear too", async () => {
  metrics.getMeter("third-party").createCounter("foreign").add(2, { a: "b" });
  expect(values(await scrape(), "foreign")).toEqual(['foreign_total{a="b"} 2']);
});

test("the process tells about itself", async () => {
  const lag = new EventLoopLag();
  observeProcess(registry, lag, { service: "router", instance: "r-1" });
  const text = await scrape();
  lag.close();
  expect(values(text, "service_info")[0]).toContain('service="router",instance_name="r-1"');
  const number = (name: string) => Number(values(text, name)[0]?.split(" ").at(-1));
  expect(number("process_cpu_seconds_total")).toBeGreaterThan(0);
  expect(number("process_resident_memory_bytes")).toBeGreaterThan(10e6);
  expect(number('nodejs_memory_bytes{kind="heap_used"}')).toBeGreaterThan(1e6);
  expect(number("process_start_time_seconds")).toBeGreaterThan(1.7e9);
  expect(values(text, "nodejs_eventloop_lag_seconds")).toHaveLength(3);
});

test("a blocked event loop is seen as lag", async () => {
  const lag = new EventLoopLag();
  // The monitor must have ticked once before a block counts, so block until it is seen.
  while (lag.read().max < 0.1) {
    const end = performance.now() + 150;
    while (performance.now() < end);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(lag.read().max).toBeLessThan(30);
  lag.close();
});

test("what a process says of itself keeps the rules of promtool check metrics", async () => {
  const lag = new EventLoopLag();
  observeProcess(registry, lag, { service: "s", instance: "i" });
  registry.observe("wrong", "gauge", "Wrong", () => [{ value: 1, labels: { quantile: "0.5" } }]);
  const text = await scrape();
  lag.close();
  expect(values(text, "nodejs_eventloop_lag_seconds").map((line) => line.replace(/ .*/, ""))).toEqual([
    'nodejs_eventloop_lag_seconds{statistic="p50"}',
    'nodejs_eventloop_lag_seconds{statistic="p99"}',
    'nodejs_eventloop_lag_seconds{statistic="max"}',
  ]);
  // Only summaries have quantiles; whatever gives some is left out, and hides no other.
  expect(text).not.toContain("quantile=");
  const named = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, kind]) => ({ name: name!, kind }));
  for (const { name, kind } of named) {
    expect(text, name).toMatch(new RegExp(`^# HELP ${name} \\S`, "m"));
    expect(name.endsWith("_total"), name).toBe(kind === "counter");
    expect(name, "base units, spelt out").not.toMatch(
      /_(ms|millis|milliseconds|secs?|kb|mb|kilobytes|percent|minutes|hours)(_total)?$/,
    );
    expect(name, "no kind in a name").not.toMatch(/_(gauge|counter|histogram|summary)$/);
  }
});
