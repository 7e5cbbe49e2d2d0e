import type { Matcher, Selector } from "./expression.ts";
import type { Point } from "./increase.ts";

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** Oldest first. NaN says that the series was not on its page any more. */
  readonly points: Point[];
}

/** A value counts until another comes or the series ends, and no longer than this, ms: Prometheus's look-back. */
const LOOK_BACK_MS = 300_000;
/** Points of the last hour are kept as they come; of what is older so many a rule's reach. */
const DENSE_MS = 3_600_000;
const SPARSE_POINTS = 240;

/**
 * The last values of the series that rules ask for, and no others. Bounded by the rules' reach in time, and by a number of series: what
 * comes beyond is left out and counted.
 */
export class SampleStore {
  /** Series that were left out since there were too many. */
  leftOut = 0;
  private readonly reachMs: ReadonlyMap<string, number>;
  private readonly maxSeries: number;
  private readonly byMetric = new Map<string, Map<string, Series>>();
  /** What each target has shown when it was read last. */
  private readonly shown = new Map<string, Set<Series>>();
  private size = 0;

  /** `reachSeconds`: how far back each metric is looked at. */
  constructor(reachSeconds: ReadonlyMap<string, number>, maxSeries = 20_000) {
    this.reachMs = new Map([...reachSeconds].map(([metric, seconds]) => [metric, seconds * 1_000 + LOOK_BACK_MS]));
    this.maxSeries = maxSeries;
  }

  wants(metric: string): boolean {
    return this.reachMs.has(metric);
  }

  /** Takes what a target's page said at a moment (epoch ms); nothing when it did not answer. What is not on it has ended. */
  take(at: number, target: string, samples: Iterable<Sample>): void {
    const now = new Set<Series>();
    for (const { name, labels, value } of samples) {
      const series = this.seriesOf(target, name, labels);
      if (series === undefined) continue;
      this.push(name, series, { at, value });
      now.add(series);
    }
    for (const series of this.shown.get(target) ?? []) if (!now.has(series)) series.points.push({ at, value: NaN });
    this.shown.set(target, now);
  }

  /** A target that is not asked any more. */
  forget(at: number, target: string): void {
    this.take(at, target, []);
    this.shown.delete(target);
  }

  /** Drops series of which nothing is young enough any more. Call it every now and then. */
  sweep(at: number): void {
    for (const [metric, all] of this.byMetric) {
      const oldest = at - this.reachMs.get(metric)!;
      for (const [key, { points }] of all) {
        if ((points.at(-1)?.at ?? 0) >= oldest) continue;
        all.delete(key);
        this.size--;
      }
    }
  }

  *matching({ metric, labels = {} }: Selector): Generator<Series> {
    const matchers = Object.entries(labels);
    for (const series of this.byMetric.get(metric)?.values() ?? [])
      if (matchers.every(([label, matcher]) => matches(series.labels[label] ?? "", matcher))) yield series;
  }

  private seriesOf(target: string, name: string, labels: Readonly<Record<string, string>>): Series | undefined {
    if (!this.wants(name)) return undefined;
    let all = this.byMetric.get(name);
    if (all === undefined) {
      all = new Map();
      this.byMetric.set(name, all);
    }
    const key = `${target}\n${keyOf(labels, Object.keys(labels).sort())}`;
    let series = all.get(key);
    if (series !== undefined) return series;
    if (this.size >= this.maxSeries) {
      this.leftOut++;
      return undefined;
    }
    this.size++;
    series = { labels, points: [] };
    all.set(key, series);
    return series;
  }

  private push(metric: string, { points }: Series, point: Point): void {
    points.push(point);
    const reach = this.reachMs.get(metric)!;
    const oldest = point.at - reach;
    let gone = 0;
    while (points[gone]!.at < oldest) gone++;
    if (gone > 0) points.splice(0, gone);
    // Now and then, so that it costs little for each point.
    if (points.length % 256 === 0) thin(points, point.at - DENSE_MS, reach / SPARSE_POINTS);
  }
}

/** Leaves of what is older than `before` one point a stretch of `spacing` ms; both sides of a fall stay, since it is a restart. */
function thin(points: Point[], before: number, spacing: number): void {
  let kept = Number.NEGATIVE_INFINITY;
  const left = points.filter(({ at, value }, i) => {
    const falls = !((points[i - 1]?.value ?? value) <= value) || !(value <= (points[i + 1]?.value ?? value));
    const stays = at >= before || falls || at - kept >= spacing;
    if (stays) kept = at;
    return stays;
  });
  points.splice(0, points.length, ...left);
}

function matches(value: string, matcher: Matcher): boolean {
  if (typeof matcher === "string") return value === matcher;
  return "of" in matcher ? matcher.of.includes(value) : !matcher.not.includes(value);
}

/** What a series, or a group, is known by. */
export function keyOf(labels: Readonly<Record<string, string>>, by: readonly string[]): string {
  return JSON.stringify(by.map((label) => labels[label] ?? ""));
}

/** The points between two moments (epoch ms), the first one left out as Prometheus 3 does; ends of series are no points. */
export function pointsBetween({ points }: Series, from: number, until: number): Point[] {
  return points.filter(({ at, value }) => at > from && at <= until && !Number.isNaN(value));
}

/** A series' value at a moment (epoch ms); undefined when it has none, or has ended. */
export function valueAt({ points }: Series, moment: number): number | undefined {
  for (let i = points.length - 1; i >= 0; i--) {
    const { at, value } = points[i]!;
    if (at > moment) continue;
    return at <= moment - LOOK_BACK_MS || Number.isNaN(value) ? undefined : value;
  }
  return undefined;
}
