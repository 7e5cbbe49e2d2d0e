import { formatMoney } from "../catalog/money.ts";
import { countriesOfMobileCode } from "../numbers/mobile-country-codes.ts";
import { networkTable } from "../numbers/network-table.ts";
import { countriesByCallingCode, mayHaveTrunkZero, withoutTrunkZero } from "../numbers/number-prefix.ts";
import { countryOf } from "./country-names.ts";
import type { CsvRecord } from "./csv.ts";
import type { Header, HeaderSettings } from "./header.ts";
import type { Field } from "./header-words.ts";
import { type ListProblem, someOf } from "./list-problem.ts";
import { ELSEWHERE_KEY, type PlacedEntry } from "./price-entry.ts";
import { cellOf, type ReadRow } from "./read-row.ts";
import { STATE_DIVISOR } from "./units.ts";
import { unreadColumns } from "./unread-columns.ts";

/** A price so many times its neighbours' has lost its decimal sign, or is of another unit. */
const FAR = 50;
const ONE_UNIT = 1_000_000;

interface Line {
  readonly record: CsvRecord;
  readonly row: ReadRow;
}

/** What a list says that can be carried out and is probably not meant: one warning of a kind. */
export function listWarnings(
  entries: readonly PlacedEntry[],
  lines: readonly Line[],
  header: Header,
  currency: string,
  settings: HeaderSettings,
): ListProblem[] {
  const about = (field: Field, found: readonly { readonly line: number }[], message: string): ListProblem[] => {
    const column = header.columns.get(field)?.name;
    const at = [...new Set(found.map(({ line }) => line))];
    const also = at.length > 1 ? ` (also ${at.length > 2 ? "lines" : "line"} ${someOf(at.slice(1).map(String))})` : "";
    return at.length === 0 ? [] : [{ line: at[0], column, message: message + also }];
  };
  const of = (kind: ReadRow["kind"]) => lines.filter(({ row }) => row.kind === kind).map(({ record }) => record);
  const alone = of("heading").filter((record) => countryOf(cellOf(record, header, "country")) !== undefined);
  const strange = lines.flatMap(({ record, row }) =>
    row.kind === "row" && row.strangeCountry !== undefined ? [{ line: record.line, name: row.strangeCountry }] : [],
  );
  const names = [...new Set(strange.map(({ name }) => `"${name}"`))];
  const codeless = lines.flatMap(({ record, row }) =>
    row.kind === "row" && row.codeless !== undefined ? [{ line: record.line, name: row.codeless }] : [],
  );
  const networks = [...new Set(codeless.map(({ name }) => `"${name}"`))];
  return [
    ...about("price", free(entries), "is 0"),
    ...far(entries, header),
    ...high(entries, header, currency, settings),
    ...unreadColumns(lines, header, settings.columns?.price !== undefined),
    ...about(
      "network",
      codeless,
      `networks without their codes, so these prices are of all of their country: ${someOf(networks)}`,
    ),
    ...about("price", repeated(entries, lines, header), "stands in the list twice, with the same price"),
    ...about("country", alone, "a country alone is taken for a heading"),
    ...about("country", strange, `no countries by these names, which are not needed: ${someOf(names)}`),
    ...about(
      "price",
      of("unserved"),
      "there is none, so the row is left out: the price of its country, if it has one, counts there",
    ),
    ...mccsAlone(lines, header),
    ...unknownNetworks(entries, header),
    ...trunkZeros(entries, header),
  ];
}

/** A segment costs less than one unit of these nearly everywhere. */
const LARGE_UNITS: ReadonlySet<string> = new Set([
  "EUR",
  "USD",
  "GBP",
  "CHF",
  "CAD",
  "AUD",
  "NZD",
  "SGD",
  "KWD",
  "BHD",
  "OMR",
]);

/** Most prices are of a unit and more: they may be hundredths, or for many messages. */
function high(
  entries: readonly PlacedEntry[],
  header: Header,
  currency: string,
  { divisor }: HeaderSettings,
): ListProblem[] {
  if (divisor !== undefined || !LARGE_UNITS.has(currency) || entries.length === 0) return [];
  const middle = entries.map(({ price }) => price).sort((a, b) => a - b)[Math.floor(entries.length / 2)]!;
  if (middle < ONE_UNIT) return [];
  const message = `half of the prices are ${formatMoney(middle)} ${currency} or more for one segment; ${STATE_DIVISOR}`;
  return [{ line: header.line, column: header.columns.get("price")?.name, message }];
}

const free = (entries: readonly PlacedEntry[]) => entries.filter(({ price }) => price === 0);

function repeated(entries: readonly PlacedEntry[], lines: readonly Line[], header: Header): PlacedEntry[] {
  // A country of several mobile country codes has a row for each.
  const mccs = new Map(lines.map(({ record }) => [record.line, cellOf(record, header, "mcc")]));
  const seen = new Set<string>();
  return entries.filter(({ key, network, from, line }) => {
    const same = `${key} ${from ?? ""} ${network === undefined ? mccs.get(line) : ""}`;
    const before = seen.has(same);
    seen.add(same);
    return before;
  });
}

