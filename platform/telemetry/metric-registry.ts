/** The labels of one series. Values come from small fixed sets: never ids, numbers of people, or free text. */
export type Labels = Readonly<Record<string, string>>;

export interface MetricOptions {
  /** What is counted, in one sentence, shown by Prometheus. */
  readonly help: string;
  /** Series kept per metric; what comes beyond is added up in one series labelled as overflow. Default 1,000. */
  readonly maxSeries?: number;
}

/** Upper bounds in seconds that serve most latencies, from a local call to an answer that takes hours. */
export const DEFAULT_SECONDS_BOUNDS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200,
];

/** The label that OpenTelemetry prescribes for series beyond the limit (metrics SDK, "Overflow attribute"). */
const OVERFLOW_LABELS: Labels = { "otel.metric.overflow": "true" };

/** A number that only grows. Get it once, keep it, and `add` costs an addition. */
export class Counter {
  value = 0;

  /** @param amount at least 0; anything else is ignored, since a counter that falls reads as a restart. */
  add(amount = 1): void {
    if (amount > 0) this.value += amount;
  }
}

/** A number that is set. */
export class Gauge {
  value = 0;

  set(value: number): void {
    this.value = value;
  }
}

/** Counts by upper bound, aggregated where they are recorded: nothing is kept per value. */
export class Histogram {
  readonly bounds: readonly number[];
  /** One count a bound (inclusive), and one for what is above the last. */
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  /** @param value in the unit that the metric's name ends with; NaN is ignored. */
  record(value: number): void {
    if (Number.isNaN(value)) return;
    let low = 0;
    let high = this.bounds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.bounds[middle]! < value) low = middle + 1;
      else high = middle;
    }
    this.counts[low]!++;
    this.sum += value;
  }
}

/** A value read when metrics are collected. */
export type Observation = number | Iterable<{ readonly value: number; readonly labels: Labels }>;

export type MetricKind = "counter" | "gauge" | "histogram";

/** All series of one name. */
export class Family<Series> {
  readonly name: string;
  readonly kind: MetricKind;
  readonly help: string;
  readonly #create: () => Series;
  readonly #maxSeries: number;
  readonly #series = new Map<string, { readonly labels: Labels; readonly series: Series }>();
  #overflow: Series | undefined;

  constructor(name: string, kind: MetricKind, options: MetricOptions, create: () => Series) {
    this.name = name;
    this.kind = kind;
    this.help = options.help;
    this.#create = create;
    this.#maxSeries = options.maxSeries ?? 1_000;
  }

  /** The series of these labels, created at first use. Look it up once, outside of the message path, and keep it. */
  with(labels: Labels = {}): Series {
    checkLabels(this.name, labels);
    const key = JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
    const known = this.#series.get(key);
    if (known !== undefined) return known.series;
    if (this.#series.size >= this.#maxSeries) {
      this.#overflow ??= this.#create();
      return this.#overflow;
    }
    const series = this.#create();
    this.#series.set(key, { labels, series });
    return series;
  }

  /** Every series with its labels, for the exporter. */
  *entries(): Generator<readonly [Labels, Series]> {
    for (const { labels, series } of this.#series.values()) yield [labels, series];
    if (this.#overflow !== undefined) yield [OVERFLOW_LABELS, this.#overflow];
  }
}

/** A metric whose value is asked for at collection. */
export interface ObservedMetric {
  readonly name: string;
  readonly kind: "counter" | "gauge";
  readonly help: string;
  readonly read: () => Observation;
}

export type AnyFamily = Family<Counter> | Family<Gauge> | Family<Histogram>;

/**
 * The metrics of a process. Recording touches plain numbers only; OpenTelemetry sees them when they are collected.
 * Asking for a name again gives the same metric, so independent parts can share one.
 */
export class MetricRegistry {
  readonly #families = new Map<string, AnyFamily>();
  readonly #observed = new Map<string, ObservedMetric>();

  /** @param name snake_case, ending in `_total`. */
  counter(name: string, options: MetricOptions): Family<Counter> {
    return this.#family(name, "counter", options, () => new Counter());
  }

  /** @param name snake_case, ending in the unit if there is one, such as `_seconds` or `_bytes`. */
  gauge(name: string, options: MetricOptions): Family<Gauge> {
    return this.#family(name, "gauge", options, () => new Gauge());
  }

  /** @param options `bounds`: ascending inclusive upper bounds; default {@link DEFAULT_SECONDS_BOUNDS}. */
  histogram(name: string, options: MetricOptions & { readonly bounds?: readonly number[] }): Family<Histogram> {
    const bounds = [...(options.bounds ?? DEFAULT_SECONDS_BOUNDS)];
    if (
      bounds.length === 0 ||
      bounds.some((bound, i) => !Number.isFinite(bound) || bound <= (bounds[i - 1] ?? -Infinity))
    ) {
      throw new TypeError(`the bounds of ${name} must be ascending finite numbers`);
    }
    return this.#family(name, "histogram", options, () => new Histogram(bounds));
  }

  /** Registers, or replaces, a metric that is read at collection: for what is known elsewhere already. */
  observe(name: string, kind: "counter" | "gauge", help: string, read: () => Observation): void {
    checkName(name, kind);
    if (this.#families.has(name))
      throw new TypeError(`the metric ${name} exists already, and it is not an observed one`);
    this.#observed.set(name, { name, kind, help, read });
  }

  families(): Iterable<AnyFamily> {
    return this.#families.values();
  }

  observed(): Iterable<ObservedMetric> {
    return this.#observed.values();
  }

  #family<Series extends Counter | Gauge | Histogram>(
    name: string,
    kind: MetricKind,
    options: MetricOptions,
    create: () => Series,
  ): Family<Series> {
    const known = this.#families.get(name);
    if (known !== undefined && known.kind === kind) return known as unknown as Family<Series>;
    if (known !== undefined || this.#observed.has(name)) {
      throw new TypeError(`the metric ${name} exists already, and it is not a ${kind}`);
    }
    checkName(name, kind);
    const family = new Family(name, kind, options, create);
    this.#families.set(name, family as unknown as AnyFamily);
    return family;
  }
}

/**
 * @throws TypeError for labels that Prometheus keeps for summaries and histograms, where tools look for them by name, and for
 * names that are not snake_case.
 */
export function checkLabels(name: string, labels: Labels): void {
  for (const label in labels) {
    if (label === "quantile" || label === "le")
      throw new TypeError(`the metric ${name} has the reserved label ${label}`);
    if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(label))
      throw new TypeError(`the label ${label} of the metric ${name} is not snake_case`);
  }
}

function checkName(name: string, kind: MetricKind): void {
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name)) throw new TypeError(`the metric name ${name} is not snake_case`);
  if (kind !== "counter" && /_(count|sum|bucket)$/.test(name)) {
    throw new TypeError(`the metric name ${name} is wrong: its ending belongs to histograms`);
  }
  if ((kind === "counter") !== name.endsWith("_total")) {
    throw new TypeError(`the metric name ${name} is wrong: counters, and only they, end in _total`);
  }
}
