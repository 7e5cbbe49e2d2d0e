import { splitLabel } from "./conditions.ts";
import type { MessageFacts } from "./message-facts.ts";
import { countryKey, networkKey } from "./place-keys.ts";
import { PlaceTable } from "./place-table.ts";
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
  /** The numbers of networks and countries by their keys; made when a message is looked at. */
  private networks: PlaceTable | undefined;
  private countries: PlaceTable | undefined;

  /** The number of a value; a new one when it was not named before. */
  idOf(name: Indexed, value: string): number {
    if (name === "prefixes") return this.prefixIds.put(value);
    if (name === "labels") return this.labelId(...splitLabel(value));
    const known = this.known[SINGLE.indexOf(name)]!;
    const id = known.get(value);
    if (id !== undefined) return id;
    known.set(value, known.size + 1);
    this.networks = undefined;
    this.countries = undefined;
    return known.size;
  }

  /** One more than the highest number of its values. */
  radix(name: Indexed): number {
    if (name === "prefixes") return this.prefixIds.size + 1;
    if (name === "labels") return this.labelled + 1;
    return this.known[SINGLE.indexOf(name)]!.size + 1;
  }

  look(facts: MessageFacts): void {
    const { single, known } = this;
    const { mccMnc, country, from } = facts;
    this.networks ??= tableOf(known[0]!, networkKey);
    this.countries ??= tableOf(known[3]!, countryKey);
    single[0] = mccMnc === undefined ? 0 : numberIn(this.networks, networkKey(mccMnc));
    single[1] = from === undefined ? 0 : (known[1]!.get(from) ?? 0);
    single[2] = known[2]!.get(facts.account) ?? 0;
    single[3] = numberIn(this.countries, countryKey(country));
    single[4] = known[4]!.get(facts.lane) ?? 0;
    this.prefixCount = this.prefixIds.match(facts.destination, this.prefixes);
    this.labelCount = 0;
    if (this.labelled > 0) this.lookAtLabels(facts);
  }

  private lookAtLabels({ labels }: MessageFacts): void {
    // A message has ten at the most, and routes may name many.
    for (const key of Object.keys(labels)) {
      const id = this.byLabel.get(key)?.get(labels[key]!);
      if (id !== undefined) this.labels[this.labelCount++] = id;
    }
  }

  private labelId(key: string, value: string): number {
    const values = entry(this.byLabel, key, () => new Map<string, number>());
    return entry(values, value, () => ++this.labelled);
  }
}

function tableOf(known: ReadonlyMap<string, number>, keyOf: (value: string) => number): PlaceTable {
  return new PlaceTable(new Map([...known].map(([value, id]) => [keyOf(value), [id]])));
}

function numberIn(table: PlaceTable, key: number): number {
  return Math.max(0, table.get(key));
}

/** The value under a key; a new one where there was none. */
export function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
