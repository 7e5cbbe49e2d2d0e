import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { Sample } from "../../../../pipeline/alerts/sample-store.ts";

/** What a test of `promtool test rules` says, as far as ours go. */
export interface RuleTest {
  readonly name: string;
  readonly intervalSeconds: number;
  readonly evaluationSeconds: number;
  readonly series: readonly {
    readonly name: string;
    readonly labels: Record<string, string>;
    readonly values: readonly Value[];
  }[];
  readonly expected: readonly {
    readonly alert: Matchers;
    readonly atSeconds: number;
    readonly samples: readonly Record<string, string>[];
  }[];
}

/** undefined: no sample at this step; stale: the series has ended. */
export type Value = number | "stale" | undefined;
export type Matchers = readonly { readonly label: string; readonly test: (value: string) => boolean }[];

interface Written {
  readonly evaluation_interval: string;
  readonly tests: readonly {
    readonly name: string;
    readonly interval: string;
    readonly input_series: readonly { readonly series: string; readonly values: string }[];
    readonly promql_expr_test: readonly {
      readonly expr: string;
      readonly eval_time: string;
      readonly exp_samples: readonly { readonly labels: string; readonly value: number }[];
    }[];
  }[];
}

export function readRuleTests(file: string): RuleTest[] {
  const written = parse(readFileSync(file, "utf8")) as Written;
  return written.tests.map((test) => ({
    name: test.name,
    intervalSeconds: seconds(test.interval),
    evaluationSeconds: seconds(written.evaluation_interval),
    series: test.input_series.map(({ series, values }) => ({ ...metric(series), values: expand(values) })),
    expected: test.promql_expr_test.map(({ expr, eval_time, exp_samples }) => ({
      alert: matchers(expr),
      atSeconds: seconds(eval_time),
      samples: exp_samples.map(({ labels }) => metric(labels).labels),
    })),
  }));
}

/** The samples of a step. */
export function* samplesAt({ series }: RuleTest, step: number): Generator<Sample> {
  for (const { name, labels, values } of series) {
    const value = values[step];
    if (typeof value === "number") yield { name, labels, value };
  }
}

export function seconds(text: string): number {
  const size = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;
  return [...text.matchAll(/(\d+)([smhd])/g)].reduce((sum, [, n, unit]) => sum + Number(n) * size[unit as "s"], 0);
}

function metric(text: string): { name: string; labels: Record<string, string> } {
  const name = /^\w+/.exec(text)![0];
  return { name, labels: Object.fromEntries([...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, k, v]) => [k, v])) };
}

function matchers(text: string): Matchers {
  return [...text.matchAll(/(\w+)(=~|=)"([^"]*)"/g)].map(([, label = "", operator, value = ""]) => {
    const pattern = new RegExp(`^(?:${value})$`);
    return { label, test: operator === "=" ? (v: string) => v === value : (v: string) => pattern.test(v) };
  });
}

/** `1 2`, `0+5x3` (0 5 10 15), `7x2` (7 7 7), `_x2` (nothing, twice), `stale`. */
export function expand(values: string): Value[] {
  return values.split(/\s+/).flatMap((word): Value[] => {
    if (word === "stale") return ["stale"];
    const nothing = /^_(?:x(\d+))?$/.exec(word);
    if (nothing !== null) return Array.from({ length: Number(nothing[1] ?? 1) });
    const [, start, step, count] = /^(-?[\d.]+)([+-][\d.]+)?(?:x(\d+))?$/.exec(word)!;
    return Array.from({ length: Number(count ?? 0) + 1 }, (_, i) => Number(start) + i * Number(step ?? 0));
  });
}
