import {
  type AlertRule,
  type By,
  type Condition,
  type Expression,
  type Increase,
  labelsOf,
  type Reading,
} from "./expression.ts";
import { increase } from "./increase.ts";
import { keyOf, pointsBetween, type SampleStore, valueAt } from "./sample-store.ts";

/** A group of series, by the labels that it keeps. */
export interface Group {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

type Groups = Map<string, Group>;

/** The groups for which a rule's condition holds at a moment (epoch ms), with its value: what Prometheus would say of the same samples. */
export function evaluateRule({ when }: AlertRule, store: SampleStore, at: number): Group[] {
  const [first, ...others] = when;
  const by = labelsOf(first.left);
  let found = [...holding(first, store, at).values()];
  for (const condition of others) {
    const theirs = labelsOf(condition.left);
    const hold = holding(condition, store, at);
    // Groups meet by the labels that the other side keeps, which the first side has as well.
    found = found.filter(({ labels }) => hold.has(keyOf(labels, ordered(theirs, by))));
  }
  return found;
}

function holding({ left, is, right }: Condition, store: SampleStore, at: number): Groups {
  const groups = evaluate(left, store, at);
  const other = typeof right === "number" ? undefined : evaluate(right, store, at);
  const by = typeof right === "number" ? [] : ordered(labelsOf(right), labelsOf(left));
  for (const [key, { labels, value }] of groups) {
    const bound = typeof right === "number" ? right : other?.get(keyOf(labels, by))?.value;
    if (bound === undefined || !compares(value, is, bound)) groups.delete(key);
  }
  return groups;
}

function compares(value: number, is: Condition["is"], bound: number): boolean {
  switch (is) {
    case ">":
      return value > bound;
    case ">=":
      return value >= bound;
    case "<":
      return value < bound;
    case "<=":
      return value <= bound;
  }
}

/** What an expression says at a moment (epoch ms), by its groups' keys. */
export function evaluate(expression: Expression, store: SampleStore, at: number): Groups {
  switch (expression.kind) {
    case "reading":
      return reading(expression, store, at - (expression.agoSeconds ?? 0) * 1_000);
    case "increase":
      return grown(expression, store, at - (expression.agoSeconds ?? 0) * 1_000);
    case "absolute":
      return mapped(evaluate(expression.of, store, at), ({ value }) => Math.abs(value));
    case "arithmetic": {
      const { left, operator, right } = expression;
      const groups = evaluate(left, store, at);
      if (typeof right === "number") return mapped(groups, ({ value }) => calculate(value, operator, right));
      const other = evaluate(right, store, at);
      const by = ordered(labelsOf(right), labelsOf(left));
      return mapped(groups, ({ labels, value }) => {
        const found = other.get(keyOf(labels, by));
        return found === undefined ? undefined : calculate(value, operator, found.value);
      });
    }
  }
}

function calculate(left: number, operator: "-" | "*" | "/", right: number): number {
  if (operator === "-") return left - right;
  return operator === "*" ? left * right : left / right;
}

function reading({ of, fold, by }: Reading, store: SampleStore, at: number): Groups {
  const groups: Groups = new Map();
  for (const series of store.matching(of)) {
    const value = valueAt(series, at);
    if (value === undefined) continue;
    add(groups, series.labels, by, value, (a, b) => (fold === "sum" ? a + b : Math[fold](a, b)));
  }
  return groups;
}

function grown({ of, by, overSeconds }: Increase, store: SampleStore, at: number): Groups {
  const groups: Groups = new Map();
  const from = at - overSeconds * 1_000;
  for (const series of store.matching(of)) {
    const value = increase(pointsBetween(series, from, at), from, at);
    if (value !== undefined) add(groups, series.labels, by, value, (a, b) => a + b);
  }
  return groups;
}

function add(
  groups: Groups,
  labels: Readonly<Record<string, string>>,
  by: By,
  value: number,
  fold: (a: number, b: number) => number,
): void {
  const key = keyOf(labels, by);
  const known = groups.get(key);
  if (known !== undefined) groups.set(key, { labels: known.labels, value: fold(known.value, value) });
  else {
    const kept = by.filter((label) => labels[label] !== undefined && labels[label] !== "");
    groups.set(key, { labels: Object.fromEntries(kept.map((label) => [label, labels[label]!])), value });
  }
}

function mapped(groups: Groups, value: (group: Group) => number | undefined): Groups {
  for (const [key, group] of groups) {
    const next = value(group);
    if (next === undefined) groups.delete(key);
    else groups.set(key, { labels: group.labels, value: next });
  }
  return groups;
}

/** The labels of one side in the order in which its groups' keys have them; the rule is wrong when the other side lacks one. */
function ordered(labels: By, others: By): By {
  const lacking = labels.find((label) => !others.includes(label));
  if (lacking !== undefined) throw new TypeError(`the label ${lacking} is not one of ${others.join(", ")}`);
  return labels;
}
