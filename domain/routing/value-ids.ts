import { splitLabel } from "./conditions.ts";
import type { MessageFacts } from "./message-facts.ts";
import { NetworkNumbers } from "./network-numbers.ts";
import { countryKey } from "./place-keys.ts";
import { PlaceTable } from "./place-table.ts";
import { PrefixIds } from "./prefix-ids.ts";
import { TextTable } from "./text-table.ts";

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

  private readonly networks: NetworkNumbers;
  /** Those above are not of conditions. */
  private lastNetwork = 0;
  private readonly known = SINGLE.map(() => new Map<string, number>());
  private readonly prefixIds = new PrefixIds();
  private readonly byLabel = new Map<string, Map<string, number>>();
  private labelled = 0;
  /** What messages are looked up in; made of these when one is looked at. */
  private tables: ReturnType<ValueIds["tablesOf"]> | undefined;

  /** `networks`: gets numbers for those of conditions, before any others. */
  constructor(networks = new NetworkNumbers()) {
    this.networks = networks;
  }

  /** The number of a value; a new one when it was not named before. */
  idOf(name: Indexed, value: string): number {
    this.tables = undefined;
    if (name === "prefixes") return this.prefixIds.put(value);
    if (name === "labels") return this.labelId(...splitLabel(value));
    if (name === "mccMncs") return this.networkId(value);
    const known = this.known[SINGLE.indexOf(name)]!;
    const id = known.get(value);
    if (id !== undefined) return id;
    known.set(value, known.size + 1);
    return known.size;
  }

  /** One more than the highest number of its values. */
  radix(name: Indexed): number {
    if (name === "prefixes") return this.prefixIds.size + 1;
    if (name === "labels") return this.labelled + 1;
    if (name === "mccMncs") return this.lastNetwork + 1;
    return this.known[SINGLE.indexOf(name)]!.size + 1;
  }

  look(facts: MessageFacts): void {
    const { single } = this;
    const { mccMnc, country, from } = facts;
    this.tables ??= this.tablesOf();
    const { senders, accounts, countries, lanes, labels } = this.tables;
    const network = mccMnc === undefined ? 0 : this.networks.find(mccMnc);
    single[0] = network > this.lastNetwork ? 0 : network;
    single[1] = from === undefined ? 0 : senders.get(from);
    single[2] = accounts.get(facts.account);
    single[3] = Math.max(0, countries.get(countryKey(country)));
    single[4] = lanes.get(facts.lane) ?? 0;
    this.prefixCount = this.prefixIds.match(facts.destination, this.prefixes);
    this.labelCount = 0;
    if (labels.size > 0) this.lookAtLabels(facts, labels);
  }

  private lookAtLabels({ labels }: MessageFacts, known: ReadonlyMap<string, TextTable>): void {
    // A message has ten at the most, and routes may name many.
    for (const key in labels) {
      if (!Object.hasOwn(labels, key)) continue;
      const id = known.get(key)?.get(labels[key]!) ?? 0;
      if (id > 0) this.labels[this.labelCount++] = id;
    }
  }

  private tablesOf() {
    const [, senders, accounts, countries, lanes] = this.known;
    return {
      senders: new TextTable(senders!),
      accounts: new TextTable(accounts!),
      countries: new PlaceTable(new Map([...countries!].map(([country, id]) => [countryKey(country), [id]]))),
      lanes: lanes!,
      labels: new Map([...this.byLabel].map(([key, values]) => [key, new TextTable(values)])),
    };
  }

  private networkId(mccMnc: string): number {
    const id = this.networks.put(mccMnc);
    this.lastNetwork = Math.max(this.lastNetwork, id);
    return id;
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
