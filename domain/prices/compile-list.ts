import type { Price, Priced, PriceTable } from "../catalog/price-list.ts";
import { type Cell, read, unreadable } from "./list-problem.ts";
import { currencyOfNormalForm, readNormalForm } from "./normal-form.ts";
import { type Charged, ELSEWHERE_KEY, type PlacedEntry } from "./price-entry.ts";
import { midnightOf } from "./zone.ts";

/** Lines between two places at which the work can be put off: some tenths of a millisecond. */
const LINES_A_STEP = 200;

/** A list ready to look prices up in. */
export interface CompiledList {
  /** ISO 4217. */
  readonly currency: string;
  readonly table: PriceTable;
}

/**
 * Compiles a list in its normal form; each day begins at its midnight in `zone`. `charged`: when all of its prices are owed, whatever
 * its rows say; without it each is as its row says, on submit where that says nothing. It yields every now and then, so that who has
 * other things to do can do them in between.
 */
export function* compileList(text: string, zone: string, charged?: Charged): Generator<void, Cell<CompiledList>> {
  const currency = currencyOfNormalForm(text);
  if (currency === undefined) return unreadable("is not in the form that sluice apply writes");
  const table = new TableBuilder(zone, charged);
  let lines = 0;
  for (const entry of readNormalForm(text)) {
    if (!entry.ok) return entry;
    const wrong = table.add(entry.value);
    if (wrong !== undefined) return unreadable(`line ${entry.value.line}: ${wrong}`);
    if (++lines % LINES_A_STEP === 0) yield;
  }
  return read({ currency, table: table.build() });
}

/** Does work that could be put off without doing so. */
export function atOnce<Result>(work: Generator<void, Result>): Result {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

class TableBuilder {
  private readonly zone: string;
  private readonly charged: Charged | undefined;
  private onDelivery = false;
  private readonly begins = new Map<string, number>();
  private readonly byNetwork = new Map<string, Priced>();
  private readonly byNetworkAndCountry = new Map<string, Map<string, Priced>>();
  private readonly byPrefix = new Map<string, Priced>();
  private readonly byCountry = new Map<string, Priced>();
  private readonly elsewhere = new Map<string, Priced>();

  constructor(zone: string, charged: Charged | undefined) {
    this.zone = zone;
    this.charged = charged;
  }

  /** @returns what is wrong with it */
  add(entry: PlacedEntry): string | undefined {
    const { key, from } = entry;
    const onDelivery = (this.charged ?? entry.charged) === "delivery";
    const price: Price = onDelivery ? { onDelivery: entry.price } : entry.price;
    this.onDelivery ||= onDelivery;
    const [map, name] = this.placeOf(entry);
    const before = map.get(name);
    if (from === undefined) {
      if (before !== undefined) return `a second price for ${key}`;
      map.set(name, price);
      return undefined;
    }
    const begin = this.beginOf(from);
    if (typeof before === "object" && before.from !== undefined && before.from >= begin)
      return `the prices of ${key} are not in the order of their days`;
    map.set(name, { price, from: begin, before });
    return undefined;
  }

  private placeOf({ key, country, network, prefix }: PlacedEntry): [map: Map<string, Priced>, name: string] {
    if (network !== undefined)
      return key === network ? [this.byNetwork, network] : [this.countriesOf(network), country!];
    if (prefix !== undefined) return [this.byPrefix, prefix];
    return key === ELSEWHERE_KEY ? [this.elsewhere, key] : [this.byCountry, key];
  }

  build(): PriceTable {
    const { byNetwork, byNetworkAndCountry, byPrefix, byCountry, onDelivery } = this;
    const prefixLengths = [...new Set([...byPrefix.keys()].map((prefix) => prefix.length))].sort((a, b) => b - a);
    const elsewhere = this.elsewhere.get(ELSEWHERE_KEY);
    return { byNetwork, byNetworkAndCountry, byPrefix, prefixLengths, byCountry, elsewhere, onDelivery };
  }

  private countriesOf(network: string): Map<string, Priced> {
    let countries = this.byNetworkAndCountry.get(network);
    if (countries === undefined) {
      countries = new Map();
      this.byNetworkAndCountry.set(network, countries);
    }
    return countries;
  }

  private beginOf(day: string): number {
    let begin = this.begins.get(day);
    if (begin === undefined) {
      begin = midnightOf(day, this.zone);
      this.begins.set(day, begin);
    }
    return begin;
  }
}
