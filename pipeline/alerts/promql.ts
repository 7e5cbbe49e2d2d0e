import {
  type AlertRule,
  type Condition,
  type Expression,
  labelsOf,
  type Matcher,
  type Selector,
} from "./expression.ts";

/** A rule's condition in PromQL. */
export function promqlOf({ when }: AlertRule): string {
  const [first, ...others] = when;
  const labels = labelsOf(first.left);
  return others.reduce(
    (text, condition) => `${text}\nand ${matching(labels, labelsOf(condition.left), false)}${comparison(condition)}`,
    comparison(first),
  );
}

/** Seconds as Prometheus writes them: the largest unit that divides them. */
export function durationText(seconds: number): string {
  for (const [unit, size] of [
    ["d", 86_400],
    ["h", 3_600],
    ["m", 60],
  ] as const)
    if (seconds > 0 && seconds % size === 0) return `${seconds / size}${unit}`;
  return `${seconds}s`;
}

/** A rule's sentence with Prometheus's placeholders. */
export function annotationOf({ summary }: AlertRule): string {
  return summary.replaceAll(/\{(\w+)\}/g, (_, label: string) =>
    label === "value" ? "{{ $value | humanize }}" : `{{ $labels.${label} }}`,
  );
}

function comparison({ left, is, right }: Condition): string {
  return `${operand(left)} ${is} ${typeof right === "number" ? right : matching(labelsOf(left), labelsOf(right), true) + operand(right)}`;
}

function expressionText(expression: Expression): string {
  switch (expression.kind) {
    case "reading": {
      const { of, fold, by, agoSeconds } = expression;
      return `${fold}${byText(by)}(${selectorText(of)}${offset(agoSeconds)})`;
    }
    case "increase": {
      const { of, by, overSeconds, agoSeconds } = expression;
      return `sum${byText(by)}(increase(${selectorText(of)}[${durationText(overSeconds)}]${offset(agoSeconds)}))`;
    }
    case "absolute":
      return `abs(${expressionText(expression.of)})`;
    case "arithmetic": {
      const { left, operator, right } = expression;
      const match = typeof right === "number" ? "" : matching(labelsOf(left), labelsOf(right), true);
      return `${operand(left)} ${operator} ${match}${typeof right === "number" ? right : operand(right)}`;
    }
  }
}

/** In parentheses, so that nobody has to know what binds first. */
function operand(expression: Expression): string {
  const text = expressionText(expression);
  return expression.kind === "arithmetic" ? `(${text})` : text;
}

/** How the groups of both sides find each other. `many`: for an operator that takes several of the left for one of the right. */
function matching(left: readonly string[], right: readonly string[], many: boolean): string {
  const same = left.length === right.length && left.every((label) => right.includes(label));
  if (same) return "";
  const on = `on (${right.join(", ")}) `;
  return many ? `${on}group_left () ` : on;
}

function byText(by: readonly string[]): string {
  return by.length === 0 ? "" : ` by (${by.join(", ")}) `;
}

function offset(seconds: number | undefined): string {
  return seconds === undefined ? "" : ` offset ${durationText(seconds)}`;
}

export function selectorText({ metric, labels = {} }: Selector): string {
  const matchers = Object.entries(labels).map(([label, matcher]) => matcherText(label, matcher));
  return matchers.length === 0 ? metric : `${metric}{${matchers.join(", ")}}`;
}

function matcherText(label: string, matcher: Matcher): string {
  if (typeof matcher === "string") return `${label}=${JSON.stringify(matcher)}`;
  const [operator, values] = "of" in matcher ? ["=~", matcher.of] : ["!~", matcher.not];
  return `${label}${operator}${JSON.stringify(values.map((value) => value.replaceAll(/[.+*?^$()[\]{}|\\]/g, "\\$&")).join("|"))}`;
}
