import { labelsOf, labelsOnPage } from "./labels-of.ts";
import type { Panel } from "./panel.ts";

/** What Prometheus adds to every series that it reads here. */
const SCRAPED = ["service", "instance", "job"];

/**
 * Labels that panels ask for and that no series has: such a panel stays empty, or its legend does. Metrics without a series on these pages are
 * passed over: they come with what they count.
 */
export function panelFaults(panels: readonly Panel[], pages: Iterable<string>): string[] {
  const shown = new Map<string, Set<string>>();
  for (const page of pages)
    for (const [metric, labels] of labelsOnPage(page))
      shown.set(metric, new Set([...(shown.get(metric) ?? SCRAPED), ...labels]));
  const faults: string[] = [];
  for (const { title, source, queries } of panels) {
    if (source !== "prometheus") continue;
    for (const { text, legend } of queries) {
      const asked = labelsOf(text, legend);
      for (const { metric, selected } of asked)
        for (const label of selected)
          if (shown.get(metric)?.has(label) === false) faults.push(`${title}: ${metric} has no label ${label}`);
      if (asked.some(({ metric }) => !shown.has(metric))) continue;
      for (const label of asked[0]?.grouped ?? [])
        if (!asked.some(({ metric }) => shown.get(metric)!.has(label)))
          faults.push(`${title}: nothing that it asks for has the label ${label}`);
    }
  }
  return faults;
}
