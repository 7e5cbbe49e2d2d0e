/** One value of a series. `at`: epoch ms. */
export interface Point {
  readonly at: number;
  readonly value: number;
}

/**
 * How much a counter has grown between two moments (epoch ms), as Prometheus reckons it (promql/functions.go, extrapolatedRate): a fall
 * is a restart from 0, and the growth between the first and the last point is stretched to the ends of the stretch where these lie close enough,
 * by half the usual distance where they do not; never so far into the past that the counter would be below 0. `points`: of a stretch, oldest first, as read. Undefined with fewer than two.
 */
export function increase(points: readonly Point[], from: number, until: number): number | undefined {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined || points.length < 2) return undefined;
  let grown = last.value - first.value;
  for (let i = 1; i < points.length; i++) if (points[i]!.value < points[i - 1]!.value) grown += points[i - 1]!.value;
  const sampled = last.at - first.at;
  const between = sampled / (points.length - 1);
  const near = between * 1.1;
  const reach = (distance: number) => (distance < near ? distance : between / 2);
  let before = reach(first.at - from);
  if (grown > 0 && first.value >= 0) before = Math.min(before, sampled * (first.value / grown));
  return grown * ((sampled + before + reach(until - last.at)) / sampled);
}
