import { ALERT_RULES } from "../../../../pipeline/alerts/alert-rules.ts";
import {
  type AlertRule,
  type Expression,
  labelsOf,
  type Matcher,
  selectorsOf,
} from "../../../../pipeline/alerts/expression.ts";
import type { Value } from "./promtool-file.ts";

/** What a test draws: a number from 0 up to and without 1. */
export type Random = () => number;

/** A generator with a seed (mulberry32), so that a world can be drawn again. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface WorldSeries {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly values: readonly Value[];
}

export interface WorldOptions {
  readonly random: Random;
  readonly steps: number;
  /** Steps of a phase, in which a series keeps its pace or its level: at least and at most. */
  readonly phase: readonly [number, number];
  /** Further series of a metric, with any labels, at the most. */
  readonly strays: number;
}

/** What the rules ask of a metric, taken together. */
interface Asked {
  readonly counter: boolean;
  /** Values of labels that matchers name, and labels by which groups are made. */
  readonly labels: Map<string, Set<string>>;
  /** Numbers that its readings are compared with. */
  readonly bounds: Set<number>;
}

/**
 * Series for the metrics that rules ask for: counters with resets, gauges that jump, gaps, ends, series that are never there. Of most rules all that
 * one group of them needs is there, so that conditions meet.
 */
export function randomWorld(options: WorldOptions): WorldSeries[] {
  const { random, strays } = options;
  const known = asked(ALERT_RULES);
  const chosen = new Map<string, WorldSeries>();
  const add = (name: string, labels: Readonly<Record<string, string>>) => {
    const about = known.get(name)!;
    const key = `${name} ${JSON.stringify(Object.entries(labels).sort())}`;
    if (!chosen.has(key)) chosen.set(key, { name, labels, values: values(about, options) });
  };
  for (const rule of ALERT_RULES) {
    if (random() < 0.2) continue;
    const by = rule.when.flatMap(({ left }) => labelsOf(left));
    const group = Object.fromEntries(by.map((label) => [label, `${label}-${random() < 0.7 ? "a" : "b"}`]));
    for (const { metric, labels = {} } of selectorsOf(rule)) {
      const named = Object.entries(labels).map(([label, matcher]) => [label, pick(random, valuesThatMatch(matcher))]);
      add(metric, { ...group, ...Object.fromEntries(named) });
    }
  }
  for (const [name, { labels }] of known) {
    const all = combinations(labels);
    for (let i = Math.floor(random() * (strays + 1)); i > 0; i--) add(name, pick(random, all));
  }
  return [...chosen.values()];
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)]!;
}

function valuesThatMatch(matcher: Matcher): readonly string[] {
  if (typeof matcher === "string") return [matcher];
  return "of" in matcher ? matcher.of : ["another"];
}

function asked(rules: readonly AlertRule[]): Map<string, Asked> {
  const found = new Map<string, Asked>();
  for (const rule of rules) {
    const counters = new Set(rule.when.flatMap(({ left, right }) => [...increased(left), ...increased(right)]));
    const by = rule.when.flatMap(({ left }) => labelsOf(left));
    for (const selector of selectorsOf(rule)) {
      const about = found.get(selector.metric) ?? {
        counter: counters.has(selector.metric),
        labels: new Map(),
        bounds: new Set(),
      };
      found.set(selector.metric, about);
      for (const label of by) valuesOf(about, label);
      for (const [label, matcher] of Object.entries(selector.labels ?? {})) {
        const named = typeof matcher === "string" ? [matcher] : "of" in matcher ? matcher.of : matcher.not;
        for (const value of [...named, "another"]) valuesOf(about, label).add(value);
      }
      for (const { right } of rule.when) if (typeof right === "number") about.bounds.add(right);
    }
  }
  // Two of each label that nobody names.
  for (const { labels } of found.values())
    for (const [label, known] of labels)
      if (known.size === 0) for (const value of ["a", "b"]) known.add(`${label}-${value}`);
  return found;
}

function valuesOf({ labels }: Asked, label: string): Set<string> {
  const known = labels.get(label) ?? new Set();
  labels.set(label, known);
  return known;
}

function increased(expression: Expression | number): string[] {
  if (typeof expression === "number" || expression.kind === "reading") return [];
  if (expression.kind === "arithmetic") return [...increased(expression.left), ...increased(expression.right)];
  return expression.kind === "absolute" ? increased(expression.of) : [expression.of.metric];
}

function combinations(labels: ReadonlyMap<string, ReadonlySet<string>>): Record<string, string>[] {
  let all: Record<string, string>[] = [{}];
  for (const [label, known] of labels)
    all = all.flatMap((one) => [...known].map((value) => ({ ...one, [label]: value })));
  return all;
}

function values({ counter, bounds }: Asked, { random, steps, phase: [least, most] }: WorldOptions): Value[] {
  const all: Value[] = [];
  let value = Math.floor(random() * 1_000);
  while (all.length < steps) {
    const length = least + Math.floor(random() * (most - least + 1));
    const kind = random();
    if (kind < 0.08) {
      // Not read for a while: what was last read goes on for the look-back.
      for (let i = 0; i < length; i++) all.push(undefined);
    } else if (kind < 0.16) {
      // Not on its page: it has ended, and may come again.
      all.push("stale");
      for (let i = 1; i < length; i++) all.push(undefined);
      if (counter) value = 0;
    } else if (counter) {
      if (random() < 0.25) value = 0;
      const pace = pick(random, [0, 0, 0.05, 1, 7, 60]);
      for (let i = 0; i < length; i++) {
        value += Math.floor(pace * (0.5 + random()));
        all.push(value);
      }
    } else {
      const bound = pick(random, [...bounds, 1]);
      const level = pick(random, [0, 1, bound, bound * 0.5, bound * 1.5, bound * 10, -bound * 2, random() * 1_000]);
      const slope = random() < 0.3 ? (random() - 0.4) * bound : 0;
      for (let i = 0; i < length; i++) all.push(Number((level + slope * i).toFixed(4)));
    }
  }
  return all.slice(0, steps);
}
