import { type HrTime, ValueType } from "@opentelemetry/api";
import {
  AggregationTemporality,
  type CollectionResult,
  type DataPoint,
  DataPointType,
  type Histogram as HistogramValue,
  type MetricData,
  type MetricProducer,
} from "@opentelemetry/sdk-metrics";
import {
  type AnyFamily,
  Counter,
  checkLabels,
  Gauge,
  type Labels,
  type MetricRegistry,
  type ObservedMetric,
} from "./metric-registry.ts";

/**
 * Hands the registry's numbers to any OpenTelemetry metric reader. The SDK's own instruments hash their attributes at
 * every record; here the aggregation has happened already, and reading it is all there is to do.
 */
export class RegistryProducer implements MetricProducer {
  readonly #registry: MetricRegistry;
  readonly #startTime: HrTime = hrTime(Date.now());

  constructor(registry: MetricRegistry) {
    this.#registry = registry;
  }

  async collect(): Promise<CollectionResult> {
    const errors: unknown[] = [];
    const metrics: MetricData[] = [];
    const times = { startTime: this.#startTime, endTime: hrTime(Date.now()) };
    for (const family of this.#registry.families()) metrics.push(familyData(family, times));
    for (const observed of this.#registry.observed()) {
      // One reading that throws must not hide all the others.
      try {
        metrics.push(observedData(observed, times));
      } catch (error) {
        errors.push(error);
      }
    }
    const scopeMetrics = [{ scope: { name: "sluice" }, metrics }];
    // Readers ignore a producer's resource and use their own (MetricReader.collect).
    return { resourceMetrics: { resource: undefined as never, scopeMetrics }, errors };
  }
}

interface Times {
  readonly startTime: HrTime;
  readonly endTime: HrTime;
}

function hrTime(milliseconds: number): HrTime {
  return [Math.floor(milliseconds / 1_000), Math.round((milliseconds % 1_000) * 1e6)];
}

function familyData(family: AnyFamily, times: Times): MetricData {
  const numbers: DataPoint<number>[] = [];
  const histograms: DataPoint<HistogramValue>[] = [];
  for (const [labels, series] of family.entries() as Iterable<readonly [Labels, unknown]>) {
    if (series instanceof Counter || series instanceof Gauge) {
      numbers.push({ ...times, attributes: labels, value: series.value });
      continue;
    }
    const { bounds, counts, sum } = series as { bounds: readonly number[]; counts: Float64Array; sum: number };
    let count = 0;
    for (const bucket of counts) count += bucket;
    const buckets = { boundaries: [...bounds], counts: [...counts] };
    histograms.push({ ...times, attributes: labels, value: { buckets, sum, count } });
  }
  if (family.kind !== "histogram") return numberData(family, numbers);
  return { ...shared(family), dataPointType: DataPointType.HISTOGRAM, dataPoints: histograms };
}

function observedData(metric: ObservedMetric, times: Times): MetricData {
  const reading = metric.read();
  const values = typeof reading === "number" ? [{ value: reading, labels: {} }] : [...reading];
  return numberData(
    metric,
    values.map(({ value, labels }) => {
      checkLabels(metric.name, labels);
      return { ...times, attributes: labels, value };
    }),
  );
}

function numberData(metric: { name: string; kind: string; help: string }, dataPoints: DataPoint<number>[]): MetricData {
  return metric.kind === "counter"
    ? { ...shared(metric), dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints }
    : { ...shared(metric), dataPointType: DataPointType.GAUGE, dataPoints };
}

function shared(metric: { name: string; help: string }) {
  return {
    descriptor: { name: metric.name, description: metric.help, unit: "", valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
}
