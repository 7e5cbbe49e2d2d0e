import { metricsOf } from "./metrics-of.ts";

/** What a query asks of one metric's series. */
export interface AskedLabels {
  readonly metric: string;
  /** Labels of its selector: no series without them is found. */
  readonly selected: readonly string[];
  /** Labels that the query groups or joins by, or that its legend shows: of some metric of the query. */
  readonly grouped: readonly string[];
}

/** The labels that a query and its legend ask for, by metric. */
export function labelsOf(promql: string, legend = ""): AskedLabels[] {
  const names = (list: string) => list.split(",").map((name) => name.trim());
  const grouped = [...promql.matchAll(/\b(?:by|on|group_left|group_right)\s*\(([^)]*)\)/g)].flatMap(([, list]) =>
    names(list!),
  );
  const shown = [...legend.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, name]) => name!);
  const all = [...new Set([...grouped, ...shown])].filter((name) => name !== "");
  return [...new Set(metricsOf(promql))].map((metric) => {
    const selectors = [...promql.matchAll(new RegExp(`\\b${metric}\\{([^}]*)\\}`, "g"))].map(([, inside]) => inside!);
    const selected = selectors.flatMap((inside) =>
      [...inside.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, name]) => name!),
    );
    return { metric, selected: [...new Set(selected)], grouped: all };
  });
}

/** Labels of every series of a metrics page, by metric. */
export function labelsOnPage(page: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const [, metric, inside = ""] of page.matchAll(/^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$/gm)) {
    const labels = found.get(metric!) ?? new Set<string>();
    for (const [, label] of inside.matchAll(/(?:^|,)(\w+)="(?:[^"\\]|\\.)*"/g)) labels.add(label!);
    found.set(metric!, labels);
  }
  return found;
}
