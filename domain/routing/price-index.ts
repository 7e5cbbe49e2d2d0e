import { type Price, type Priced, type PriceList, type PriceTable, priceAt } from "../catalog/price-list.ts";
import type { MessageFacts } from "./message-facts.ts";
import { NetworkNumbers } from "./network-numbers.ts";
import { COUNTRY_KEYS, countryKey } from "./place-keys.ts";
import { PlaceTable } from "./place-table.ts";
import { PrefixIds } from "./prefix-ids.ts";
import { entry } from "./value-ids.ts";

/** What a row holds as it is; other amounts, and prices that change or are charged on delivery, are kept beside, and the row has their place, below 0. */
const MAX_PLAIN = 2 ** 31 - 1;
const NO_PRICE = -(2 ** 31);
const FULL = -1;
const NO_ROW = -1;

/**
 * The prices of all providers, by what they are of: each network, prefix and country has a row with the price of every list that
 * names it. So a message finds its rows once, by numbers and not by texts, and the prices of its route's providers lie beside
 * each other. Says the same as `priceOf` in price-list.ts, which asks one list.
 */
export class PriceIndex {
  /**
   * Rows one after the other. Where most lists have a price: FULL, then the prices of all lists, by number. Else: how many have
   * one, then pairs of a list's number and its price, by number.
   */
  private readonly cells: Int32Array;
  private readonly beside: readonly Priced[];
  private readonly networks: NetworkNumbers;
  /** Where the rows of networks begin, by their numbers. */
  private readonly networkPlaces: Int32Array;
  /** Where the rows of countries begin, and of networks in a country, by their keys. */
  private readonly places: PlaceTable;
  private readonly prefixes = new PrefixIds();
  /** Where the rows of prefixes begin, by their ids. */
  private readonly prefixPlaces: Int32Array;
  private readonly elsewhere: readonly (Priced | undefined)[];
  /** Whether a network has a price of its own in each of several countries. */
  private readonly shared: boolean;
  /** By list: when another one takes its place, epoch ms, and that one's number. */
  private readonly endsAt: readonly number[];
  private readonly following: readonly number[];

  private facts: MessageFacts | undefined;
  /**
   * The rows of the message: of its network in its country, of its network, of each beginning of its number (the longest first), of its
   * country. The first `count` are known; all are when it is complete.
   */
  private readonly rows: number[] = [];
  private count = 0;
  private complete = false;
  private readonly found: number[] = [];

  /** The n-th list gets the number n; the lists that follow get numbers after these. `networks`: gets numbers for those of prices. */
  constructor(lists: readonly PriceList[], networks = new NetworkNumbers()) {
    this.networks = networks;
    const following = lists.flatMap(({ next }) => (next === undefined ? [] : [next]));
    this.endsAt = lists.map(({ next }) => next?.from ?? Number.POSITIVE_INFINITY);
    this.following = lists.map(({ next }) => (next === undefined ? NO_ROW : lists.length + following.indexOf(next)));
    const tables = [...lists, ...following].map(({ table }) => table);
    const rows = new PriceRows(this.prefixes, networks);
    for (const [list, table] of tables.entries()) rows.add(list, table);
    const { places, networkPlaces, prefixPlaces, cells, beside } = rows.packed(tables.length);
    this.networkPlaces = networkPlaces;
    this.places = new PlaceTable(places);
    this.prefixPlaces = prefixPlaces;
    this.cells = cells;
    this.beside = beside;
    this.elsewhere = tables.map(({ elsewhere }) => elsewhere);
    this.shared = tables.some(({ byNetworkAndCountry }) => byNetworkAndCountry.size > 0);
  }

  /** Which message `priceOf` is asked about from now on. */
  look(facts: MessageFacts): void {
    const { mccMnc } = facts;
    this.facts = facts;
    this.count = 0;
    this.complete = false;
    if (mccMnc === undefined) return;
    const network = this.networks.find(mccMnc);
    if (network === 0) return;
    if (this.shared) this.take(this.places.get(sharedKey(network, countryKey(facts.country))));
    this.take(this.networkPlaces[network] ?? NO_ROW);
  }

