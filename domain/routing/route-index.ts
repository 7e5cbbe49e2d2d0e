import { type ConditionName, type PlainConditions, type Test, testOf } from "./conditions.ts";
import type { MessageFacts } from "./message-facts.ts";
import type { NetworkNumbers } from "./network-numbers.ts";
import type { PlaceTable } from "./place-table.ts";
import { keysFor, RouteShape } from "./route-shape.ts";
import { entry, INDEXED, type Indexed, ValueIds } from "./value-ids.ts";

const ALL: readonly ConditionName[] = [...INDEXED, "times"];
/** Keys that one route has in the index at the most; the condition that would make more of them is tested instead. */
const MAX_ENTRIES = 256;
/** Keys are products, and must stay exact. */
const MAX_KEYS = Number.MAX_SAFE_INTEGER;

/**
 * Which routes can concern a message, without asking all. Routes are grouped by the kinds of their conditions; within a group,
 * the values that a message has lead to its routes by one look-up. So the time depends on how many kinds of routes there
 * are, and not on how many routes. What the index leaves open, such as times of day, is tested on what it finds.
 */
export class RouteIndex {
  /** What the message that was asked about last has. */
  readonly ids: ValueIds;
  /** In the order of their first routes. */
  private readonly shapes: readonly RouteShape[];
  /** What is to be tested of a route's conditions, by its place; those without are not there. */
  private readonly tests: ReadonlyMap<number, Test>;
  /** What a shape has found. */
  private readonly found: number[] = [];

  /** `routes`: their conditions, in order. `networks`: see ValueIds. */
  constructor(routes: readonly PlainConditions[], networks?: NetworkNumbers) {
    this.ids = new ValueIds(networks);
    // All values first: how many there are decides what fits into a key.
    for (const when of routes)
      for (const name of INDEXED) for (const value of when[name] ?? []) this.ids.idOf(name, value);
    const parts = routes.map((when) => this.partsOf(when));
    this.shapes = this.shapesOf(routes, parts);
    this.tests = new Map(
      routes.flatMap((when, place) => {
        const open = ALL.filter((name) => !(parts[place] as readonly string[]).includes(name));
        const test = testOf(when, open);
        return test === undefined ? [] : [[place, test]];
      }),
    );
  }

  /** The place of the first route whose conditions hold; undefined when there is none. */
  find(facts: MessageFacts): number | undefined {
    const { ids, found } = this;
    ids.look(facts);
    let before = Number.POSITIVE_INFINITY;
    for (const shape of this.shapes) {
      if (shape.first >= before) break;
      for (let i = shape.find(ids, found) - 1; i >= 0; i--) {
        const value = found[i]!;
        if (value < 0) before = this.firstOf(shape.table, value, facts, before);
        else if (value < before && this.holds(value, facts)) before = value;
      }
    }
    return before === Number.POSITIVE_INFINITY ? undefined : before;
  }

  /** Places of all routes that the index alone does not rule out, in no order. */
  possible(facts: MessageFacts): number[] {
    const { ids, found } = this;
    ids.look(facts);
    return this.shapes.flatMap((shape) => {
      const count = shape.find(ids, found);
      const values = found.slice(0, count);
      return values.flatMap((value) => (value < 0 ? [...shape.table.list(value)] : value));
    });
  }

  /** The first of the places that a value stands for whose conditions hold, when that is before another one; else that. */
  private firstOf(table: PlaceTable, value: number, facts: MessageFacts, before: number): number {
    const count = table.countOf(value);
    for (let n = 0; n < count; n++) {
      const place = table.nth(value, n);
      if (place >= before) break;
      if (this.holds(place, facts)) return place;
    }
    return before;
  }

  /** Whether what the index leaves open holds for a message. */
  private holds(place: number, facts: MessageFacts): boolean {
    return this.tests.size === 0 || (this.tests.get(place)?.(facts) ?? true);
  }

  /** The conditions of a route that make its keys: as many as stay within the bounds, those with the most entries left out first. */
  private partsOf(when: PlainConditions): Indexed[] {
    const parts = INDEXED.filter((name) => when[name] !== undefined);
    const product = (of: (name: Indexed) => number) => parts.reduce((all, name) => all * of(name), 1);
    const length = (name: Indexed) => when[name]!.length;
    while (product(length) > MAX_ENTRIES || product((name) => this.ids.radix(name)) > MAX_KEYS) {
      const longest = parts.reduce((a, b) => (length(b) >= length(a) ? b : a));
      parts.splice(parts.indexOf(longest), 1);
    }
    return parts;
  }

  private shapesOf(routes: readonly PlainConditions[], partsOf: readonly Indexed[][]): RouteShape[] {
    const shapes = new Map<string, { parts: readonly Indexed[]; first: number; places: Map<number, number[]> }>();
    for (const [place, when] of routes.entries()) {
      const parts = partsOf[place]!;
      const { places } = entry(shapes, parts.join(), () => ({
        parts,
        first: place,
        places: new Map<number, number[]>(),
      }));
      for (const key of keysFor((name) => when[name]!, parts, this.ids)) entry(places, key, () => []).push(place);
    }
    return [...shapes.values()].map(({ parts, first, places }) => new RouteShape(parts, this.ids, first, places));
  }
}
