import type { Micros } from "../catalog/money.ts";
import { countriesOfMobileCode } from "../numbers/mobile-country-codes.ts";
import type { LocalDate } from "./local-date.ts";

/** When a provider takes its price: for every submission, or only for what was delivered. */
export type Charged = "submit" | "delivery";

/** One price of a list: of a network, else of a prefix, else of a country, else (none of them) of everywhere else. */
export interface PriceEntry {
  /** Line of the file, from 1. */
  readonly line: number;
  /** ISO 3166-1 alpha-2, where the row names it or its code tells. */
  readonly country: string | undefined;
  /** Mobile country and network code in one word. */
  readonly network: string | undefined;
  /** First digits of numbers, with their calling code. */
  readonly prefix: string | undefined;
  /** The network's name as the list writes it. */
  readonly name: string;
  /** Of a segment, micro-units of the list's currency. */
  readonly price: Micros;
  /** The day from which it holds; undefined: it always has. */
  readonly from: LocalDate | undefined;
  readonly charged: Charged | undefined;
}

/** What a price is of. `key` is equal for two prices of the same. */
export type PlacedEntry = PriceEntry & { readonly key: string };

export const ELSEWHERE_KEY = "*";

/**
 * Gives each price the key of what it is of: `26201`, `+4915`, `DE`, `*`. The code of a network that several countries share
 * (310260 is in PR, US and VI) has a key for each country, `PR310260`, when the list names it for several; when it names one, the
 * price is that of the network wherever it has numbers.
 */
export function placeEntries(entries: readonly PriceEntry[]): PlacedEntry[] {
  const named = new Map<string, Set<string>>();
  for (const { network, country } of entries) {
    if (network === undefined || country === undefined || !isShared(network)) continue;
    const countries = named.get(network);
    if (countries === undefined) named.set(network, new Set([country]));
    else countries.add(country);
  }
  const keyOf = ({ network, prefix, country }: PriceEntry): string => {
    if (network !== undefined) return (named.get(network)?.size ?? 0) > 1 ? `${country ?? ""}${network}` : network;
    return prefix === undefined ? (country ?? ELSEWHERE_KEY) : `+${prefix}`;
  };
  return entries.map((entry) => ({ ...entry, key: keyOf(entry) }));
}

/** Whether a network's country code is of several countries. */
export const isShared = (network: string): boolean => (countriesOfMobileCode(network.slice(0, 3))?.length ?? 0) > 1;