  /**
   * The price that a list has for the message, micro-units of a segment in the currency of its provider; undefined where it has
   * none. A list gives way to the one that follows it when that begins.
   */
  priceOf(list: number): Price | undefined {
    const { at } = this.facts!;
    const current = at < this.endsAt[list]! ? list : this.following[list]!;
    for (let i = 0; ; i++) {
      if (i === this.count && !this.complete) this.lookFurther();
      if (i === this.count) return priceAt(this.elsewhere[current], at);
      const price = this.priceIn(this.rows[i]!, current, at);
      if (price !== undefined) return price;
    }
  }

  /** Most messages have a price by their network, and need not be looked up by anything else. */
  private lookFurther(): void {
    const { destination, country } = this.facts!;
    this.complete = true;
    for (let i = this.prefixes.match(destination, this.found) - 1; i >= 0; i--)
      this.take(this.prefixPlaces[this.found[i]!]!);
    this.take(this.places.get(countryKey(country)));
  }

  private take(row: number): void {
    if (row !== NO_ROW) this.rows[this.count++] = row;
  }

  private priceIn(row: number, list: number, at: number): Price | undefined {
    const { cells } = this;
    const count = cells[row]!;
    const price = count === FULL ? cells[row + 1 + list]! : this.amongPairs(row + 1, count, list);
    if (price >= 0) return price;
    return price === NO_PRICE ? undefined : priceAt(this.beside[-1 - price], at);
  }

  private amongPairs(begin: number, count: number, list: number): number {
    const { cells } = this;
    let [low, high] = [0, count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cells[begin + 2 * middle]! < list) low = middle + 1;
      else high = middle;
    }
    const found = begin + 2 * low;
    return low < count && cells[found] === list ? cells[found + 1]! : NO_PRICE;
  }
}

/** What is being put into rows: lists one after the other. */
class PriceRows {
  private readonly rows = new Map<number, number[]>();
  private readonly networkRows: (number[] | undefined)[] = [];
  private readonly prefixRows: (number[] | undefined)[] = [];
  private readonly beside: Priced[] = [];
  private readonly prefixes: PrefixIds;
  private readonly networks: NetworkNumbers;

  constructor(prefixes: PrefixIds, networks: NetworkNumbers) {
    this.prefixes = prefixes;
    this.networks = networks;
  }

  add(list: number, table: PriceTable): void {
    const put = (row: number[], priced: Priced): void => void row.push(list, this.coded(priced));
    const rowOf = (key: number) => entry(this.rows, key, () => []);
    const rowAt = (rows: (number[] | undefined)[], at: number) => {
      rows[at] ??= [];
      return rows[at];
    };
    for (const [network, priced] of table.byNetwork) put(rowAt(this.networkRows, this.networks.put(network)), priced);
    for (const [network, countries] of table.byNetworkAndCountry)
      for (const [country, priced] of countries)
        put(rowOf(sharedKey(this.networks.put(network), countryKey(country))), priced);
    for (const [country, priced] of table.byCountry) put(rowOf(countryKey(country)), priced);
    for (const [prefix, priced] of table.byPrefix) put(rowAt(this.prefixRows, this.prefixes.put(prefix)), priced);
  }

  /** `lists`: how many there are. */
  packed(lists: number) {
    const cells: number[] = [];
    const pack = (row: readonly number[]): number => {
      const begin = cells.length;
      if (row.length < lists) {
        cells.push(row.length / 2, ...row);
      } else {
        const full = new Array<number>(lists).fill(NO_PRICE);
        for (let i = 0; i < row.length; i += 2) full[row[i]!] = row[i + 1]!;
        cells.push(FULL, ...full);
      }
      return begin;
    };
    const places = new Map([...this.rows].map(([key, row]) => [key, [pack(row)]] as const));
    const placesOf = (rows: readonly (number[] | undefined)[]) =>
      Int32Array.from(rows, (row) => (row === undefined ? NO_ROW : pack(row)));
    const [networkPlaces, prefixPlaces] = [placesOf(this.networkRows), placesOf(this.prefixRows)];
    return { places, networkPlaces, prefixPlaces, cells: Int32Array.from(cells), beside: this.beside };
  }

  private coded(priced: Priced): number {
    return typeof priced === "number" && priced <= MAX_PLAIN ? priced : -this.beside.push(priced);
  }
}

/** More than any country's key. */
function sharedKey(network: number, country: number): number {
  return network * COUNTRY_KEYS + country;
}
