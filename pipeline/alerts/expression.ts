/**
 * What an alert rule may say: a small tree from which both PromQL (promql.ts) and the verdict of our own evaluator (evaluate.ts) come.
 * It has the forms that the rules need and no others. Each form means what PromQL means by it.
 */

/** Matchers of labels: a text is equality; `not`: none of these values, `of`: one of these. Values are whole, no patterns. */
export type Matcher = string | { readonly of: readonly string[] } | { readonly not: readonly string[] };

export interface Selector {
  readonly metric: string;
  readonly labels?: Readonly<Record<string, Matcher>>;
}

/** Labels that are kept; all series that agree in them are one. */
export type By = readonly string[];

/** A reading of a gauge, now or some seconds ago. */
export interface Reading {
  readonly kind: "reading";
  readonly of: Selector;
  readonly fold: "max" | "min" | "sum";
  readonly by: By;
  readonly agoSeconds?: number;
}

/** How much counters have grown over the last so many seconds (PromQL's `increase`, which extrapolates), summed up. */
export interface Increase {
  readonly kind: "increase";
  readonly of: Selector;
  readonly by: By;
  readonly overSeconds: number;
  readonly agoSeconds?: number;
}

/** The labels of the right side are those of the left, or some of them: then it stands for each group of the left. */
export interface Arithmetic {
  readonly kind: "arithmetic";
  readonly left: Expression;
  readonly operator: "-" | "*" | "/";
  readonly right: Expression | number;
}

export interface Absolute {
  readonly kind: "absolute";
  readonly of: Expression;
}

export type Expression = Reading | Increase | Arithmetic | Absolute;

/** A comparison, which keeps the groups of the left side for which it holds. */
export interface Condition {
  readonly left: Expression;
  readonly is: ">" | ">=" | "<" | "<=";
  readonly right: Expression | number;
}

export type Severity = "page" | "ticket" | "info";

export interface AlertRule {
  /** CamelCase; several rules of one name differ in their labels. */
  readonly name: string;
  /** page: somebody must act now. ticket: within the working day. info: to be known. */
  readonly severity: Severity;
  /** All must hold for a group; the labels of each are those of the first, or some of them. The first one's left side is the alert's value. */
  readonly when: readonly [Condition, ...Condition[]];
  /** For so long without a break before it fires, seconds. */
  readonly forSeconds: number;
  readonly labels?: Readonly<Record<string, string>>;
  /** One sentence; `{label}` stands for a label of the group and `{value}` for the value. */
  readonly summary: string;
}

/** The labels that an expression keeps. */
export function labelsOf(expression: Expression): By {
  switch (expression.kind) {
    case "reading":
    case "increase":
      return expression.by;
    case "arithmetic":
      return labelsOf(expression.left);
    case "absolute":
      return labelsOf(expression.of);
  }
}

/** Every selector of a rule. */
export function selectorsOf(rule: AlertRule): Selector[] {
  const walk = (expression: Expression | number): Selector[] => {
    if (typeof expression === "number") return [];
    if (expression.kind === "arithmetic") return [...walk(expression.left), ...walk(expression.right)];
    return expression.kind === "absolute" ? walk(expression.of) : [expression.of];
  };
  return rule.when.flatMap(({ left, right }) => [...walk(left), ...walk(right)]);
}

/** How far back a rule looks, seconds; of windows that it counts over, so much of their length at the most. */
export function reachOf(rule: AlertRule, longestWindow = Number.POSITIVE_INFINITY): number {
  const walk = (expression: Expression | number): number => {
    if (typeof expression === "number") return 0;
    if (expression.kind === "arithmetic") return Math.max(walk(expression.left), walk(expression.right));
    if (expression.kind === "absolute") return walk(expression.of);
    return (
      (expression.agoSeconds ?? 0) +
      (expression.kind === "increase" ? Math.min(expression.overSeconds, longestWindow) : 0)
    );
  };
  return Math.max(...rule.when.flatMap(({ left, right }) => [walk(left), walk(right)]));
}
