import type { RouteConditions } from "../catalog/route.ts";
import { minutesOf, type TimeWindow } from "../catalog/time-window.ts";
import { LocalTime } from "./local-time.ts";
import type { MessageFacts } from "./message-facts.ts";

/** Conditions whose regions have been resolved into countries. */
export type PlainConditions = Omit<RouteConditions, "countries" | "regions"> & {
  readonly countries?: readonly string[] | undefined;
};

export type ConditionName = keyof PlainConditions;
export type Test = (facts: MessageFacts) => boolean;

/** How each condition is tested, given its entries. */
const TESTS: { readonly [Name in ConditionName]: (entries: NonNullable<PlainConditions[Name]>) => Test } = {
  countries: (entries) => among(entries, ({ country }) => country),
  mccMncs: (entries) => among(entries, ({ mccMnc }) => mccMnc),
  accounts: (entries) => among(entries, ({ account }) => account),
  lanes: (entries) => among(entries, ({ lane }) => lane),
  senders: (entries) => among(entries, ({ from }) => from),
  prefixes: (entries) => (facts) => entries.some((prefix) => facts.destination.startsWith(prefix)),
  labels: (entries) => (facts) => entries.some((label) => hasLabel(facts, label)),
  times: (entries) => within(entries),
};

/** A test of these conditions together; undefined when there is nothing to test. */
export function testOf(when: PlainConditions, names: Iterable<ConditionName>): Test | undefined {
  let all: Test | undefined;
  for (const name of names) {
    const entries = when[name];
    if (entries === undefined) continue;
    const one = (TESTS[name] as (entries: unknown) => Test)(entries);
    const before = all;
    all = before === undefined ? one : (facts) => before(facts) && one(facts);
  }
  return all;
}

/** `key=value` of a label. */
export function splitLabel(label: string): [key: string, value: string] {
  const cut = label.indexOf("=");
  return [label.slice(0, cut), label.slice(cut + 1)];
}

/** The value of a label that a message has. */
export function labelOf({ labels }: MessageFacts, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

function hasLabel(facts: MessageFacts, label: string): boolean {
  const [key, value] = splitLabel(label);
  return labelOf(facts, key) === value;
}

function among(entries: readonly string[], of: (facts: MessageFacts) => string | undefined): Test {
  const set = new Set(entries);
  return (facts) => {
    const value = of(facts);
    return value !== undefined && set.has(value);
  };
}

function within(windows: readonly TimeWindow[]): Test {
  const parts = windows.map((window) => ({ clocks: LocalTime.of(window.zone), minutes: minutesOf(window) }));
  return ({ at }) =>
    parts.some(({ clocks, minutes }) => {
      const minute = clocks.minuteOfWeek(at);
      return minutes.some(([first, end]) => minute >= first && minute < end);
    });
}
