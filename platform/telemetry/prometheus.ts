import type { IncomingMessage, ServerResponse } from "node:http";
import { metrics } from "@opentelemetry/api";
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { RegistryProducer } from "./metric-producer.ts";
import type { MetricRegistry } from "./metric-registry.ts";

/** The `/metrics` of a process. */
export interface PrometheusEndpoint {
  /** Answers a scrape. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
  close(): Promise<void>;
}

/**
 * Connects a registry to OpenTelemetry's Prometheus exporter, without a server of its own. Metrics of third-party
 * code made through the OpenTelemetry API appear beside ours.
 */
export function prometheusEndpoint(registry: MetricRegistry): PrometheusEndpoint {
  const exporter = new PrometheusExporter({
    preventServerStart: true,
    metricProducers: [new RegistryProducer(registry)],
    // Prometheus labels each target itself; the same scope on every line would only cost bytes.
    withoutScopeInfo: true,
    withoutTargetInfo: true,
  });
  const provider = new MeterProvider({ readers: [exporter] });
  metrics.setGlobalMeterProvider(provider);
  return {
    handle: (request, response) => exporter.getMetricsRequestHandler(request, response),
    async close() {
      metrics.disable();
      await provider.shutdown();
    },
  };
}
