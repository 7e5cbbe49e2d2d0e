import { labelOf, splitLabel } from "./conditions.ts";
import type { MessageFacts } from "./message-facts.ts";
import { PrefixIds } from "./prefix-ids.ts";

/** Conditions on something of which a message has one, the most telling first. */
export const SINGLE = ["mccMncs", "senders", "accounts", "countries", "lanes"] as const;
/** A number begins with several prefixes, and a message has several labels. */
export const INDEXED = ["prefixes", "labels", ...SINGLE] as const;
export type Indexed = (typeof INDEXED)[number];

/** Numbers, from 1 on, for all values that conditions name; and what a message has, by these numbers. */
export class ValueIds {
  /** What the message that was looked at last has, in the order of SINGLE; 0 for what no condition names. */
  readonly single: number[] = SINGLE.map(() => 0);
  /** Prefixes of its number; the first `prefixCount` count. */
  readonly prefixes: number[] = [];
  prefixCount = 0;
  readonly labels: number[] = [];
  labelCount = 0;

  private readonly known = SINGLE.map(() => new Map<string, number>());
  private readonly prefixIds = new PrefixIds();
  private readonly byLabel = new Map<string, Map<string, number>>();
  private labelled = 0;

  /** The number of a value; a new one when it was not named before. */
  idOf(name: Indexed, value: string): number {
    if (name === "prefixes") return this.prefixIds.put(value);
    if (name === "labels") return this.labelId(...splitLabel(value));
    const known = this.known[SINGLE.indexOf(name)]!;
    return entry(known, value, () => known.size + 1);
  }

  /** One more than the highest number of its values. */
  radix(name: Indexed): number {
    if (name === "prefixes") return this.prefixIds.size + 1;
    if (name === "labels") return this.labelled + 1;
    return this.known[SINGLE.indexOf(name)]!.size + 1;
  }

  look(facts: MessageFacts): void {
    const { single, known } = this;
    single[0] = facts.mccMnc === undefined ? 0 : (known[0]!.get(facts.mccMnc) ?? 0);
    single[1] = facts.from === undefined ? 0 : (known[1]!.get(facts.from) ?? 0);
    single[2] = known[2]!.get(facts.account) ?? 0;
    single[3] = known[3]!.get(facts.country) ?? 0;
    single[4] = known[4]!.get(facts.lane) ?? 0;
    this.prefixCount = this.prefixIds.match(facts.destination, this.prefixes);
    this.labelCount = 0;
    if (this.labelled > 0) this.lookAtLabels(facts);
  }

  private lookAtLabels(facts: MessageFacts): void {
    // A message has ten at the most, and routes may name many.
    for (const key of Object.keys(facts.labels)) {
      const id = this.byLabel.get(key)?.get(labelOf(facts, key)!);
      if (id !== undefined) this.labels[this.labelCount++] = id;
    }
  }

  private labelId(key: string, value: string): number {
    const values = entry(this.byLabel, key, () => new Map<string, number>());
    return entry(values, value, () => ++this.labelled);
  }
}

/** The value under a key; a new one where there was none. */
export function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
