import type { Micros } from "../catalog/money.ts";
import { countriesOfMobileCode } from "../numbers/mobile-country-codes.ts";
import { countriesByCallingCode } from "../numbers/number-prefix.ts";
import { type Cell, read, unreadable } from "./list-problem.ts";
import type { LocalDate } from "./local-date.ts";
import type { PricedEntries } from "./normal-form.ts";
import { type Charged, type PlacedEntry, placeEntries } from "./price-entry.ts";

/** `moved`: the last price is the same, and the days are not, or what stood before it, or when it is charged. */
export const changeKinds = ["rose", "fell", "new", "missing", "moved", "unchanged"] as const;
export type ChangeKind = (typeof changeKinds)[number];

/** A price, and the day from which it holds; undefined: it always has. */
export interface PricePoint {
  /** Micro-units of the lists' currency. */
  readonly price: Micros;
  readonly from: LocalDate | undefined;
  /** Undefined: the list does not say it. */
  readonly charged: Charged | undefined;
}

/** What became of one price. */
export interface PriceDifference {
  readonly kind: ChangeKind;
  /** `26201`, `PR310260`, `+4915`, `DE`, `*`. */
  readonly key: string;
  readonly name: string;
  /** ISO 3166-1 alpha-2; undefined where several or none are meant. */
  readonly country: string | undefined;
  /** The last price of each list. */
  readonly before: PricePoint | undefined;
  readonly after: PricePoint | undefined;
  /** Of the price before, to a hundredth; undefined where there was none, or it was 0. */
  readonly percent: number | undefined;
}

export type Counts = Readonly<Record<ChangeKind, number>>;

export interface CountryDifference {
  readonly country: string | undefined;
  readonly counts: Counts;
  /** Percent; undefined where none rose (or fell), or only from 0. */
  readonly largestRise: number | undefined;
  readonly largestFall: number | undefined;
}

export interface ListDifference {
  readonly currency: string;
  readonly counts: Counts;
  /** By country, those that stand for several at the end. */
  readonly countries: readonly CountryDifference[];
  readonly prices: readonly PriceDifference[];
}

/** What changed from one list to another, by the last price of each, whenever it begins. Two currencies are not compared. */
export function compareLists(before: PricedEntries, after: PricedEntries): Cell<ListDifference> {
  if (before.currency !== after.currency)
    return unreadable(`one list is in ${before.currency}, the other in ${after.currency}: they cannot be compared`);
  // Placed together, since a code's key depends on the countries that a list names for it.
  const placed = placeEntries([...before.entries, ...after.entries]);
  const old = seriesOf(placed.slice(0, before.entries.length));
  const now = seriesOf(placed.slice(before.entries.length));
  const keys = [...new Set([...old.keys(), ...now.keys()])];
  const prices = keys.map((key) => differenceOf(key, old.get(key), now.get(key))).sort(byCountryAndKey);
  const groups = Map.groupBy(prices, ({ country }) => country);
  const countries = [...groups].map(([country, all]) => ofCountry(country, all));
  return read({ currency: after.currency, counts: count(prices), countries, prices });
}

/** The prices of each key in the order of their days, each once. */
function seriesOf(entries: readonly PlacedEntry[]): Map<string, PlacedEntry[]> {
  const series = new Map<string, PlacedEntry[]>();
  const ordered = [...entries].sort((a, b) => compareTexts(a.from ?? "", b.from ?? ""));
  for (const entry of ordered) {
    const known = series.get(entry.key);
    if (known === undefined) series.set(entry.key, [entry]);
    else if (known.at(-1)!.from !== entry.from) known.push(entry);
  }
  return series;
}

function differenceOf(key: string, old: PlacedEntry[] | undefined, now: PlacedEntry[] | undefined): PriceDifference {
  const [before, after] = [old?.at(-1), now?.at(-1)];
  const entry = (after ?? before)!;
  const rest = {
    key,
    name: entry.name || (before?.name ?? ""),
    country: countryOf(entry),
    before: before && pointOf(before),
    after: after && pointOf(after),
  };
  if (before === undefined) return { kind: "new", ...rest, percent: undefined };
  if (after === undefined) return { kind: "missing", ...rest, percent: undefined };
  const same = sameSeries(old!, now!) ? "unchanged" : "moved";
  const kind = after.price > before.price ? "rose" : after.price < before.price ? "fell" : same;
  const percent =
    before.price === 0 ? undefined : Math.round(((after.price - before.price) / before.price) * 10_000) / 100;
  return { kind, ...rest, percent };
}

function pointOf({ price, from, charged }: PlacedEntry): PricePoint {
  return { price, from, charged };
}

function sameSeries(old: readonly PlacedEntry[], now: readonly PlacedEntry[]): boolean {
  return (
    old.length === now.length &&
    old.every(
      ({ price, from, charged }, i) => price === now[i]!.price && from === now[i]!.from && charged === now[i]!.charged,
    )
  );
}

function countryOf({ country, network, prefix }: PlacedEntry): string | undefined {
  if (country !== undefined) return country;
  const possible =
    network !== undefined
      ? (countriesOfMobileCode(network.slice(0, 3)) ?? [])
      : prefix === undefined
        ? []
        : countriesByCallingCode(prefix);
  return possible.length === 1 ? possible[0] : undefined;
}

/** "~" stands behind all letters. */
const byCountryAndKey = (a: PriceDifference, b: PriceDifference): number =>
  compareTexts(`${a.country ?? "~"} ${a.key}`, `${b.country ?? "~"} ${b.key}`);

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function ofCountry(country: string | undefined, all: readonly PriceDifference[]): CountryDifference {
  return { country, counts: count(all), largestRise: extreme(all, "rose"), largestFall: extreme(all, "fell") };
}

function count(prices: readonly PriceDifference[]): Counts {
  const counts = { rose: 0, fell: 0, new: 0, missing: 0, moved: 0, unchanged: 0 };
  for (const { kind } of prices) counts[kind]++;
  return counts;
}

function extreme(prices: readonly PriceDifference[], kind: "rose" | "fell"): number | undefined {
  const percents = prices.flatMap((price) => (price.kind === kind ? (price.percent ?? []) : []));
  if (percents.length === 0) return undefined;
  return kind === "rose" ? Math.max(...percents) : Math.min(...percents);
}
