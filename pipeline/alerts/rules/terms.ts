import type { Arithmetic, By, Condition, Expression, Increase, Reading, Selector } from "../expression.ts";

export const MINUTE = 60;
export const HOUR = 3_600;
export const DAY = 86_400;

export type Labels = NonNullable<Selector["labels"]>;

export function reading(
  fold: Reading["fold"],
  metric: string,
  by: By,
  labels: Labels = {},
  agoSeconds?: number,
): Reading {
  return { kind: "reading", fold, by, of: { metric, labels }, ...(agoSeconds === undefined ? {} : { agoSeconds }) };
}

export function increase(
  metric: string,
  by: By,
  overSeconds: number,
  labels: Labels = {},
  agoSeconds?: number,
): Increase {
  const ago = agoSeconds === undefined ? {} : { agoSeconds };
  return { kind: "increase", by, overSeconds, of: { metric, labels }, ...ago };
}

export function divided(left: Expression, right: Expression | number): Arithmetic {
  return { kind: "arithmetic", left, operator: "/", right };
}

export function less(left: Expression, right: Expression): Arithmetic {
  return { kind: "arithmetic", left, operator: "-", right };
}

export function times(left: Expression, right: number): Arithmetic {
  return { kind: "arithmetic", left, operator: "*", right };
}

export function when(left: Expression, is: Condition["is"], right: Expression | number): Condition {
  return { left, is, right };
}