/** Far from the row before it and the row after it: one of the three is probably not meant, and the one in the middle. */
function far(entries: readonly PlacedEntry[], header: Header): ListProblem[] {
  const rows = entries.filter(({ line, price }, index) => price > 0 && line !== entries[index - 1]?.line);
  const apart = (a: number, b: number | undefined) => b === undefined || a >= b * FAR || b >= a * FAR;
  return rows.flatMap(({ line, price }, index) => {
    const [before, after] = [rows[index - 1]?.price, rows[index + 1]?.price];
    // Of two rows alone, or at an end, the dearer one is told.
    const alone = before === undefined || after === undefined;
    if (!apart(price, before) || !apart(price, after) || rows.length === 1) return [];
    if (alone && price < (before ?? after ?? 0)) return [];
    const beside = [before, after].flatMap((one) => (one === undefined ? [] : [formatMoney(one)])).join(" and ");
    const message = `${formatMoney(price)} stands beside ${beside}: is its decimal sign missing?`;
    return [{ line, column: header.columns.get("price")?.name, message }];
  });
}

function mccsAlone(lines: readonly Line[], header: Header): ListProblem[] {
  const found = lines.flatMap(({ record, row }) =>
    row.kind === "row" && row.mccAlone !== undefined ? [{ line: record.line, mcc: row.mccAlone }] : [],
  );
  const texts = [...new Map(found.map(({ mcc }) => [mcc, countriesOfMobileCode(mcc) ?? []]))].map(
    ([mcc, [first, ...others]]) => `${mcc} is read as ${first}, not ${others.join(", ")}`,
  );
  if (found.length === 0) return [];
  const message = `mobile country codes of several countries without one beside them: ${someOf(texts, 4)}`;
  return [{ line: found[0]!.line, column: header.columns.get("mcc")?.name, message }];
}

const known: ReadonlySet<string> = new Set(networkTable.map(({ mccMnc }) => mccMnc));

/** A list may name every network of the world: one warning for all that no number tells. */
function unknownNetworks(entries: readonly PlacedEntry[], header: Header): ListProblem[] {
  const unknown = new Map<string, number>();
  for (const { network, line } of entries)
    if (network !== undefined && !known.has(network) && !unknown.has(network)) unknown.set(network, line);
  if (unknown.size === 0) return [];
  const meant = [...unknown].flatMap(([network, line]) => {
    const other = otherWidth(network);
    return other !== undefined && known.has(other) ? [`${network} on line ${line} (${other} is)`] : [];
  });
  const some = someOf([...unknown].map(([network, line]) => `${network} on line ${line}`));
  const lost = meant.length === 0 ? "" : `. Was a zero lost or added? ${someOf(meant)}`;
  const without = countriesWithout(entries);
  const none =
    without.length === 0
      ? ""
      : `. Nothing else is left for ${someOf(without)}: messages there have no price without one of the country, or look-ups (portability.yaml)`;
  const message = `no number is known to be of these networks, so their prices apply to no message: ${some}${lost}${none}`;
  const column = header.columns.get("mnc") ?? header.columns.get("mccMnc");
  return [{ line: [...unknown.values()][0], column: column?.name, message }];
}

/** Countries whose prices are all of networks that no number is known to be of. */
function countriesWithout(entries: readonly PlacedEntry[]): string[] {
  const lost = new Set<string>();
  const served = new Set<string>();
  for (const { key, network, prefix, country } of entries) {
    if (key === ELSEWHERE_KEY) return [];
    if (network !== undefined && !known.has(network)) {
      if (country !== undefined) lost.add(country);
    } else if (country !== undefined) served.add(country);
    else if (network !== undefined) for (const one of countriesOfMobileCode(network.slice(0, 3)) ?? []) served.add(one);
    else if (prefix !== undefined) for (const one of countriesByCallingCode(prefix)) served.add(one);
  }
  return [...lost].filter((country) => !served.has(country)).sort();
}

/** Prefixes that are tried out: each takes some tens of milliseconds. */
const PREFIX_TRIES = 50;

/** Prefixes with the zero that is dialled within a country alone: no number begins with them. */
function trunkZeros(entries: readonly PlacedEntry[], header: Header): ListProblem[] {
  const lines = new Map<string, number>();
  for (const { prefix, line } of entries)
    if (prefix !== undefined && !lines.has(prefix) && mayHaveTrunkZero(prefix)) lines.set(prefix, line);
  const found = [...lines].slice(0, PREFIX_TRIES).flatMap(([prefix, line]) => {
    const bare = withoutTrunkZero(prefix);
    return bare === undefined ? [] : [{ line, text: `${prefix} on line ${line} (${bare})` }];
  });
  if (found.length === 0) return [];
  const message = `no number begins with these prefixes, with the zero that is dialled within the country alone: ${someOf(found.map(({ text }) => text))}`;
  return [{ line: found[0]!.line, column: header.columns.get("prefix")?.name, message }];
}

/** The same network code with one leading zero more, or one less: another network. */
function otherWidth(network: string): string | undefined {
  const [mcc, mnc] = [network.slice(0, 3), network.slice(3)];
  if (mnc.length === 2) return `${mcc}0${mnc}`;
  return mnc.startsWith("0") ? mcc + mnc.slice(1) : undefined;
}
