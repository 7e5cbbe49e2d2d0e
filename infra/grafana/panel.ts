/** What a board is made of, in as few words as our boards need; dashboardJson makes Grafana's of it. */
export interface Query {
  /** PromQL, or SQL of ClickHouse with its time macro `$__timeFilter(column)`. */
  readonly text: string;
  /** Name of each curve, with `{{label}}`. SQL names its own columns. */
  readonly legend?: string;
  /** When it gives nothing though all is well, for people: "while no provider is down". Not said: it always gives something. */
  readonly empty?: string;
}

export interface Panel {
  readonly title: string;
  readonly source: "prometheus" | "clickhouse";
  readonly kind: "timeseries" | "stat" | "table";
  /** Grafana's name of the unit: short, s, bytes, percentunit, cps, … */
  readonly unit: string;
  readonly queries: readonly Query[];
  readonly description?: string;
}

export interface Board {
  readonly uid: string;
  readonly title: string;
  /** Rows of panels, each with its heading. */
  readonly rows: readonly { readonly title: string; readonly panels: readonly Panel[] }[];
  /** A choice at the top: its name, and the PromQL of its values. */
  readonly variable?: { readonly name: string; readonly metric: string };
}

export function curves(title: string, unit: string, queries: readonly Query[], description?: string): Panel {
  return { title, source: "prometheus", kind: "timeseries", unit, queries, ...(description && { description }) };
}

export function number(title: string, unit: string, text: string, description?: string): Panel {
  return { title, source: "prometheus", kind: "stat", unit, queries: [{ text }], ...(description && { description }) };
}

export function table(title: string, text: string, description?: string): Panel {
  const queries = [{ text }];
  return { title, source: "clickhouse", kind: "table", unit: "short", queries, ...(description && { description }) };
}

/** The 50th, 95th and 99th percentile of a histogram. */
export function quantiles(histogram: string, matchers: string): Query[] {
  return [0.5, 0.95, 0.99].map((quantile) => ({
    text: `histogram_quantile(${quantile}, sum by (le) (rate(${histogram}_bucket{${matchers}}[$__rate_interval])))`,
    legend: `p${quantile * 100}`,
  }));
}
