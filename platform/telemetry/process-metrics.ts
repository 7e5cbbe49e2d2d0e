import type { EventLoopLag } from "./event-loop-lag.ts";
import type { MetricRegistry } from "./metric-registry.ts";

/** Registers what every process tells about itself; names follow the Prometheus client libraries where they have one. */
export function observeProcess(
  registry: MetricRegistry,
  lag: EventLoopLag,
  identity: { readonly service: string; readonly instance: string },
): void {
  registry.observe("service_info", "gauge", "Which service and instance this is; always 1", () => [
    { value: 1, labels: { service: identity.service, instance_name: identity.instance, node: process.version } },
  ]);
  registry.observe("process_cpu_seconds_total", "counter", "CPU time used, user and system, in seconds", () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  registry.observe("process_start_time_seconds", "gauge", "Start of the process, seconds since 1970", () => {
    return performance.timeOrigin / 1_000;
  });
  registry.observe("process_resident_memory_bytes", "gauge", "Resident memory, in bytes", () =>
    process.memoryUsage.rss(),
  );
  registry.observe(
    "nodejs_memory_bytes",
    "gauge",
    "Memory by kind: heap used, heap total, external, array buffers",
    () => {
      const usage = process.memoryUsage();
      return [
        { value: usage.heapUsed, labels: { kind: "heap_used" } },
        { value: usage.heapTotal, labels: { kind: "heap_total" } },
        { value: usage.external, labels: { kind: "external" } },
        { value: usage.arrayBuffers, labels: { kind: "array_buffers" } },
      ];
    },
  );
  registry.observe(
    "nodejs_eventloop_lag_seconds",
    "gauge",
    "Event-loop delay of the last 10 to 20 s, in seconds: median, 99th percentile, longest",
    () => {
      const reading = lag.read();
      return [
        { value: reading.p50, labels: { statistic: "p50" } },
        { value: reading.p99, labels: { statistic: "p99" } },
        { value: reading.max, labels: { statistic: "max" } },
      ];
    },
  );
  registry.observe(
    "nodejs_eventloop_busy_seconds_total",
    "counter",
    "Time the event loop was not idle, in seconds",
    () => {
      return performance.eventLoopUtilization().active / 1_000;
    },
  );
}
