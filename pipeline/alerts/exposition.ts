import type { Sample } from "./sample-store.ts";

/** Characters of a page that are read; a service's has about 100,000. */
const MAX_PAGE = 8_000_000;
const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)(?: -?\d+)?$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;

/**
 * The samples of a metrics page in Prometheus's text format, of the metrics that are wanted. `target`: labels of who shows it; where
 * a series has one of them itself, the target's counts, as in Prometheus. Each line ends with a line feed; what follows the last one may
 * be a part of a line, and is not read.
 */
export function* readExposition(
  page: string,
  wants: (metric: string) => boolean,
  target: Readonly<Record<string, string>> = {},
): Generator<Sample> {
  for (const line of page.slice(0, MAX_PAGE).split("\n").slice(0, -1)) {
    if (line === "" || line.startsWith("#")) continue;
    const end = line.search(/[{ ]/);
    if (end < 0 || !wants(line.slice(0, end))) continue;
    const parts = LINE.exec(line);
    if (parts === null) continue;
    const [, name = "", written = "", number = ""] = parts;
    const value = numberOf(number);
    if (Number.isNaN(value)) continue;
    const own = [...written.matchAll(LABEL)].map(([, label = "", text = ""]) => [label, unescaped(text)] as const);
    yield { name, labels: { ...Object.fromEntries(own), ...target }, value };
  }
}

function numberOf(text: string): number {
  if (text === "+Inf") return Number.POSITIVE_INFINITY;
  return text === "-Inf" ? Number.NEGATIVE_INFINITY : Number(text);
}

function unescaped(text: string): string {
  return text.includes("\\") ? text.replaceAll(/\\(.)/g, (_, c: string) => (c === "n" ? "\n" : c)) : text;
}
